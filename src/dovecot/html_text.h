#ifndef HTML_TEXT_H
#define HTML_TEXT_H

/* Reads HTML as people do: character references are letters, tags that only mark letters vanish, others part words,
 * white space is one space, an image is its alternative text; comments, scripts, styles and tags are not there.
 * Linear, in pieces of any size; what it keeps between two pieces is this struct. */
struct html_text {
	unsigned int state, after_reference;
	char name[16], attribute[4], reference[36], hidden[8];
	unsigned int name_length, attribute_length, reference_length, match;
	char quote;
	bool closing, space;
};

void html_text_init(struct html_text *html);
/* More UTF-8, cut between two characters; its text is appended to `output`. */
void html_text_more(struct html_text *html, const unsigned char *data, size_t size, buffer_t *output);
/* The HTML has ended. */
void html_text_end(struct html_text *html, buffer_t *output);

#endif
