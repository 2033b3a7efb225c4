/* Our plugin of Dovecot 2.3: searches find what people read, with and without the squat index alike
 * (docs/decisions/0007-search.md), and a mailbox has its folder before the first delivery looks into it. It changes the
 * squat backend in place, so it depends on fts and fts_squat. */
#include "lib.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "mail-storage-hooks.h"
#include "fts-user.h"
#include "letters.h"
#include "plugin.h"

void mailroom_plugin_init(struct module *module);
void mailroom_plugin_deinit(void);

const char *mailroom_plugin_version = DOVECOT_ABI_VERSION;
const char *mailroom_plugin_dependencies[] = { "fts", "fts_squat", NULL };

static void mail_user_created(struct mail_user *user)
{
	const char *error;

	user->default_normalizer = letters_normalize;
	/* Since 2.3.17 fts expects this of each backend, and squat does not do it. */
	if (fts_mail_user_init(user, FALSE, &error) < 0)
		i_error("mailroom: %s", error);
}

/* Sieve's memory of what was delivered lies in the home folder and is opened before the first message makes it. The
 * message itself comes as the mailbox of a user whom Dovecot made up for it; that one has no home. */
static void mail_namespaces_created(struct mail_namespace *namespaces)
{
	struct mail_user *user = namespaces->user;

	if (user->autocreated || user->namespaces == NULL || strcmp(user->service, "lmtp") != 0)
		return;
	if (mail_user_home_mkdir(user) < 0)
		i_error("mailroom: there is no home folder for %s", user->username);
}

static struct mail_storage_hooks hooks = {
	.mail_user_created = mail_user_created,
	.mail_namespaces_created = mail_namespaces_created,
	.mailbox_allocated = match_mailbox_allocated,
};

void mailroom_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &hooks);
	lookup_init();
	build_init();
}

void mailroom_plugin_deinit(void)
{
	mail_storage_hooks_remove(&hooks);
}
