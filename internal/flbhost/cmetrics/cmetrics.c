/*
 * A stand-in for what Fluent Bit's executable exports of its metrics: the host loads it before the plugin, where a test
 * asks for it, so that a plugin finds these functions as it does in Fluent Bit. The names and the arguments are those of
 * include/fluent-bit/flb_output.h and lib/cmetrics/include/cmetrics.
 *
 * It is stricter than cmetrics. What goes wrong there now and then is an end of the process here: a series that is made
 * while somebody may read, and a touch of the metrics of an instance that has gone. What cmetrics says no to is counted,
 * and the text ends with it.
 *
 * Outputs are named kinesis.0, kinesis.1 and so on, in the order in which they are asked about.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTER, GAUGE, HISTOGRAM };
enum { MAX_OUTPUTS = 256, MAX_LABELS = 8, MAX_BUCKETS = 64 };

struct buckets {
    size_t count;
    double bounds[MAX_BUCKETS];
};

struct series {
    char *labels[MAX_LABELS];
    double value; /* the sum of a histogram */
    uint64_t buckets[MAX_BUCKETS + 1], count;
    struct series *next;
};

struct metric {
    struct cmt *cmt;
    int kind;
    char *name, *help;
    int label_count;
    char *labels[MAX_LABELS];
    struct buckets *buckets;
    struct series *series, **end;
    struct metric *next;
};

/* The metrics of an output. */
struct cmt {
    void *instance;
    char name[32];
    int initialised, gone;
    struct metric *metrics, **end;
};

static struct cmt *outputs[MAX_OUTPUTS];
static int output_count, refusals;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the above, which the static functions expect to be held */

static void fail(const char *why)
{
    fprintf(stderr, "cmetrics: %s\n", why);
    abort();
}

static struct cmt *find(void *instance)
{
    int i;

    for (i = output_count - 1; i >= 0; i--) { /* from the last: a new instance may be where an old one was */
        if (outputs[i]->instance == instance) {
            return outputs[i];
        }
    }
    return NULL;
}

static struct cmt *output(void *instance)
{
    struct cmt *cmt = find(instance);

    if (cmt == NULL || cmt->gone) {
        if (output_count == MAX_OUTPUTS) {
            fail("too many outputs");
        }
        cmt = calloc(1, sizeof *cmt);
        cmt->instance = instance;
        cmt->end = &cmt->metrics;
        snprintf(cmt->name, sizeof cmt->name, "kinesis.%d", output_count);
        outputs[output_count++] = cmt;
    }
    return cmt;
}

static struct metric *create(struct cmt *cmt, int kind, const char *ns, const char *subsystem, const char *name,
                             const char *help, struct buckets *buckets, int label_count, char **labels)
{
    struct metric *metric;
    size_t size;
    int i;

    if (cmt->initialised || cmt->gone) {
        fail("a metric is made when its output has been initialised");
    }
    if (ns == NULL || subsystem == NULL || name == NULL || *name == '\0' || help == NULL || *help == '\0' ||
        label_count > MAX_LABELS) {
        refusals++;
        return NULL;
    }
    metric = calloc(1, sizeof *metric);
    size = strlen(ns) + strlen(subsystem) + strlen(name) + 3;
    metric->name = malloc(size);
    snprintf(metric->name, size, "%s_%s_%s", ns, subsystem, name);
    metric->cmt = cmt;
    metric->kind = kind;
    metric->help = strdup(help);
    metric->buckets = buckets;
    metric->label_count = label_count;
    for (i = 0; i < label_count; i++) {
        metric->labels[i] = strdup(labels[i]);
    }
    metric->end = &metric->series;
    *cmt->end = metric;
    cmt->end = &metric->next;
    return metric;
}

static struct series *get(struct metric *metric, int label_count, char **labels)
{
    struct series *s;
    int i;

    for (s = metric->series; s != NULL; s = s->next) {
        for (i = 0; i < label_count && strcmp(s->labels[i], labels[i]) == 0; i++) {
        }
        if (i == label_count) {
            return s;
        }
    }
    if (metric->cmt->initialised) {
        fail("a series is made when its output has been initialised");
    }
    s = calloc(1, sizeof *s);
    for (i = 0; i < label_count; i++) {
        s->labels[i] = strdup(labels[i]);
    }
    *metric->end = s;
    metric->end = &s->next;
    return s;
}

/* Sets a series to a value, which of a histogram is the sum of what is in the buckets. */
static int set(struct metric *metric, double value, const uint64_t *buckets, uint64_t count, int label_count,
               char **labels)
{
    struct series *s;

    if (metric->cmt->gone) {
        fail("a metric is set of an output that has gone");
    }
    if (label_count != metric->label_count) {
        refusals++;
        return -1;
    }
    s = get(metric, label_count, labels);
    if (metric->kind == COUNTER && value < s->value) {
        refusals++; /* "attempting to reset unresetable counter" */
        return -1;
    }
    s->value = value;
    s->count = count;
    if (buckets != NULL) {
        memcpy(s->buckets, buckets, (metric->buckets->count + 1) * sizeof *buckets);
    }
    return 0;
}

/* The bound of a bucket comes before the other labels, as in Fluent Bit. */
static void print_labels(FILE *out, const struct metric *metric, const struct series *s, const char *le)
{
    const char *before = "{";
    int i;

    if (le != NULL) {
        fprintf(out, "%sle=\"%s\"", before, le);
        before = ",";
    }
    for (i = 0; i < metric->label_count; i++) {
        fprintf(out, "%s%s=\"%s\"", before, metric->labels[i], s->labels[i]);
        before = ",";
    }
    fprintf(out, *before == ',' ? "}" : "");
}

