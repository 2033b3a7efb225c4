#ifndef LETTERS_H
#define LETTERS_H

#include "unichar.h"

/* The form in which everything is compared (a normalizer_func_t): Dovecot's own, decomposed and in title case, with
 * combining marks in canonical order (Unicode 3.11), so that composed and decomposed letters are the same in whatever
 * order their marks were typed. Appends to `output`; -1 when the input was no UTF-8, which becomes U+FFFD. Linear. */
int letters_normalize(const void *input, size_t size, buffer_t *output);

/* The character of "&name;", name without the ampersand, as UTF-8; NULL when there is none. taken_r: bytes of `name`
 * that belong to it: some old names need no semicolon (HTML Standard 13.2.5.73). */
const char *letters_named(const char *name, size_t size, size_t *taken_r);

/* The character of "&#number;" (HTML Standard 13.2.5.80): 128 to 159 are Windows-1252's, nonsense is U+FFFD. */
unichar_t letters_numbered(unsigned int number);

#endif
