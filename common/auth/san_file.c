/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/san_file.h"

#include <pthread.h>
#include <stdlib.h>

#include "auth/text_file.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/time.h"
#include "io/loop.h"

#define LOOK_US US_PER_S

struct san_file {
    const char *path;
    struct stat was;
    struct loop_timer *timer;
    struct auth_checker checker;
    pthread_mutex_t lock;
    struct san_map *map; /* under the lock */
};

/* The map of the file as it is, or NULL with its mistakes told. */
static struct san_map *read_map(struct san_file *f, void (*tell)(void *ctx, int line, const char *),
                                void *ctx)
{
    char why[TEXT_FILE_WHY_BYTES];
    size_t len = 0;
    struct san_map *map = NULL;
    char *text = malloc(SAN_BYTES_MAX);
    AM_ASSERT(text != NULL);
    if (text_file_read(f->path, text, SAN_BYTES_MAX, &len, &f->was, why))
        tell(ctx, 0, why);
    else
        map = san_map_read(text, len, tell, ctx);
    free(text);
    return map;
}

static void log_mistake(void *ctx, int line, const char *what)
{
    const struct san_file *f = ctx;
    log_error("auth", "certificate_map_kept", LOG_STR("file", f->path), LOG_INT("line", line),
              LOG_STR("why", what));
}

static void look(void *ctx)
{
    struct san_file *f = ctx;
    struct san_map *map = text_file_changed(f->path, &f->was) ? read_map(f, log_mistake, f) : NULL;
    if (map) {
        AM_ASSERT(pthread_mutex_lock(&f->lock) == 0);
        struct san_map *before = f->map;
        f->map = map;
        AM_ASSERT(pthread_mutex_unlock(&f->lock) == 0);
        san_map_free(before);
        log_info("auth", "certificate_map", LOG_STR("file", f->path),
                 LOG_INT("lines", (int64_t)san_map_lines(map)));
    }
    loop_timer_start(f->timer, LOOK_US);
}

static bool alive(void *ctx, const struct auth_identity *identity, int64_t now_us)
{
    (void)now_us;
    return san_file_alive(ctx, identity);
}

const struct auth_checker *san_file_checker(const struct san_file *f)
{
    return &f->checker;
}

int san_file_new(const char *path, struct loop *loop,
                 void (*tell)(void *ctx, int line, const char *what), void *ctx,
                 struct san_file **out)
{
    struct san_file *f = calloc(1, sizeof *f);
    AM_ASSERT(f != NULL);
    f->path = path;
    f->map = read_map(f, tell, ctx);
    if (!f->map) {
        free(f);
        return AM_EINVAL;
    }
    AM_ASSERT(pthread_mutex_init(&f->lock, NULL) == 0);
    f->checker = (struct auth_checker){.name = "certificate", .alive = alive, .ctx = f};
    f->timer = loop_timer_new(loop, look, f);
    loop_timer_start(f->timer, LOOK_US);
    *out = f;
    return AM_OK;
}

void san_file_free(struct san_file *f)
{
    if (!f)
        return;
    loop_timer_free(f->timer);
    san_map_free(f->map);
    AM_ASSERT(pthread_mutex_destroy(&f->lock) == 0);
    free(f);
}

int san_file_find(struct san_file *f, const struct san *names, size_t n, struct arena *arena,
                  struct auth_identity *out, const char **why)
{
    AM_ASSERT(pthread_mutex_lock(&f->lock) == 0);
    const int err = san_map_find(f->map, names, n, arena, out, why);
    AM_ASSERT(pthread_mutex_unlock(&f->lock) == 0);
    return err;
}

bool san_file_alive(struct san_file *f, const struct auth_identity *identity)
{
    AM_ASSERT(pthread_mutex_lock(&f->lock) == 0);
    const bool alive = san_map_alive(f->map, identity);
    AM_ASSERT(pthread_mutex_unlock(&f->lock) == 0);
    return alive;
}
