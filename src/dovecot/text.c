/* The text of a message. */
#include "lib.h"
#include "istream.h"
#include "buffer.h"
#include "str.h"
#include "rfc822-parser.h"
#include "message-address.h"
#include "message-decoder.h"
#include "message-header-decode.h"
#include "message-parser.h"
#include "html_text.h"
#include "letters.h"
#include "text.h"

#define PIECE_SIZE (16 * 1024)

enum part_kind { NO_TEXT, PLAIN, HTML };

struct text {
	text_callback_t *callback;
	void *context;
	bool with_headers;

	struct message_decoder_context *decoder;
	struct message_part *part;
	enum part_kind kind;
	struct html_text html;
	/* UTF-8 that waits to be put into normal form, and what has become of it */
	buffer_t *waiting, *normal;
};

static enum part_kind kind_of(const struct message_header_line *hdr)
{
	struct rfc822_parser_context parser;
	string_t *type = t_str_new(64);
	enum part_kind kind = NO_TEXT;

	rfc822_parser_init(&parser, hdr->full_value, hdr->full_value_len, NULL);
	rfc822_skip_lwsp(&parser);
	(void)rfc822_parse_content_type(&parser, type);
	rfc822_parser_deinit(&parser);
	if (strcasecmp(str_c(type), "text/html") == 0)
		kind = HTML;
	else if (strncasecmp(str_c(type), "text/", 5) == 0 || strncasecmp(str_c(type), "message/", 8) == 0)
		kind = PLAIN;
	return kind;
}

/* ---- header fields ---- */

static bool field(struct text *text, const char *name, const void *value, size_t size)
{
	buffer_set_used_size(text->normal, 0);
	(void)letters_normalize(name, strlen(name), text->normal);
	buffer_append(text->normal, ": ", 2);
	message_header_decode_utf8(value, size, text->normal, letters_normalize);
	return text->callback(text->context, TEXT_OF_HEADER, text->normal->data, text->normal->used, TRUE);
}

/* The value as Dovecot compares it for FROM, TO, CC and BCC (index-search.c, SEARCH_HEADER_ADDRESS). */
static bool field_of_addresses(struct text *text, const struct message_header_line *hdr)
{
	string_t *value = t_str_new(hdr->full_value_len);
	struct message_address *address = message_address_parse(pool_datastack_create(), hdr->full_value,
		hdr->full_value_len, UINT_MAX, MESSAGE_ADDRESS_PARSE_FLAG_FILL_MISSING);

	message_address_write(value, address);
	return field(text, hdr->name, str_data(value), str_len(value));
}

/* The value as it compares it for SUBJECT (SEARCH_HEADER_COMPRESS_LWSP). */
static bool field_of_single_spaces(struct text *text, const struct message_header_line *hdr)
{
	string_t *value = t_str_new(hdr->full_value_len);
	bool is_space, was_space = TRUE;
	size_t i;

	for (i = 0; i < hdr->full_value_len; i++) {
		char c = hdr->full_value[i];
		is_space = c == ' ' || c == '\t';
		if (!is_space || !was_space)
			str_append_c(value, is_space ? ' ' : c);
		was_space = is_space;
	}
	if (str_len(value) == hdr->full_value_len && memcmp(str_data(value), hdr->full_value, str_len(value)) == 0)
		return TRUE;
	return field(text, hdr->name, str_data(value), str_len(value));
}

static bool header(struct text *text, struct message_block *block)
{
	struct message_header_line *hdr = block->hdr;
	struct message_block decoded;
	bool more = TRUE;

	if (!message_decoder_decode_next_block(text->decoder, block, &decoded) || hdr->eoh)
		return TRUE;
	T_BEGIN {
		if (strcasecmp(hdr->name, "Content-Type") == 0)
			text->kind = kind_of(hdr);
		if (text->with_headers) {
			more = field(text, hdr->name, hdr->full_value, hdr->full_value_len) &&
				(!message_header_is_address(hdr->name) || field_of_addresses(text, hdr)) &&
				field_of_single_spaces(text, hdr);
		}
	} T_END;
	return more;
}

/* ---- bodies ---- */

/* How much of what waits can go: a letter is not cut from its marks, so the last one stays. */
static size_t whole_letters(const buffer_t *waiting)
{
	const unsigned char *data = waiting->data;
	size_t at = waiting->used;

	while (at > 1 && data[at - 1] >= 0x80)
		at--;
	if (at > 1)
		return at - 1;
	/* Nothing but letters beyond ASCII: cut before the last one. */
	for (at = waiting->used; at > 1 && (data[at - 1] & 0xc0) == 0x80; at--) ;
	return at > 1 ? at - 1 : waiting->used;
}

static bool pass_on(struct text *text, size_t size, bool end)
{
	buffer_set_used_size(text->normal, 0);
	(void)letters_normalize(text->waiting->data, size, text->normal);
	buffer_delete(text->waiting, 0, size);
	return text->callback(text->context, TEXT_OF_BODY, text->normal->data, text->normal->used, end);
}

static bool body(struct text *text, struct message_block *block)
{
	struct message_block decoded;

	if (text->kind == NO_TEXT || !message_decoder_decode_next_block(text->decoder, block, &decoded))
		return TRUE;
	if (text->kind == HTML)
		html_text_more(&text->html, decoded.data, decoded.size, text->waiting);
	else
		buffer_append(text->waiting, decoded.data, decoded.size);
	return text->waiting->used < PIECE_SIZE || pass_on(text, whole_letters(text->waiting), FALSE);
}

static bool end_of_part(struct text *text)
{
	if (text->kind == HTML)
		html_text_end(&text->html, text->waiting);
	return pass_on(text, text->waiting->used, TRUE);
}

/* Another part begins, or one goes on behind the parts in it (hdr is NULL): that is no text for people. */
static bool begin_part(struct text *text, struct message_block *block)
{
	bool more = text->part == NULL || end_of_part(text);

	text->part = block->part;
	text->kind = block->hdr != NULL ? PLAIN : NO_TEXT;
	html_text_init(&text->html);
	message_decoder_decode_reset(text->decoder);
	return more;
}

static bool next(struct text *text, struct message_block *block)
{
	if (block->part != text->part && !begin_part(text, block))
		return FALSE;
	return block->hdr != NULL ? header(text, block) : body(text, block);
}

int text_of_message(struct istream *input, bool with_headers, text_callback_t *callback, void *context)
{
	const struct message_parser_settings settings = { .hdr_flags = MESSAGE_HEADER_PARSER_FLAG_CLEAN_ONELINE };
	struct text text = { .callback = callback, .context = context, .with_headers = with_headers };
	pool_t pool = pool_alloconly_create("text of a message", 4096);
	struct message_parser_ctx *parser;
	struct message_part *parts;
	struct message_block block;
	bool more = TRUE;
	int ret;

	text.decoder = message_decoder_init(NULL, 0);
	text.waiting = buffer_create_dynamic(default_pool, PIECE_SIZE * 2);
	text.normal = buffer_create_dynamic(default_pool, PIECE_SIZE * 2);
	parser = message_parser_init(pool, input, &settings);
	while (more && (ret = message_parser_parse_next_block(parser, &block)) > 0) T_BEGIN {
		more = next(&text, &block);
	} T_END;
	if (more && text.part != NULL)
		(void)end_of_part(&text);
	message_parser_deinit(&parser, &parts);
	message_decoder_deinit(&text.decoder);
	buffer_free(&text.waiting);
	buffer_free(&text.normal);
	pool_unref(&pool);
	return input->stream_errno != 0 ? -1 : 0;
}
