/* The plugin's library and its instances, treated as Fluent Bit treats them. */
#ifndef FLBHOST_PLUGIN_H
#define FLBHOST_PLUGIN_H

#include <stddef.h>

#include "platform.h"
#include "queue.h"

/* What FLBPluginRegister fills in, laid out as struct flb_plugin_proxy_def of Fluent Bit. */
struct definition {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;
    void *config_map;
};
enum { OUTPUT_PLUGIN = 2, GO_PROXY = 11 };

/* Loads and registers the library. Returns its definition, or NULL with a message in error. */
const struct definition *plugin_load(char *error, size_t size);

/*
 * What the process had in memory before it loaded the library, in bytes, how many microseconds that took, and how many
 * the first FLBPluginInit. Of the main thread, and of others once the library is registered and has an instance.
 */
struct loading {
    int64_t resident;
    int64_t took;
    int64_t first; /* 0: there has been none */
};
struct loading plugin_loading(void);

/* One [OUTPUT] section. Its fields are set by instance_init and read-only from then on. */
struct instance;

/*
 * Makes the next instance, of options "key\0value\0..." (a copy is not taken). Returns what FLBPluginInit answered;
 * only where that is more than 0 there is an instance, and its workers run.
 */
int instance_init(char *options, size_t size);

/* The instance of a number, or NULL. */
struct instance *instance_get(unsigned long number);

/* The queue of the worker whose turn it is, or the main thread's. */
struct queue *instance_queue(struct instance *instance);

/* Calls flush once on the calling thread. */
int instance_flush(struct instance *instance, const char *tag, const char *data, size_t size,
                   struct coroutine *coroutine);

/*
 * What a hot reload does before it makes new instances: registers the plugin once more, as Fluent Bit checks the new
 * configuration while the old one runs, exits all instances in order, and unregisters the old registration. No flush
 * may be under way. The threads of the old workers stay, with nothing to do.
 */
void plugin_reload(void);

/* Has the workers see that the host is stopping. */
void plugin_wake_workers(void);

/* Waits for the workers of all instances, exits the instances in order, and unregisters the plugin. */
void plugin_exit(void);

/* The main thread's queue: initialisation, the end, and flushes where there are no workers. */
extern struct queue *main_queue;

#endif
