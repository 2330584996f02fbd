/* What the host says to its driver: a line for each command, see commands.h. */
#ifndef FLBHOST_ANSWER_H
#define FLBHOST_ANSWER_H

#include <stdio.h>

/* Where answers go. To be called once, before the first. */
void answer_on(FILE *stream);

/* Writes one line of answer. The first field is the number of the command that it answers. */
void answer(unsigned long number, const char *format, ...);
void answer_failed(unsigned long number, const char *text);

/* A text as a word of an answer: hexadecimal, "-" if it is empty or NULL. Returns word. */
enum { MAX_TEXT = 1500 }; /* what is longer is cut */
const char *answer_word(const char *text, char word[2 * MAX_TEXT + 1]);

#endif
