/* HTML as text. A short form of the HTML Standard's tokenization (13.2.5): what decides where text begins and ends. */
#include "lib.h"
#include "buffer.h"
#include "html_text.h"
#include "html_out.h"
#include "unichar.h"

#include <ctype.h>

enum {
	TEXT, REFERENCE, TAG_OPEN, TAG_NAME, IN_TAG, ATTRIBUTE, BEFORE_VALUE, VALUE, VALUE_UNQUOTED, DECLARATION, COMMENT,
	BOGUS_COMMENT, HIDDEN
};

/* Tags that part words, by name; all others vanish. */
static const char *const parting[] = {
	"address", "area", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "col",
	"colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
	"form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "iframe", "img",
	"input", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre", "script", "section",
	"select", "style", "summary", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr", "ul",
};
static const char *const hiding[] = { "script", "style" };

static int by_name(const void *name, const void *there)
{
	return strcmp(name, *(const char *const *)there);
}

void html_text_init(struct html_text *html)
{
	i_zero(html);
}

/* ---- tags ---- */

static bool is_tag(const struct html_text *html, const char *const *names, size_t count)
{
	return bsearch(html->name, names, count, sizeof(*names), by_name) != NULL;
}

static void end_of_name(struct html_text *html)
{
	html->name[html->name_length] = '\0';
	if (is_tag(html, parting, N_ELEMENTS(parting)))
		html->space = TRUE;
}

static void end_of_tag(struct html_text *html)
{
	html->state = TEXT;
	if (!html->closing && is_tag(html, hiding, N_ELEMENTS(hiding))) {
		i_strocpy(html->hidden, html->name, sizeof(html->hidden));
		html->match = 0;
		html->state = HIDDEN;
	}
	/* An image parts what stands before from what follows, and from its own text. */
	if (is_tag(html, parting, N_ELEMENTS(parting)))
		html->space = TRUE;
}

static bool is_alternative_text(const struct html_text *html)
{
	return html->attribute_length == 3 && memcmp(html->attribute, "alt", 3) == 0 && strcmp(html->name, "img") == 0;
}

static void begin_value(struct html_text *html, char c)
{
	html->quote = c == '"' || c == '\'' ? c : '\0';
	html->state = html->quote != '\0' ? VALUE : VALUE_UNQUOTED;
}

/* One byte inside of a tag, behind its name. FALSE: `c` has to be looked at once more. */
static bool in_tag(struct html_text *html, unsigned char c)
{
	bool is_space = c <= 0x20;

	switch (html->state) {
	case IN_TAG:
		if (c == '>') {
			end_of_tag(html);
		} else if (!is_space && c != '/') {
			html->attribute_length = 0;
			html->state = ATTRIBUTE;
			return FALSE;
		}
		return TRUE;
	case ATTRIBUTE:
		if (c == '>' || c == '/') {
			html->state = IN_TAG;
			return FALSE;
		}
		if (c == '=' && html->attribute_length > 0) {
			html->state = BEFORE_VALUE;
		} else if (is_space) {
			/* "alt = text": spaces before the sign are of no meaning; another attribute begins anew. */
			html->attribute_length |= 0x100;
		} else {
			if ((html->attribute_length & 0x100) != 0)
				html->attribute_length = 0;
			if (html->attribute_length < sizeof(html->attribute))
				html->attribute[html->attribute_length++] = i_tolower(c);
		}
		return TRUE;
	case BEFORE_VALUE:
		html->attribute_length &= 0xff;
		if (c == '>') {
			html->state = IN_TAG;
			return FALSE;
		}
		if (is_space)
			return TRUE;
		begin_value(html, c);
		return html->quote != '\0';
	case VALUE:
		if (c == html->quote)
			html->state = IN_TAG;
		return TRUE;
	default:
		if (is_space || c == '>') {
			html->state = IN_TAG;
			return FALSE;
		}
		return TRUE;
	}
}

/* ---- what is not shown ---- */

