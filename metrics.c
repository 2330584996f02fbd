/*
 * Metrics among Fluent Bit's own. Its executable exports the functions of its library cmetrics, and by them a plugin can
 * put metrics beside those that Fluent Bit has of each output. They are looked up when the first instance starts; where
 * one is missing, nothing happens.
 *
 * The declarations below are those of include/fluent-bit/flb_output.h and lib/cmetrics/include/cmetrics. They are the
 * same in 2.0.8, 2.1.0, 2.1.10, 2.2.3, 3.0.7, 3.2.10, 4.0.14, 4.2.2, 5.0.9 and 5.1.1. The structs behind the pointers
 * are not, and nothing here looks into them.
 *
 * Fluent Bit reads its metrics on a thread of its own, without a lock. That goes well with values, which cmetrics sets
 * atomically, and not with series that are added to a list just then. So all of them are made while the output is being
 * initialised, when nobody reads yet, and from then on only set. metrics.go sees to it that no two threads set at a time.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_DEFAULT */
#endif
#include "metrics.h"

#include <stddef.h>

#ifdef _WIN32

const char *kinesis_metrics_output_name(void *plugin)
{
    (void) plugin;
    return NULL;
}

void *kinesis_metrics_context(void *plugin)
{
    (void) plugin;
    return NULL;
}

void *kinesis_metrics_create(void *context, int kind, char *ns, char *subsystem, char *name, char *help, char **labels,
                     int label_count, double *bounds, int bound_count)
{
    (void) context, (void) kind, (void) ns, (void) subsystem, (void) name, (void) help, (void) labels;
    (void) label_count, (void) bounds, (void) bound_count;
    return NULL;
}

void kinesis_metrics_publish(struct kinesis_series *series, int count, const double *values, uint64_t now)
{
    (void) series, (void) count, (void) values, (void) now;
}

#else

#include <dlfcn.h>
#include <string.h>

/* What FLBPluginInit is passed: struct flbgo_output_plugin of src/proxy/go/go.h, as far as it is read here. */
struct output_plugin {
    char *name;
    void *api;
    void *instance; /* struct flb_output_instance */
};

static struct {
    const char *(*flb_output_name)(void *instance);
    void *(*flb_output_get_cmt_instance)(void *instance);

    void *(*cmt_counter_create)(void *cmt, char *ns, char *subsystem, char *name, char *help, int label_count,
                                char **labels);
    int (*cmt_counter_set)(void *counter, uint64_t timestamp, double value, int label_count, char **labels);

    void *(*cmt_gauge_create)(void *cmt, char *ns, char *subsystem, char *name, char *help, int label_count,
                              char **labels);
    int (*cmt_gauge_set)(void *gauge, uint64_t timestamp, double value, int label_count, char **labels);

    void *(*cmt_histogram_buckets_create_size)(double *bounds, size_t count);
    void *(*cmt_histogram_create)(void *cmt, char *ns, char *subsystem, char *name, char *help, void *buckets,
                                  int label_count, char **labels);
    int (*cmt_histogram_set_default)(void *histogram, uint64_t timestamp, uint64_t *buckets, double sum, uint64_t count,
                                     int label_count, char **labels);

    void (*cmt_cat_copy_map)(void); /* never called */
} host;

/* ISO C has no cast from a data pointer to a function's; POSIX promises that the bytes are the same. */
#define FIND(name) (symbol = dlsym(RTLD_DEFAULT, #name), memcpy(&host.name, &symbol, sizeof symbol), symbol != NULL)

static int found_all(void)
{
    static int looked, all;
    void *symbol;

    if (!looked) {
        looked = 1;
        all = FIND(flb_output_get_cmt_instance) && FIND(cmt_counter_create) && FIND(cmt_counter_set) &&
              FIND(cmt_gauge_create) && FIND(cmt_gauge_set);
    }
    return all;
}

/*
 * When Fluent Bit before 3.0.2 gathers the metrics of its outputs, it copies as many buckets of a histogram as there were
 * observations, and reads what lies behind them, in the end what is not its own. cmt_cat_copy_map has been there since
 * 3.0.7, and tells that it is not one of those.
 */
static int found_histograms(void)
{
    static int looked, all;
    void *symbol;

    if (!looked) {
        looked = 1;
        all = FIND(cmt_histogram_buckets_create_size) && FIND(cmt_histogram_create) && FIND(cmt_histogram_set_default) &&
              FIND(cmt_cat_copy_map);
    }
    return all;
}

const char *kinesis_metrics_output_name(void *plugin)
{
    struct output_plugin *output = plugin;
    void *symbol;

    return FIND(flb_output_name) && output->instance != NULL ? host.flb_output_name(output->instance) : NULL;
}

void *kinesis_metrics_context(void *plugin)
{
    struct output_plugin *output = plugin;

    return found_all() && output->instance != NULL ? host.flb_output_get_cmt_instance(output->instance) : NULL;
}

void *kinesis_metrics_create(void *context, int kind, char *ns, char *subsystem, char *name, char *help, char **labels,
                     int label_count, double *bounds, int bound_count)
{
    void *buckets;

    switch (kind) {
    case METRIC_COUNTER:
        return host.cmt_counter_create(context, ns, subsystem, name, help, label_count, labels);
    case METRIC_GAUGE:
        return host.cmt_gauge_create(context, ns, subsystem, name, help, label_count, labels);
    }
    if (!found_histograms()) {
        return NULL;
    }
    buckets = host.cmt_histogram_buckets_create_size(bounds, (size_t) bound_count); /* the histogram's from here on */
    if (buckets == NULL) {
        return NULL;
    }
    return host.cmt_histogram_create(context, ns, subsystem, name, help, buckets, label_count, labels);
}

enum { MOST_BUCKETS = 64 };

static void set_histogram(struct kinesis_series *s, const double *values, uint64_t now)
{
    uint64_t buckets[MOST_BUCKETS];
    int i, count = s->value_count - 1;

    for (i = 0; i < count && i < MOST_BUCKETS; i++) {
        buckets[i] = (uint64_t) values[i];
    }
    host.cmt_histogram_set_default(s->metric, now, buckets, values[count], buckets[count - 1], s->label_count, s->labels);
}

void kinesis_metrics_publish(struct kinesis_series *series, int count, const double *values, uint64_t now)
{
    int i;

    for (i = 0; i < count; i++) {
        struct kinesis_series *s = &series[i];

        if (s->metric != NULL && s->kind == METRIC_COUNTER) {
            host.cmt_counter_set(s->metric, now, values[0], s->label_count, s->labels);
        }
        else if (s->metric != NULL && s->kind == METRIC_GAUGE) {
            host.cmt_gauge_set(s->metric, now, values[0], s->label_count, s->labels);
        }
        else if (s->metric != NULL && s->value_count - 1 <= MOST_BUCKETS) {
            set_histogram(s, values, now);
        }
        values += s->value_count;
    }
}

#endif
