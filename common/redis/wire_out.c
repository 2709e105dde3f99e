/* SPDX-License-Identifier: Apache-2.0 */

#include "redis/wire_out.h"

#include <stdlib.h>

#include "base/assert.h"

int wire_out(redisAsyncContext *ac, size_t n, const struct slice *words, redisCallbackFn *fn,
             void *privdata)
{
    const char **data = calloc(n, sizeof(*data));
    size_t *lengths = calloc(n, sizeof(*lengths));
    AM_ASSERT(data && lengths);
    for (size_t i = 0; i < n; i++) {
        data[i] = words[i].len ? (const char *)words[i].data : "";
        lengths[i] = words[i].len;
    }
    int status = redisAsyncCommandArgv(ac, fn, privdata, (int)n, data, lengths);
    free(data);
    free(lengths);
    return status == REDIS_OK ? AM_OK : AM_ECONN;
}
