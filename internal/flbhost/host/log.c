/*
 * Fluent Bit's own log. Its executable exports this function, and a plugin in C calls it; one in Go may look it up.
 */
#include <stdarg.h>
#include <stdio.h>

#include "settings.h"

void flb_log_print(int type, const char *file, int line, const char *format, ...);

void flb_log_print(int type, const char *file, int line, const char *format, ...)
{
    static const char *const levels[] = { "off", "error", "warn", "info", "debug", "trace" };
    FILE *log = fopen(settings.log, "a");
    va_list arguments;

    (void) file;
    (void) line;
    if (log == NULL || type < 0 || type >= (int) (sizeof levels / sizeof *levels)) {
        return;
    }
    fprintf(log, "[%5s] ", levels[type]);
    va_start(arguments, format);
    vfprintf(log, format, arguments);
    va_end(arguments);
    fputc('\n', log);
    fclose(log);
}
