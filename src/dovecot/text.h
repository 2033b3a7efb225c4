#ifndef TEXT_H
#define TEXT_H

struct istream;

enum text_kind { TEXT_OF_HEADER, TEXT_OF_BODY };

/* A piece of a message's text, in the form of letters_normalize(). end: the field or part ends with it; nothing is
 * found across. FALSE: no more is needed. */
typedef bool text_callback_t(void *context, enum text_kind kind, const unsigned char *data, size_t size, bool end);

/* All that a search looks at in one message: each header field, of the message and of its parts ("name: value", decoded
 * as RFC 2047; once more as Dovecot compares addresses and subjects, where that differs), and each part text/... or
 * message/..., decoded, HTML as people read it. What is searched and what is indexed is this and nothing else.
 * -1 when the message cannot be read. Time is linear, memory bounded by the longest header field. */
int text_of_message(struct istream *input, bool with_headers, text_callback_t *callback, void *context);

#endif
