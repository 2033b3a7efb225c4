#ifndef HTML_OUT_H
#define HTML_OUT_H

struct html_text;

/* Append one character, or several, as people read them. */
void html_put_character(struct html_text *html, buffer_t *output, const unsigned char *data, size_t size);
void html_put_characters(struct html_text *html, buffer_t *output, const void *data, size_t size);

/* Whether `c` still belongs to the character reference in html->reference. */
bool html_is_of_reference(const struct html_text *html, char c);
/* Append what the reference means, and begin none. */
void html_put_reference(struct html_text *html, buffer_t *output);

#endif
