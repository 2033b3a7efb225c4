/* What the squat index finds, for what it is: it knows header fields from text, and not one field from another. */
#include "lib.h"
#include "array.h"
#include "seq-range-array.h"
#include "mail-search.h"
#include "fts-api-private.h"
#include "plugin.h"

/* fts-squat/fts-squat-plugin.h, which Debian does not ship. */
extern struct fts_backend fts_backend_squat;

static int (*squat_lookup)(struct fts_backend *backend, struct mailbox *box, struct mail_search_arg *args,
			   enum fts_lookup_flags flags, struct fts_result *result);

enum answer { NONE, POSSIBLE, CERTAIN };

/* What the index may say of a key. NONE: Dovecot looks itself. An empty string ends squat with a panic, and means that
 * there is such a field at all (RFC 3501 6.4.4). What is not in a field may be in another one of the same name. */
static enum answer answer_for(const struct mail_search_arg *arg)
{
	switch (arg->type) {
	case SEARCH_TEXT:
	case SEARCH_BODY:
		return arg->value.str[0] == '\0' ? NONE : CERTAIN;
	case SEARCH_HEADER:
	case SEARCH_HEADER_ADDRESS:
	case SEARCH_HEADER_COMPRESS_LWSP:
		return arg->value.str[0] == '\0' || arg->match_not ? NONE : POSSIBLE;
	default:
		return NONE;
	}
}

/* Join what was found for one more key. */
static void join(struct fts_result *all, struct fts_result *one, bool is_and)
{
	if (is_and) {
		seq_range_array_merge(&all->maybe_uids, &all->definite_uids);
		seq_range_array_merge(&one->maybe_uids, &one->definite_uids);
		seq_range_array_intersect(&all->maybe_uids, &one->maybe_uids);
		seq_range_array_intersect(&all->definite_uids, &one->definite_uids);
	} else {
		seq_range_array_merge(&all->definite_uids, &one->definite_uids);
		seq_range_array_merge(&all->maybe_uids, &one->maybe_uids);
	}
	seq_range_array_remove_seq_range(&all->maybe_uids, &all->definite_uids);
}

static int lookup_one(struct fts_backend *backend, struct mailbox *box, const struct mail_search_arg *arg,
		      struct fts_result *one)
{
	struct mail_search_arg alone = *arg;

	alone.next = NULL;
	if (squat_lookup(backend, box, &alone, 0, one) < 0)
		return -1;
	if (answer_for(arg) == POSSIBLE) {
		seq_range_array_merge(&one->maybe_uids, &one->definite_uids);
		array_clear(&one->definite_uids);
	}
	return 0;
}

/* fts_backend_vfuncs.lookup */
static int lookup(struct fts_backend *backend, struct mailbox *box, struct mail_search_arg *args,
		  enum fts_lookup_flags flags, struct fts_result *result)
{
	bool first = TRUE;
	int ret = 0;

	for (; args != NULL && ret == 0; args = args->next) {
		struct fts_result one;

		if (answer_for(args) == NONE || args->no_fts)
			continue;
		i_zero(&one);
		i_array_init(&one.definite_uids, 128);
		i_array_init(&one.maybe_uids, 128);
		ret = lookup_one(backend, box, args, &one);
		if (ret == 0) {
			join(result, &one, !first && (flags & FTS_LOOKUP_FLAG_AND_ARGS) != 0);
			args->match_always = TRUE;
			first = FALSE;
		}
		array_free(&one.definite_uids);
		array_free(&one.maybe_uids);
	}
	return ret;
}

void lookup_init(void)
{
	/* A backend is made by copying this (fts_backend_squat_alloc). The plugin stays loaded as long as squat. */
	if (fts_backend_squat.v.lookup != lookup) {
		squat_lookup = fts_backend_squat.v.lookup;
		fts_backend_squat.v.lookup = lookup;
	}
}
