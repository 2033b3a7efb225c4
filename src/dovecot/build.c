/* What the squat index is made of: the very text that a search compares (text.h), in pieces that no word falls between. */
#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "mail-storage-private.h"
#include "fts-api-private.h"
#include "plugin.h"
#include "text.h"

extern struct fts_backend fts_backend_squat;

/* Bytes of the end of a piece that the next one begins with: more than the longest piece that squat keeps. */
#define OVERLAP 64

static struct fts_backend_vfuncs squat;
/* The message whose text is in the index. fts hands over its parts one by one; the first one brings all of it. */
static struct fts_backend_update_context *building;
static uint32_t built_uid;

struct builder {
	struct fts_backend_update_context *ctx;
	uint32_t uid;
	buffer_t *header, *rest;
	bool failed;
};

static void add(struct builder *builder, enum fts_backend_build_key_type type, const void *data, size_t size)
{
	struct fts_backend_build_key key = { .uid = builder->uid, .type = type, .hdr_name = "" };

	if (size == 0 || builder->failed)
		return;
	if (!squat.update_set_build_key(builder->ctx, &key) || squat.update_build_more(builder->ctx, data, size) < 0)
		builder->failed = TRUE;
	else
		squat.update_unset_build_key(builder->ctx);
}

/* Keep the last OVERLAP bytes, from the beginning of a letter on. */
static void keep_end(buffer_t *rest)
{
	const unsigned char *data = rest->data;
	size_t at = rest->used <= OVERLAP ? 0 : rest->used - OVERLAP;

	while (at < rest->used && (data[at] & 0xc0) == 0x80)
		at++;
	buffer_delete(rest, 0, at);
}

/* A text_callback_t. Squat wants a message's header after its text. */
static bool take(void *context, enum text_kind kind, const unsigned char *data, size_t size, bool end)
{
	struct builder *builder = context;

	if (kind == TEXT_OF_HEADER) {
		buffer_append(builder->header, data, size);
		buffer_append_c(builder->header, '\n');
		return !builder->failed;
	}
	buffer_append(builder->rest, data, size);
	add(builder, FTS_BACKEND_BUILD_KEY_BODY_PART, builder->rest->data, builder->rest->used);
	if (end)
		buffer_set_used_size(builder->rest, 0);
	else
		keep_end(builder->rest);
	return !builder->failed;
}

static bool build(struct fts_backend_update_context *ctx, struct mail *mail)
{
	struct builder builder = { .ctx = ctx, .uid = mail->uid };
	struct istream *input;
	bool readable;

	if (mail_get_stream_because(mail, NULL, NULL, "search index", &input) < 0)
		return mail->expunged;
	builder.header = buffer_create_dynamic(default_pool, 4096);
	builder.rest = buffer_create_dynamic(default_pool, 64 * 1024);
	i_stream_seek(input, 0);
	readable = text_of_message(input, TRUE, take, &builder) == 0;
	add(&builder, FTS_BACKEND_BUILD_KEY_HDR, builder.header->data, builder.header->used);
	buffer_free(&builder.header);
	buffer_free(&builder.rest);
	return readable && !builder.failed;
}

/* fts_backend_vfuncs.update_set_build_key: FALSE, since the caller has nothing more to bring. */
static bool update_set_build_key(struct fts_backend_update_context *ctx, const struct fts_backend_build_key *key)
{
	struct mailbox_transaction_context *transaction;
	struct mail *mail;

	if (building == ctx && built_uid == key->uid)
		return FALSE;
	building = ctx;
	built_uid = key->uid;
	transaction = mailbox_transaction_begin(ctx->backend_box, 0, "search index");
	mail = mail_alloc(transaction, 0, NULL);
	if (mail_set_uid(mail, key->uid) && !build(ctx, mail))
		ctx->failed = TRUE;
	mail_free(&mail);
	mailbox_transaction_rollback(&transaction);
	return FALSE;
}

/* fts_backend_vfuncs.update_set_mailbox: UIDs begin anew. */
static void update_set_mailbox(struct fts_backend_update_context *ctx, struct mailbox *box)
{
	building = NULL;
	squat.update_set_mailbox(ctx, box);
}

static struct fts_backend_update_context *update_init(struct fts_backend *backend)
{
	building = NULL;
	return squat.update_init(backend);
}

void build_init(void)
{
	if (fts_backend_squat.v.update_set_build_key == update_set_build_key)
		return;
	squat = fts_backend_squat.v;
	fts_backend_squat.v.update_set_build_key = update_set_build_key;
	fts_backend_squat.v.update_set_mailbox = update_set_mailbox;
	fts_backend_squat.v.update_init = update_init;
}
