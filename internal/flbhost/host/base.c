#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base.h"
#include "die.h"

void *allocate(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);

    if (memory == NULL) {
        give_up("no memory for %lu bytes", (unsigned long) size);
    }
    return memory;
}

void give_up(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("plugin host: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    fflush(stderr);
    die(70);
}
