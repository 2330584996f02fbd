/*
 * What Fluent Bit does is in its src/flb_plugin_proxy.c and src/proxy/go/go.c. The structs are laid out as Fluent Bit's, as far as a plugin looks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "lend.h"
#include "metrics.h"
#include "plugin.h"
#include "settings.h"

/* The functions that a plugin may call back. A Go output plugin calls the first. */
struct api {
    char *(*get)(char *key, void *instance);
    char *(*unused[5])(char *key, void *instance);
};

/* Of this, the plugin sets and sees the first field only. */
struct context {
    void *remote;
    void *proxy;
};

/*
 * What FLBPluginInit is passed. Fluent Bit has one of these per library and overwrites it for each instance; so does
 * the host, and a plugin that keeps the pointer reads another instance's options.
 */
struct output_plugin {
    char *name;
    struct api *api;
    void *instance;
    struct context *context;
};

struct worker {
    struct queue *queue;
    struct thread *thread;
};

struct instance {
    char *options; /* "key\0value\0..." */
    size_t options_size;
    struct context *context;
    struct worker *workers; /* settings.workers of them */
    unsigned long turn;     /* of the worker that is next; guarded by the lock */
};

struct queue *main_queue;

static struct loading loading;
static struct definition definition;
static struct api api;
static struct output_plugin output;

static int (*plugin_register)(struct definition *);
static int (*plugin_init)(struct output_plugin *);
static int (*plugin_flush)(const void *, int, char *);
static int (*plugin_flush_ctx)(void *, const void *, int, char *);
static int (*plugin_exit_all)(void);
static int (*plugin_exit_ctx)(void *);
static void (*plugin_unregister)(struct definition *);

/* Of a library built to measure coverage: writes the counters, which a Go library does not do by itself at exit. */
static void (*plugin_write_coverage)(void);

enum { MAX_INSTANCES = 256 };
static struct instance *instances[MAX_INSTANCES]; /* guarded by the lock */
static unsigned long instance_count;              /* guarded by the lock */

/* Keys compare without case, as in flb_output_get_property. */
static int same_key(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
        int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;

        if (x != y) {
            return 0;
        }
    }
    return *a == *b;
}

static char *get_option(char *key, void *opaque)
{
    struct instance *instance = opaque;
    char *at = instance->options;
    char *end = at + instance->options_size;

    while (at < end) {
        char *value = at + strlen(at) + 1;

        if (same_key(at, key)) {
            return value;
        }
        at = value + strlen(value) + 1;
    }
    return NULL;
}

/* ISO C has no cast from a data pointer to a function's; POSIX and Windows promise that the bytes are the same. */
#define FIND(function, name)                                \
    do {                                                    \
        void *symbol = platform_symbol(library, name);      \
        memcpy(&(function), &symbol, sizeof(function));     \
    } while (0)

static const struct definition *load_and_register(char *error, size_t size)
{
    const char *missing;
    int linked = strcmp(settings.library, "-") == 0;
    void *library = platform_open_library(linked ? NULL : settings.library, error, size);

    if (library == NULL) {
        return NULL;
    }
    FIND(plugin_register, "FLBPluginRegister");
    FIND(plugin_init, "FLBPluginInit");
    FIND(plugin_flush, "FLBPluginFlush");
    FIND(plugin_flush_ctx, "FLBPluginFlushCtx");
    FIND(plugin_exit_all, "FLBPluginExit");
    FIND(plugin_exit_ctx, "FLBPluginExitCtx");
    FIND(plugin_unregister, "FLBPluginUnregister");
    FIND(plugin_write_coverage, "FLBHostWriteCoverage");

    missing = plugin_register == NULL                             ? "FLBPluginRegister"
              : plugin_init == NULL                               ? "FLBPluginInit"
              : settings.no_context && plugin_flush == NULL       ? "FLBPluginFlush"
              : !settings.no_context && plugin_flush_ctx == NULL  ? "FLBPluginFlushCtx"
                                                                  : NULL;
    if (missing != NULL) {
        snprintf(error, size, "the library does not export %s", missing);
        return NULL;
    }
    if (plugin_register(&definition) == -1) {
        snprintf(error, size, "FLBPluginRegister refused with -1");
        return NULL;
    }
    if (definition.type != OUTPUT_PLUGIN || definition.proxy != GO_PROXY || definition.name == NULL ||
        definition.name[0] == '\0') {
        snprintf(error, size, "FLBPluginRegister registered type %d, proxy %d, name \"%s\": want type %d, proxy %d, a name",
                 definition.type, definition.proxy, definition.name == NULL ? "" : definition.name, OUTPUT_PLUGIN,
                 GO_PROXY);
        return NULL;
    }
    api.get = get_option;
    output.name = definition.name;
    output.api = &api;
    return &definition;
}

const struct definition *plugin_load(char *error, size_t size)
{
    const struct definition *registered;
    int64_t started;

    loading.resident = platform_usage().resident;
    started = platform_now();
    registered = load_and_register(error, size);
    loading.took = platform_now() - started;
    return registered;
}

