#include <string.h>

#include "metrics.h"
#include "platform.h"
#include "settings.h"

static void (*initialised)(void *instance);
static void (*gone)(void *instance);
static int (*write_text)(const char *path);

int metrics_load(char *error, size_t size)
{
    void *library, *symbol;

    if (settings.metrics == NULL) {
        return 1;
    }
    library = platform_share_library(settings.metrics, error, size);
    if (library == NULL) {
        return 0;
    }
    symbol = platform_symbol(library, "cmetrics_initialised");
    memcpy(&initialised, &symbol, sizeof symbol);
    symbol = platform_symbol(library, "cmetrics_gone");
    memcpy(&gone, &symbol, sizeof symbol);
    symbol = platform_symbol(library, "cmetrics_write");
    memcpy(&write_text, &symbol, sizeof symbol);
    return 1;
}

void metrics_initialised(void *instance)
{
    if (initialised != NULL) {
        initialised(instance);
    }
}

void metrics_gone(void *instance)
{
    if (gone != NULL) {
        gone(instance);
    }
}

int metrics_write(const char *path)
{
    return write_text != NULL && write_text(path);
}
