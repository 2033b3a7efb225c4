/* What HTML's text consists of: characters, white space and character references. */
#include "lib.h"
#include "buffer.h"
#include "html_text.h"
#include "html_out.h"
#include "letters.h"

#include <ctype.h>

static void put(struct html_text *html, buffer_t *output, const void *data, size_t size)
{
	if (html->space && size > 0) {
		buffer_append_c(output, ' ');
		html->space = FALSE;
	}
	buffer_append(output, data, size);
}

/* One character; spaces are joined, and what has no width is left out: soft hyphens, zero width spaces, marks of
 * byte order and word joiners cut words that people read in one. */
void html_put_character(struct html_text *html, buffer_t *output, const unsigned char *data, size_t size)
{
	unichar_t chr = 0;

	if (size == 1) {
		chr = data[0];
	} else if (uni_utf8_get_char_n(data, size, &chr) <= 0) {
		chr = UNICODE_REPLACEMENT_CHAR;
	}
	if (chr <= 0x20 || chr == 0xa0 || (chr >= 0x2000 && chr <= 0x200a) || chr == 0x202f)
		html->space = TRUE;
	else if (chr != 0xad && chr != 0x200b && chr != 0x2060 && chr != 0xfeff)
		put(html, output, data, size);
}

void html_put_characters(struct html_text *html, buffer_t *output, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	while (size > 0) {
		size_t length = uni_utf8_char_bytes(*bytes);
		if (length > size)
			length = size;
		html_put_character(html, output, bytes, length);
		bytes += length;
		size -= length;
	}
}

/* ---- character references ---- */

static void put_number(struct html_text *html, buffer_t *output)
{
	const char *at = html->reference + 1;
	unsigned int number = 0, base = 10;
	buffer_t *utf8;

	if (*at == 'x' || *at == 'X') {
		base = 16;
		at++;
	}
	if (*at == '\0' || *at == ';') {
		html_put_characters(html, output, "&", 1);
		html_put_characters(html, output, html->reference, html->reference_length);
		return;
	}
	for (; *at != '\0' && *at != ';'; at++) {
		unsigned int digit = *at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10;
		number = number > 0x10ffff ? number : number * base + digit;
	}
	T_BEGIN {
		utf8 = t_buffer_create(8);
		uni_ucs4_to_utf8_c(letters_numbered(number), utf8);
		html_put_characters(html, output, utf8->data, utf8->used);
	} T_END;
}

void html_put_reference(struct html_text *html, buffer_t *output)
{
	const char *found;
	size_t taken = 0;

	html->reference[html->reference_length] = '\0';
	if (html->reference[0] == '#') {
		put_number(html, output);
	} else {
		found = letters_named(html->reference, html->reference_length, &taken);
		html_put_characters(html, output, found != NULL ? found : "&", found != NULL ? strlen(found) : 1);
		html_put_characters(html, output, html->reference + taken, html->reference_length - taken);
	}
	html->reference_length = 0;
}

/* Whether `c` still belongs to the reference. */
bool html_is_of_reference(const struct html_text *html, char c)
{
	const char *text = html->reference;
	unsigned int length = html->reference_length;

	if (length == sizeof(html->reference) - 1 || (length > 0 && text[length - 1] == ';'))
		return FALSE;
	if (length == 0)
		return c == '#' || i_isalpha(c);
	if (c == ';')
		return TRUE;
	if (text[0] != '#')
		return i_isalnum(c);
	if (length == 1)
		return i_isdigit(c) || c == 'x' || c == 'X';
	return text[1] == 'x' || text[1] == 'X' ? i_isxdigit(c) : i_isdigit(c);
}
