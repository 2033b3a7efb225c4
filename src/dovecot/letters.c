/* Letters as people read them, whatever their code: normal form and HTML's character references. */
#include "lib.h"
#include "buffer.h"
#include "letters.h"

#include <ctype.h>

struct named_character {
	const char *name, *utf8;
};
struct mark_range {
	uint32_t first, last;
	uint8_t kind;
};
#include "tables.h"

/* The first byte of U+0300, the first combining mark. */
#define MARK_LEAD 0xcc
/* Longer runs of marks are no language (UAX 15, 13); each piece of one is sorted by itself, so that time stays linear. */
#define MARKS_MAX 32

static uint8_t mark_kind(unichar_t chr)
{
	size_t low = 0, high = N_ELEMENTS(mark_ranges);

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (chr > mark_ranges[middle].last)
			low = middle + 1;
		else if (chr < mark_ranges[middle].first)
			high = middle;
		else
			return mark_ranges[middle].kind;
	}
	return 0;
}

/* Write the marks, sorted by kind, those of one kind in their order, to where they stood. */
static void sort_marks(unsigned char *at, unichar_t *marks, uint8_t *kinds, unsigned int count)
{
	string_t *sorted;
	unsigned int i, j;

	for (i = 1; i < count; i++) {
		unichar_t mark = marks[i];
		uint8_t kind = kinds[i];
		for (j = i; j > 0 && kinds[j - 1] > kind; j--) {
			marks[j] = marks[j - 1];
			kinds[j] = kinds[j - 1];
		}
		marks[j] = mark;
		kinds[j] = kind;
	}
	T_BEGIN {
		sorted = t_buffer_create(MARKS_MAX * 4);
		for (i = 0; i < count; i++)
			uni_ucs4_to_utf8_c(marks[i], sorted);
		memcpy(at, sorted->data, sorted->used);
	} T_END;
}

/* Marks into their order. And letters that decomposing brought back in lower case (of a ligature) into title case, as
 * the squat index has them: it knows no difference within ASCII. */
static void finish(unsigned char *data, size_t size)
{
	unichar_t marks[MARKS_MAX], chr;
	uint8_t kinds[MARKS_MAX];
	unsigned int count = 0;
	size_t at = 0, start = 0;

	while (at < size) {
		uint8_t kind = 0;
		int bytes = 1;

		data[at] = i_toupper(data[at]);
		if (data[at] >= MARK_LEAD) {
			bytes = uni_utf8_get_char_n(data + at, size - at, &chr);
			if (bytes <= 0)
				bytes = 1;
			else
				kind = mark_kind(chr);
		}
		if (count > 1 && (kind == 0 || count == MARKS_MAX))
			sort_marks(data + start, marks, kinds, count);
		if (kind == 0 || count == MARKS_MAX)
			count = 0;
		if (kind != 0) {
			if (count == 0)
				start = at;
			marks[count] = chr;
			kinds[count++] = kind;
		}
		at += bytes;
	}
	if (count > 1)
		sort_marks(data + start, marks, kinds, count);
}

int letters_normalize(const void *input, size_t size, buffer_t *output)
{
	size_t start = output->used, used;
	int ret = uni_utf8_to_decomposed_titlecase(input, size, output);
	unsigned char *data = buffer_get_modifiable_data(output, &used);

	finish(data + start, used - start);
	return ret;
}

static const char *named(const char *name, size_t size)
{
	size_t low = 0, high = N_ELEMENTS(named_characters);

	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *there = named_characters[middle].name;
		int order = strncmp(name, there, size);
		if (order == 0 && there[size] == '\0')
			return named_characters[middle].utf8;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *letters_named(const char *name, size_t size, size_t *taken_r)
{
	for (; size > 1; size--) {
		const char *found = named(name, size);
		if (found != NULL) {
			*taken_r = size;
			return found;
		}
	}
	return NULL;
}

unichar_t letters_numbered(unsigned int number)
{
	if (number >= 128 && number < 160)
		return windows_characters[number - 128];
	return number == 0 || !uni_is_valid_ucs4(number) ? UNICODE_REPLACEMENT_CHAR : number;
}
