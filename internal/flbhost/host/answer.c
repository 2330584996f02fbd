#include <stdarg.h>

#include "answer.h"

static FILE *answers;

void answer_on(FILE *stream)
{
    answers = stream;
}

void answer(unsigned long number, const char *format, ...)
{
    char line[8192];
    int used = snprintf(line, sizeof line, "%lu ", number);
    int rest = (int) sizeof line - used - 1;
    int more;
    va_list arguments;

    va_start(arguments, format);
    more = vsnprintf(line + used, (size_t) rest, format, arguments);
    va_end(arguments);
    used += more < rest ? more : rest - 1;
    line[used++] = '\n';
    fwrite(line, 1, (size_t) used, answers); /* one call: lines of two threads do not mix */
    fflush(answers);
}

const char *answer_word(const char *text, char word[2 * MAX_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    if (text == NULL || text[0] == '\0') {
        return "-";
    }
    for (i = 0; text[i] != '\0' && i < MAX_TEXT; i++) {
        word[2 * i] = digits[(unsigned char) text[i] >> 4];
        word[2 * i + 1] = digits[(unsigned char) text[i] & 15];
    }
    word[2 * i] = '\0';
    return word;
}

void answer_failed(unsigned long number, const char *text)
{
    char word[2 * MAX_TEXT + 1];

    answer(number, "failed %s", answer_word(text, word));
}
