/* What metrics.go asks of metrics.c. */
#ifndef KINESIS_METRICS_H
#define KINESIS_METRICS_H

#include <stdint.h>

/* The names begin as no function of Fluent Bit does: in its process one of the same name would be called instead. */

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_LABELS = 8 }; /* of a series, at most */

/* One series of a metric, with its place among the values that are published. */
struct kinesis_series {
    int kind;
    void *metric; /* cmetrics' own; NULL where it could not be made */
    char *labels[METRIC_LABELS];
    int label_count;
    int value_count; /* 1, or of a histogram: each bucket and those before it, the last of which has all, and the sum */
};

/* Fluent Bit's name of the output that FLBPluginInit is called for: its alias, or kinesis.0. NULL where it cannot be asked. */
const char *kinesis_metrics_output_name(void *plugin);

/* Where that output has its metrics. NULL where Fluent Bit keeps none, or not in a way that is known here. */
void *kinesis_metrics_context(void *plugin);

/* Makes a metric. NULL where it cannot be. The texts are the caller's again. */
void *kinesis_metrics_create(void *context, int kind, char *ns, char *subsystem, char *name, char *help, char **labels,
                     int label_count, double *bounds, int bound_count);

/* Sets series to the values, at a time in nanoseconds since 1970. */
void kinesis_metrics_publish(struct kinesis_series *series, int count, const double *values, uint64_t now);

#endif
