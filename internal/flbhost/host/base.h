/* What every part of the host may need. */
#ifndef FLBHOST_BASE_H
#define FLBHOST_BASE_H

#include <stddef.h>

/* Memory that is there, or the end of the process. */
void *allocate(size_t size);

/* Ends the process: the host itself cannot go on. */
void give_up(const char *format, ...);

#endif
