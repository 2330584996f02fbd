#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "settings.h"

struct settings settings;

static const char *value_of(const char *argument, const char *name)
{
    size_t size = strlen(name);

    return strncmp(argument, name, size) == 0 && argument[size] == '=' ? argument + size + 1 : NULL;
}

static void read_argument(const char *argument)
{
    const char *value;

    if ((value = value_of(argument, "library")) != NULL) {
        settings.library = value;
    }
    else if ((value = value_of(argument, "log")) != NULL) {
        settings.log = value;
    }
    else if ((value = value_of(argument, "metrics")) != NULL) {
        settings.metrics = value;
    }
    else if ((value = value_of(argument, "workers")) != NULL) {
        settings.workers = atoi(value);
    }
    else if ((value = value_of(argument, "retry-limit")) != NULL) {
        settings.retry_limit = atoi(value);
    }
    else if ((value = value_of(argument, "backoff")) != NULL) {
        settings.backoff = strtoll(value, NULL, 10);
    }
    else if ((value = value_of(argument, "no-context")) != NULL) {
        settings.no_context = atoi(value);
    }
    else if ((value = value_of(argument, "last-context")) != NULL) {
        settings.last_context = atoi(value);
    }
    else if ((value = value_of(argument, "no-exit")) != NULL) {
        settings.no_exit = atoi(value);
    }
    else if ((value = value_of(argument, "daemon")) != NULL) {
        settings.daemon = atoi(value);
    }
    else if ((value = value_of(argument, "share")) != NULL) {
        settings.share = atoi(value);
    }
    else if ((value = value_of(argument, "stack")) != NULL) {
        settings.stack_size = strtoll(value, NULL, 10);
    }
    else {
        give_up("argument \"%s\": see main.c for what there is", argument);
    }
}

void settings_read(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        read_argument(argv[i]);
    }
    if (settings.library == NULL || settings.log == NULL || settings.workers < 0) {
        give_up("library=PATH and log=FILE are needed, and workers=N is 0 or more");
    }
}
