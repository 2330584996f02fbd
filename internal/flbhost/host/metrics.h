/*
 * The metrics of Fluent Bit, as a library that stands in for what its executable exports: ../cmetrics/cmetrics.c. Without
 * the setting there are none, and the plugin finds no function of that kind.
 */
#ifndef FLBHOST_METRICS_H
#define FLBHOST_METRICS_H

#include <stddef.h>

/* Loads the library of the settings, for all to see. 0: it cannot be, and error says why. */
int metrics_load(char *error, size_t size);

/* Say that an instance has been initialised, and that it is let go of. */
void metrics_initialised(void *instance);
void metrics_gone(void *instance);

/* Writes the metrics into a file. 0: there are none, or it cannot be written. */
int metrics_write(const char *path);

#endif