struct loading plugin_loading(void)
{
    return loading;
}

static void serve(void *argument)
{
    struct worker *worker = argument;

    queue_serve(worker->queue);
}

static void start_workers(struct instance *instance)
{
    int i;

    instance->workers = allocate((size_t) settings.workers * sizeof *instance->workers);
    for (i = 0; i < settings.workers; i++) {
        instance->workers[i].queue = queue_new();
        instance->workers[i].thread = thread_start(serve, &instance->workers[i]);
    }
}

int instance_init(char *options, size_t size)
{
    struct instance *instance = allocate(sizeof *instance);
    int64_t started;
    int code;

    memset(instance, 0, sizeof *instance);
    instance->options = options;
    instance->options_size = size;
    instance->context = allocate(sizeof *instance->context);
    memset(instance->context, 0, sizeof *instance->context);

    output.instance = instance;
    output.context = instance->context;
    started = platform_now();
    code = plugin_init(&output);
    if (loading.first == 0) {
        loading.first = platform_now() - started;
    }
    if (code <= 0) {
        return code; /* Fluent Bit ends here; what the instance holds goes with the process */
    }

    metrics_initialised(instance);
    start_workers(instance);
    platform_lock();
    if (instance_count == MAX_INSTANCES) {
        give_up("more than %d instances", MAX_INSTANCES);
    }
    instances[instance_count++] = instance;
    platform_unlock();
    return code;
}

struct instance *instance_get(unsigned long number)
{
    struct instance *instance;

    platform_lock();
    instance = number < instance_count ? instances[number] : NULL;
    platform_unlock();
    return instance;
}

struct queue *instance_queue(struct instance *instance)
{
    unsigned long turn;

    if (settings.workers == 0) {
        return main_queue;
    }
    platform_lock();
    turn = instance->turn++;
    platform_unlock();
    return instance->workers[turn % (unsigned long) settings.workers].queue;
}

/* The arguments and the answer of a flush, for the function that runs on the coroutine. */
struct call {
    struct instance *instance;
    const char *data;
    int size;
    char *tag;
    int code;
};

static void call_flush(void *argument)
{
    struct call *call = argument;

    if (settings.no_context) {
        call->code = plugin_flush(call->data, call->size, call->tag);
    }
    else {
        call->code = plugin_flush_ctx(call->instance->context->remote, call->data, call->size, call->tag);
    }
}

int instance_flush(struct instance *instance, const char *tag, const char *data, size_t size,
                   struct coroutine *coroutine)
{
    struct loan loan = { (char *) tag, (char *) data, NULL, 0 };
    struct call call;

    if (!settings.share) {
        loan = lend(tag, data, size);
    }
    call.instance = instance;
    call.data = loan.data;
    call.size = (int) size;
    call.tag = loan.tag;
    if (coroutine != NULL) {
        coroutine_call(coroutine, call_flush, &call);
    }
    else {
        call_flush(&call);
    }
    if (!settings.share) {
        lend_end(loan);
    }
    return call.code;
}

void plugin_wake_workers(void)
{
    struct instance *instance;
    unsigned long number;
    int i;

    for (number = 0; (instance = instance_get(number)) != NULL; number++) {
        for (i = 0; i < settings.workers; i++) {
            queue_wake(instance->workers[i].queue);
        }
    }
}

/*
 * The context that FLBPluginExitCtx is given. Before fluent/fluent-bit#6469, there was one place for it in a library,
 * and so it was the last instance's each time.
 */
static void *exit_context(struct instance *instance)
{
    return settings.last_context ? output.context->remote : instance->context->remote;
}

static void exit_instances(void)
{
    struct instance *instance;
    unsigned long number;

    for (number = 0; !settings.no_exit && (instance = instance_get(number)) != NULL; number++) {
        if (!settings.no_context && plugin_exit_ctx != NULL) {
            plugin_exit_ctx(exit_context(instance));
        }
        else if (plugin_exit_all != NULL) {
            plugin_exit_all();
        }
        metrics_gone(instance);
    }
}

void plugin_reload(void)
{
    struct definition next;

    memset(&next, 0, sizeof next);
    plugin_register(&next);
    exit_instances();
    if (plugin_unregister != NULL) {
        plugin_unregister(&definition);
    }
    definition = next;
    output.name = definition.name;
    platform_lock();
    instance_count = 0;
    platform_unlock();
}

void plugin_exit(void)
{
    struct instance *instance;
    unsigned long number;
    int i;

    for (number = 0; (instance = instance_get(number)) != NULL; number++) {
        for (i = 0; i < settings.workers; i++) {
            thread_join(instance->workers[i].thread);
        }
    }
    exit_instances();
    if (plugin_unregister != NULL) {
        plugin_unregister(&definition);
    }
    if (plugin_write_coverage != NULL) {
        plugin_write_coverage();
    }
}
