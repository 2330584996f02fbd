/* What the driver sends, as bytes. Used by the commands' thread alone. */
#ifndef FLBHOST_INPUT_H
#define FLBHOST_INPUT_H

#include <stddef.h>

/* The next line of the input, without its end. */
void input_line(char *line, size_t size);

/* Memory of the caller's with size bytes of the input and a NUL. */
char *input_bytes(unsigned long size);

#endif
