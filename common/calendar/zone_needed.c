/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/zone_needed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* More are not kept: each is found again when it is needed again. */
#define MISSING_MAX 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *missing[MISSING_MAX]; /* names are never freed, because readers may hold them */
static size_t n_missing;

static void remember(const char *name)
{
    for (size_t i = 0; i < n_missing; i++)
        if (strcmp(missing[i], name) == 0)
            return;
    if (n_missing == MISSING_MAX)
        return;
    missing[n_missing] = strdup(name);
    AM_ASSERT(missing[n_missing] != NULL);
    n_missing++;
}

const struct zone *zone_needed(const char *name)
{
    const struct zone *z = zone_get(name);
    if (z)
        return z;
    AM_ASSERT(pthread_mutex_lock(&lock) == 0);
    remember(name);
    AM_ASSERT(pthread_mutex_unlock(&lock) == 0);
    return NULL;
}

const char *zone_missing(void)
{
    const char *found = NULL;
    AM_ASSERT(pthread_mutex_lock(&lock) == 0);
    for (size_t i = 0; i < n_missing && !found; i++)
        found = zone_get(missing[i]) ? NULL : missing[i];
    AM_ASSERT(pthread_mutex_unlock(&lock) == 0);
    return found;
}
