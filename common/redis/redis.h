/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The Redis client: one connection for commands and one for a wake-up channel, on the io loop.
 * Redis is a hint only, so nothing waits for it: when it is away, or answers no command for a
 * second, every caller is told at once and goes on from PostgreSQL. There is no retry queue.
 *
 * Connecting never blocks the loop; it is repeated with capped, jittered back-off. A server is used
 * only if it is a primary with maxmemory-policy noeviction, because an eviction would be a silent
 * loss. What is in Redis must be written again (`on_reload`) after every connect, when the server
 * or its replication history is another one (run_id, master_replid), and when the epoch key is
 * missing or was written by somebody else.
 *
 * Threading: io loop's thread. Ownership: arguments are copied out before a call returns; replies
 * are borrowed during the callback.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "io/loop.h"
#include "io/tls_files.h"

struct redis;

/* A Lua script: run by its digest, sent whole where the server does not have it. */
struct redis_script {
    const char *name; /* for logs */
    const char *source;
};

struct redis_config {
    /* redis://[user[:password]@]host[:port][/db]; with NULL or "" Redis is always away. */
    const char *url;
    /* For rediss://: the CAs of the server and our certificate; NULL = the CAs of the system. Every
     * connection is made with the files as they are then. Borrowed. */
    const struct tls_files *tls;
    const char *password_file; /* holds the password; NULL or "" = the URL's, if any */
    const char *epoch_key; /* see redis_loaded(); NULL = nothing is kept there, only published */
    const char *channel;   /* subscribed to; NULL = none */
    const struct redis_script *scripts; /* constants; redis_eval() names them by index */
    size_t n_scripts;
    int64_t command_timeout_ms; /* 0 = 1000; a late reply drops the connection */
    size_t max_outstanding;     /* 0 = 8192; commands beyond it are answered "away" */
    /* All may be NULL. on_change() is called when redis_up() has changed. on_reload() is called, as
     * said above, while Redis is up. */
    void (*on_change)(void *ctx, bool up);
    void (*on_reload)(void *ctx);
    void (*on_message)(void *ctx, struct slice text);
    void *ctx;
};

/* Starts connecting. AM_EINVAL when the URL or the password file cannot be used (logged with the
 * reason): `rediss` needs hiredis 1.0 or later. The config is copied, its strings are not. */
int redis_new(struct loop *loop, const struct redis_config *config,
              struct redis **out) AM_MUSTCHECK;

/* Drops the connections, answers every outstanding command "away" and frees the client. Must not be
 * called from one of its own callbacks. NULL is allowed. */
void redis_free(struct redis *r);

/* True when commands can be sent. */
bool redis_up(const struct redis *r);

/* Writes a fresh epoch, which says that everything has been written again. Until some process has
 * done so, on_reload() is called every second. Not without an epoch_key. */
void redis_loaded(struct redis *r);

/* -- commands ---------------------------------------------------------------------------------- */

struct redis_reply; /* opaque */

/* Called once for each command, and within the call that sends it when Redis is away. `reply` is
 * NULL when there is none: Redis is away or too slow, too many commands are outstanding, or the
 * server refused. A command's `done` may be NULL. */
typedef void redis_done(void *ctx, const struct redis_reply *reply);

/* The words of one command. */
struct redis_args {
    struct arena *arena;
    size_t n, cap;
    struct slice *words;
};
void redis_args_init(struct redis_args *a, struct arena *arena);
void redis_arg(struct redis_args *a, const char *text); /* borrowed until the command was sent */
void redis_arg_bytes(struct redis_args *a, struct slice bytes);
void redis_arg_int(struct redis_args *a, int64_t v);

void redis_command(struct redis *r, const struct redis_args *words, redis_done *done, void *ctx);

/* Runs a script: the first `n_keys` words are KEYS, the others ARGV. */
void redis_eval(struct redis *r, size_t script, size_t n_keys, const struct redis_args *words,
                redis_done *done, void *ctx);

/* Publishes to the config's channel. Nobody is told whether it arrived. */
void redis_publish(struct redis *r, const char *text);

/* -- replies ----------------------------------------------------------------------------------- */

/* The number of items of an array; 0 for anything else. */
size_t redis_reply_count(const struct redis_reply *r);
/* The i-th item, NULL past the end. */
const struct redis_reply *redis_reply_at(const struct redis_reply *r, size_t i);
/* The value of an integer, or of a string that is a decimal number; 0 for anything else and
 * NULL. */
int64_t redis_reply_int(const struct redis_reply *r);
/* A string, with a NUL behind its end; an empty slice for anything else. */
struct slice redis_reply_text(const struct redis_reply *r);