/* One byte of a script or style: its end is its own closing tag. */
static void in_hidden(struct html_text *html, unsigned char c)
{
	size_t length = strlen(html->hidden);

	if (html->match == length + 2 && (c <= 0x20 || c == '/' || c == '>')) {
		html->closing = TRUE;
		html->state = IN_TAG;
		if (c == '>')
			end_of_tag(html);
	} else if (c == '<') {
		html->match = 1;
	} else if (html->match == 1) {
		html->match = c == '/' ? 2 : 0;
	} else if (html->match >= 2 && html->match < length + 2 && i_tolower(c) == html->hidden[html->match - 2]) {
		html->match++;
	} else {
		html->match = 0;
	}
}

/* One byte behind "<!": two hyphens begin a comment, anything else ends at the next ">". */
static void in_declaration(struct html_text *html, unsigned char c)
{
	if (c == '-' && html->match++ == 0)
		return;
	html->state = c == '-' ? COMMENT : c == '>' ? TEXT : BOGUS_COMMENT;
	/* "<!-->" is a whole comment. */
	html->match = c == '-' ? 2 : 0;
}

static void in_comment(struct html_text *html, unsigned char c)
{
	if (c == '>' && html->match >= 2) {
		html->state = TEXT;
		html->match = 0;
	} else if (c == '-') {
		html->match = I_MIN(html->match + 1, 2);
	} else if (c != '!' || html->match < 2) {
		html->match = 0;
	}
}

static bool tag_open(struct html_text *html, buffer_t *output, unsigned char c)
{
	html->name_length = html->match = 0;
	if (c == '/' && !html->closing) {
		html->closing = TRUE;
		return TRUE;
	}
	if (i_isalpha(c)) {
		html->state = TAG_NAME;
		return FALSE;
	}
	if (html->closing || c == '?') {
		html->state = c == '>' ? TEXT : BOGUS_COMMENT;
		return TRUE;
	}
	html->state = c == '!' ? DECLARATION : TEXT;
	if (c == '!')
		return TRUE;
	html_put_characters(html, output, "<", 1);
	return FALSE;
}

/* One character. FALSE: it has to be looked at once more, in the new state. */
static bool step(struct html_text *html, buffer_t *output, const unsigned char *data, size_t size)
{
	unsigned char c = data[0];

	switch (html->state) {
	case TEXT:
		if (c == '<') {
			html->state = TAG_OPEN;
			html->closing = FALSE;
		} else if (c == '&') {
			html->after_reference = TEXT;
			html->state = REFERENCE;
		} else {
			html_put_character(html, output, data, size);
		}
		return TRUE;
	case REFERENCE:
		if (html_is_of_reference(html, c)) {
			html->reference[html->reference_length++] = c;
			return TRUE;
		}
		html->state = html->after_reference;
		html_put_reference(html, output);
		return FALSE;
	case TAG_OPEN:
		return tag_open(html, output, c);
	case TAG_NAME:
		if (c <= 0x20 || c == '/' || c == '>') {
			end_of_name(html);
			html->state = IN_TAG;
			return FALSE;
		}
		/* A longer name is no tag that matters; its beginning must not pass for one. */
		if (html->name_length < sizeof(html->name) - 1)
			html->name[html->name_length++] = i_tolower(c);
		return TRUE;
	case VALUE:
	case VALUE_UNQUOTED:
		if (is_alternative_text(html) && c != html->quote && (html->quote != '\0' || (c > 0x20 && c != '>'))) {
			if (c == '&') {
				html->after_reference = html->state;
				html->state = REFERENCE;
			} else {
				html_put_character(html, output, data, size);
			}
			return TRUE;
		}
		return in_tag(html, c);
	case DECLARATION:
		in_declaration(html, c);
		return TRUE;
	case COMMENT:
		in_comment(html, c);
		return TRUE;
	case BOGUS_COMMENT:
		if (c == '>')
			html->state = TEXT;
		return TRUE;
	case HIDDEN:
		in_hidden(html, c);
		return TRUE;
	default:
		return in_tag(html, c);
	}
}

void html_text_more(struct html_text *html, const unsigned char *data, size_t size, buffer_t *output)
{
	while (size > 0) {
		size_t length = I_MIN((size_t)uni_utf8_char_bytes(*data), size);
		while (!step(html, output, data, length)) ;
		data += length;
		size -= length;
	}
}

void html_text_end(struct html_text *html, buffer_t *output)
{
	if (html->state == REFERENCE)
		html_put_reference(html, output);
	if (html->state == TAG_OPEN)
		html_put_characters(html, output, "<", 1);
	html_text_init(html);
}