static void print_histogram(FILE *out, const struct metric *metric, const struct series *s)
{
    char bound[40];
    size_t i;

    for (i = 0; i <= metric->buckets->count; i++) {
        snprintf(bound, sizeof bound, "%g", metric->buckets->bounds[i]);
        if (strchr(bound, '.') == NULL) {
            strcat(bound, ".0");
        }
        fprintf(out, "%s_bucket", metric->name);
        print_labels(out, metric, s, i < metric->buckets->count ? bound : "+Inf");
        fprintf(out, " %llu\n", (unsigned long long) s->buckets[i]);
    }
    fprintf(out, "%s_sum", metric->name);
    print_labels(out, metric, s, NULL);
    fprintf(out, " %.17g\n%s_count", s->value, metric->name);
    print_labels(out, metric, s, NULL);
    fprintf(out, " %llu\n", (unsigned long long) s->count);
}

static void print_metric(FILE *out, const struct metric *metric)
{
    static const char *const kinds[] = { "counter", "gauge", "histogram" };
    const struct series *s;

    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name, kinds[metric->kind]);
    for (s = metric->series; s != NULL; s = s->next) {
        if (metric->kind == HISTOGRAM) {
            print_histogram(out, metric, s);
            continue;
        }
        fprintf(out, "%s", metric->name);
        print_labels(out, metric, s, NULL);
        fprintf(out, " %.17g\n", s->value);
    }
}

#define LOCKED(type, expression)    \
    type result;                    \
    pthread_mutex_lock(&mutex);     \
    result = expression;            \
    pthread_mutex_unlock(&mutex);   \
    return result

/* What Fluent Bit exports. */

void *flb_output_get_cmt_instance(void *instance)
{
    LOCKED(void *, output(instance));
}

const char *flb_output_name(void *instance)
{
    LOCKED(const char *, output(instance)->name);
}

void *cmt_counter_create(struct cmt *cmt, char *ns, char *subsystem, char *name, char *help, int label_count,
                         char **labels)
{
    LOCKED(void *, create(cmt, COUNTER, ns, subsystem, name, help, NULL, label_count, labels));
}

int cmt_counter_set(struct metric *counter, uint64_t timestamp, double value, int label_count, char **labels)
{
    (void) timestamp;
    LOCKED(int, set(counter, value, NULL, 0, label_count, labels));
}

void *cmt_gauge_create(struct cmt *cmt, char *ns, char *subsystem, char *name, char *help, int label_count,
                       char **labels)
{
    LOCKED(void *, create(cmt, GAUGE, ns, subsystem, name, help, NULL, label_count, labels));
}

int cmt_gauge_set(struct metric *gauge, uint64_t timestamp, double value, int label_count, char **labels)
{
    (void) timestamp;
    LOCKED(int, set(gauge, value, NULL, 0, label_count, labels));
}

void *cmt_histogram_buckets_create_size(double *bounds, size_t count)
{
    struct buckets *buckets = calloc(1, sizeof *buckets);

    if (count < 1 || count >= MAX_BUCKETS) {
        fail("a histogram has no bucket, or too many");
    }
    buckets->count = count;
    memcpy(buckets->bounds, bounds, count * sizeof *bounds);
    return buckets;
}

void *cmt_histogram_create(struct cmt *cmt, char *ns, char *subsystem, char *name, char *help, struct buckets *buckets,
                           int label_count, char **labels)
{
    LOCKED(void *, create(cmt, HISTOGRAM, ns, subsystem, name, help, buckets, label_count, labels));
}

/* The buckets are one more than the bounds, and each has those before it, too: cmetrics writes them out as they are. */
int cmt_histogram_set_default(struct metric *histogram, uint64_t timestamp, uint64_t *buckets, double sum,
                              uint64_t count, int label_count, char **labels)
{
    (void) timestamp;
    LOCKED(int, set(histogram, sum, buckets, count, label_count, labels));
}

/* It is there in Fluent Bit 3.0.7 and later, where a histogram can be copied. */
int cmt_cat_copy_map(void)
{
    fail("cmt_cat_copy_map is for Fluent Bit alone");
    return -1;
}

/* What the host asks for. */

/* Says that an output has been initialised: from here on Fluent Bit reads its metrics. */
void cmetrics_initialised(void *instance)
{
    pthread_mutex_lock(&mutex);
    output(instance)->initialised = 1;
    pthread_mutex_unlock(&mutex);
}

/* Says that Fluent Bit lets go of an output, and of its metrics. */
void cmetrics_gone(void *instance)
{
    pthread_mutex_lock(&mutex);
    output(instance)->gone = 1;
    pthread_mutex_unlock(&mutex);
}

/* Writes what there is into a file, as Prometheus' text, and the number of refusals at its end. 0: it could not. */
int cmetrics_write(const char *path)
{
    FILE *out = fopen(path, "w");
    struct metric *metric;
    int i;

    if (out == NULL) {
        return 0;
    }
    pthread_mutex_lock(&mutex);
    for (i = 0; i < output_count; i++) {
        for (metric = outputs[i]->gone ? NULL : outputs[i]->metrics; metric != NULL; metric = metric->next) {
            print_metric(out, metric);
        }
    }
    fprintf(out, "# %d refusals\n", refusals);
    pthread_mutex_unlock(&mutex);
    return fclose(out) == 0;
}
