/* TEXT and BODY compared with the text of a message. All other keys stay Dovecot's. */
#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "str-find.h"
#include "index-mail.h"
#include "mail-search.h"
#include "mail-storage-private.h"
#include "letters.h"
#include "plugin.h"
#include "text.h"

#define MATCH_CONTEXT(obj) MODULE_CONTEXT_REQUIRE(obj, match_module)

struct key {
	struct mail_search_arg *arg;
	struct str_find_context *find;
	bool wanted, found;
};

struct match_mailbox {
	union mailbox_module_context module_ctx;
};

/* One search: its TEXT and BODY keys, and their results while others are tried. */
struct match_search {
	union mail_search_module_context module_ctx;
	ARRAY(struct key) keys;
	buffer_t *results;
};

static MODULE_CONTEXT_DEFINE_INIT(match_module, &mail_storage_module_register);

static void add_keys(struct match_search *match, struct mail_search_arg *args)
{
	for (; args != NULL; args = args->next) {
		if (args->type == SEARCH_OR || args->type == SEARCH_SUB) {
			add_keys(match, args->value.subargs);
		} else if ((args->type == SEARCH_TEXT || args->type == SEARCH_BODY) && args->value.str[0] != '\0') {
			struct key *key = array_append_space(&match->keys);
			string_t *normal = t_str_new(128);

			(void)letters_normalize(args->value.str, strlen(args->value.str), normal);
			key->arg = args;
			key->find = str_find_init(default_pool, str_c(normal));
		}
	}
}

static struct mail_search_context *
search_init(struct mailbox_transaction_context *t, struct mail_search_args *args, const enum mail_sort_type *sort_program,
	    enum mail_fetch_field wanted_fields, struct mailbox_header_lookup_ctx *wanted_headers)
{
	struct match_mailbox *mbox = MATCH_CONTEXT(t->box);
	struct mail_search_context *ctx =
		mbox->module_ctx.super.search_init(t, args, sort_program, wanted_fields, wanted_headers);
	struct match_search *match = i_new(struct match_search, 1);

	i_array_init(&match->keys, 4);
	match->results = buffer_create_dynamic(default_pool, 64);
	T_BEGIN {
		add_keys(match, args->args);
	} T_END;
	MODULE_CONTEXT_SET(ctx, match_module, match);
	return ctx;
}

static int search_deinit(struct mail_search_context *ctx)
{
	struct match_mailbox *mbox = MATCH_CONTEXT(ctx->transaction->box);
	struct match_search *match = MATCH_CONTEXT(ctx);
	struct key *key;

	array_foreach_modifiable(&match->keys, key)
		str_find_deinit(&key->find);
	array_free(&match->keys);
	buffer_free(&match->results);
	i_free(match);
	return mbox->module_ctx.super.search_deinit(ctx);
}

/* A text_callback_t. */
static bool compare(void *context, enum text_kind kind, const unsigned char *data, size_t size, bool end)
{
	struct match_search *match = context;
	struct key *key;
	bool more = FALSE;

	array_foreach_modifiable(&match->keys, key) {
		if (!key->wanted || key->found)
			continue;
		if (kind == TEXT_OF_BODY || key->arg->type == SEARCH_TEXT) {
			key->found = str_find_more(key->find, data, size);
			if (end || key->found)
				str_find_reset(key->find);
		}
		more = more || !key->found;
	}
	return more;
}

/* Whether the keys that are not decided are all TEXT and BODY; has_ours_r: whether there is one of these. */
static bool others_are_decided(const struct mail_search_arg *args, bool *has_ours_r)
{
	bool decided = TRUE;

	for (; args != NULL; args = args->next) {
		if (args->result != -1)
			continue;
		if (args->type == SEARCH_OR || args->type == SEARCH_SUB) {
			if (!others_are_decided(args->value.subargs, has_ours_r))
				decided = FALSE;
		} else if ((args->type == SEARCH_TEXT || args->type == SEARCH_BODY) && args->value.str[0] != '\0') {
			*has_ours_r = TRUE;
		} else {
			decided = FALSE;
		}
	}
	return decided;
}

/* Read the message for all keys that are not decided; FALSE when it cannot be read, which Dovecot then sees itself. */
static bool read_message(struct match_search *match, struct mail *mail)
{
	struct istream *input;
	struct key *key;
	bool with_headers = FALSE;

	array_foreach_modifiable(&match->keys, key) {
		key->wanted = key->arg->result == -1;
		key->found = FALSE;
		str_find_reset(key->find);
		if (key->wanted && key->arg->type == SEARCH_TEXT)
			with_headers = TRUE;
	}
	if (mail_get_stream_because(mail, NULL, NULL, "search", &input) < 0)
		return FALSE;
	i_stream_seek(input, 0);
	if (text_of_message(input, with_headers, compare, match) < 0)
		return FALSE;
	array_foreach_modifiable(&match->keys, key) {
		if (key->wanted)
			key->arg->result = key->found != key->arg->match_not ? 1 : 0;
	}
	return TRUE;
}

/* First as if all our keys matched: only what passes then, for its flags, dates and header fields, has to be read. The
 * results of keys are final (NOT is in them), so more matching keys never make less of a whole. */
static int search_next_match_mail(struct mail_search_context *ctx, struct mail *mail)
{
	struct match_mailbox *mbox = MATCH_CONTEXT(ctx->transaction->box);
	struct match_search *match = MATCH_CONTEXT(ctx);
	struct index_mail *imail = INDEX_MAIL(mail);
	struct key *key;
	bool has_ours = FALSE;
	int ret;

	if (!others_are_decided(ctx->args->args, &has_ours) && has_ours) {
		buffer_set_used_size(match->results, 0);
		mail_search_args_result_serialize(ctx->args, match->results);
		array_foreach_modifiable(&match->keys, key) {
			if (key->arg->result == -1)
				key->arg->result = 1;
		}
		ret = mbox->module_ctx.super.search_next_match_mail(ctx, mail);
		/* search_results: the message could not be read; there is no more to be done about it. */
		if (ret <= 0 || imail->data.search_results != NULL)
			return ret;
		mail_search_args_result_deserialize(ctx->args, match->results->data, match->results->used);
	}
	if (has_ours) {
		mail->access_type = MAIL_ACCESS_TYPE_SEARCH;
		(void)read_message(match, mail);
		mail->access_type = MAIL_ACCESS_TYPE_DEFAULT;
	}
	return mbox->module_ctx.super.search_next_match_mail(ctx, mail);
}

void match_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	struct match_mailbox *mbox = p_new(box->pool, struct match_mailbox, 1);

	mbox->module_ctx.super = *v;
	box->vlast = &mbox->module_ctx.super;
	v->search_init = search_init;
	v->search_deinit = search_deinit;
	v->search_next_match_mail = search_next_match_mail;
	MODULE_CONTEXT_SET(box, match_module, mbox);
}
