#include <string.h>

#include "base.h"
#include "input.h"
#include "platform.h"

static char input[1 << 16];
static int input_at, input_end;

static void fill(void)
{
    input_at = 0;
    input_end = platform_read(input, (int) sizeof input);
    if (input_end <= 0) {
        give_up("the commands ended without exit");
    }
}

void input_line(char *line, size_t size)
{
    size_t used = 0;
    char c;

    for (;;) {
        if (input_at == input_end) {
            fill();
        }
        c = input[input_at++];
        if (c == '\n') {
            break;
        }
        if (used == size - 1) {
            give_up("a command is longer than %lu bytes", (unsigned long) size);
        }
        line[used++] = c;
    }
    line[used] = '\0';
}

char *input_bytes(unsigned long size)
{
    char *bytes = allocate(size + 1);
    unsigned long used = 0;

    while (used < size) {
        unsigned long some;

        if (input_at == input_end) {
            fill();
        }
        some = (unsigned long) (input_end - input_at);
        if (some > size - used) {
            some = size - used;
        }
        memcpy(bytes + used, input + input_at, some);
        input_at += (int) some;
        used += some;
    }
    bytes[size] = '\0';
    return bytes;
}
