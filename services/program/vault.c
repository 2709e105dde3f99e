/* SPDX-License-Identifier: Apache-2.0 */

#include "program/vault.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"

#define LOOK_US (2 * US_PER_S)

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_masters(struct program_vault *v)
{
    struct masters fresh;
    char why[MASTER_WHY_BYTES];
    const int rc = masters_read(v->path, &fresh, why);
    if (rc != AM_OK) {
        log_error("program", "master_keys_unusable", LOG_STR("path", v->path), LOG_STR("why", why));
        return AM_EINVAL;
    }
    v->masters = fresh;
    masters_forget(&fresh);
    log_info("program", "master_keys", LOG_STR("wraps", v->masters.keys[0].name),
             LOG_INT("keys", (int64_t)v->masters.n));
    return AM_OK;
}

/* Follows a symbolic link, as orchestrators replace files. */
static void look(void *ctx)
{
    struct program_vault *v = ctx;
    struct stat now;
    if (stat(v->path, &now) == 0 && !same_file(&now, &v->seen)) {
        v->seen = now;
        if (read_masters(v) == AM_OK)
            customer_keys_masters_changed(v->keys);
    }
    loop_timer_start(v->look, LOOK_US);
}

static struct pg *keys_pg(struct loop *loop, const char *conninfo)
{
    const struct pg_config config = {
        .conninfo = conninfo,
        .reads_only = true,
        .application_name = "amends-keys",
        .stmts = customer_keys_stmts,
        .n_stmts = CUSTOMER_KEYS_STMTS,
    };
    return pg_new(loop, &config);
}

int program_vault_start(struct program_vault *v, struct loop *loop, const struct settings *s,
                        struct pg *pg, struct store *store)
{
    *v = (struct program_vault){.path = s->master_keys};
    if (!*v->path)
        return AM_OK;
    (void)stat(v->path, &v->seen);
    if (read_masters(v) != AM_OK)
        return AM_EINVAL;
    v->pg = *s->keys_pg ? keys_pg(loop, s->keys_pg) : NULL;
    v->keys = customer_keys_new(loop, v->pg ? v->pg : pg, v->pg ? 0 : store_stmt_customer_keys,
                                &v->masters);
    store_use_keys(store, v->keys);
    v->look = loop_timer_new(loop, look, v);
    loop_timer_start(v->look, LOOK_US);
    return AM_OK;
}

void program_vault_close(struct program_vault *v, void (*done)(void *ctx), void *ctx)
{
    if (v->pg)
        pg_close(v->pg, done, ctx);
    else
        done(ctx);
}

void program_vault_end(struct program_vault *v)
{
    loop_timer_free(v->look);
    customer_keys_free(v->keys);
    if (v->pg)
        pg_free(v->pg);
    masters_forget(&v->masters);
}
