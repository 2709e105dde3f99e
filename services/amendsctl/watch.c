/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "amendsctl/out.h"
#include "amendsctl/table.h"
#include "amendsctl/token.h"
#include "base/assert.h"
#include "base/minmax.h"
#include "base/time.h"
#include "contract/reasons.h"
#include "contract/word.h"

#define MESSAGE_BYTES (1u << 20)
#define TRY_BYTES (1u << 20)
#define TOKEN_FIELD "resume_token"
#define PLACE_FIELD "position" /* what the request of a feed calls it */
#define PAUSE_LEAST_MS 100
#define PAUSE_MOST_MS 3000

/* A stream and those that follow it. */
struct watching {
    const struct ctl *c;
    struct table table;
    int64_t ends_us;  /* 0 = never */
    bool let_in;      /* a stream has had a message */
    bool had_message; /* the present one has */
    bool unwritten;   /* nobody reads what is printed */
    char *token;      /* of the last message; NULL = none */
};

/* The text field of that name, which is not repeated; NULL when the message has none. */
static char **text_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    const union {
        const ProtobufCMessage *message;
        char *bytes;
    } at = {message};
    if (!f || f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    return (char **)(void *)(at.bytes + f->offset);
}

static void keep_token(struct watching *w, const ProtobufCMessage *message)
{
    char **token = text_field(message, TOKEN_FIELD);
    if (!token)
        return;
    free(w->token);
    w->token = strdup(*token);
}

static void print_item(const struct watching *w, const ProtobufCMessage *message)
{
    struct arena arena; /* of one line */
    struct view view = w->c->line->view;
    arena_init(&arena, MESSAGE_BYTES);
    view.now_s = (int64_t)time(NULL);
    if (w->c->line->json)
        out_json(message);
    else
        table_line(&w->table, message, &view, &arena);
    arena_free(&arena);
}

/* The messages of the repeated field of that name. */
static ProtobufCMessage *const *items_of(const ProtobufCMessage *message, const char *name,
                                         size_t *n)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    AM_ASSERT(f != NULL && f->label == PROTOBUF_C_LABEL_REPEATED);
    const char *bytes = (const char *)message;
    *n = *(const size_t *)(const void *)(bytes + f->quantifier_offset);
    return *(ProtobufCMessage *const *const *)(const void *)(bytes + f->offset);
}

/* A message is one line, or as many as its list has items. */
static void print_message(const struct watching *w, const ProtobufCMessage *message)
{
    const char *list = w->c->line->command->items;
    size_t n = 0;
    ProtobufCMessage *const *items = list ? items_of(message, list, &n) : NULL;
    if (!list)
        print_item(w, message);
    for (size_t i = 0; i < n; i++)
        print_item(w, items[i]);
}

static bool watched(void *ctx, const ProtobufCMessage *message)
{
    struct watching *w = ctx;
    w->had_message = true;
    keep_token(w, message);
    print_message(w, message);
    w->unwritten = !out_flush();
    return !w->unwritten;
}

/* One stream, on a connection of its own: the last one may lead to a server that is on its way
 * down. */
static int watch_once(struct watching *w, int64_t timeout_ms, struct arena *arena,
                      struct rpc_sync_result *result)
{
    const struct line *line = w->c->line;
    const enum command_server server = line->command->server;
    struct rpc_principal as;
    if (ctl_caller(w->c, &as))
        return AM_EIO; /* printed */
    char **token = text_field(line->request, TOKEN_FIELD);
    if (!token)
        token = text_field(line->request, PLACE_FIELD);
    if (token && w->token)
        *token = w->token;
    struct rpc_sync *client = NULL;
    int err = ctl_connect(line, &client);
    if (err)
        return err;
    err = rpc_sync_stream(client, ctl_service(server),
                          ctl_method_index(server, line->command->method), &as, line->request,
                          timeout_ms, watched, w, arena, result);
    rpc_sync_free(client);
    return err;
}

/* With a token that ended meanwhile, if whoever keeps the file fresh has put another one there. */
static bool has_other_token(const struct watching *w, const struct rpc_sync_result *result)
{
    const char *file = globals_get(&w->c->line->values, GLOBAL_TOKEN_FILE);
    return result->fault.reason == ERROR_REASON_CREDENTIAL_ENDED && file && token_is_fresh(file);
}

static bool may_come_back(enum fault_code code)
{
    return code == FAULT_UNAVAILABLE || code == FAULT_CANCELLED || code == FAULT_INTERNAL ||
           code == FAULT_RESOURCE_EXHAUSTED;
}

/* A farewell is no news. */
static void tell(const struct rpc_sync_result *result)
{
    if (result->fault.reason != ERROR_REASON_STREAM_ENDED &&
        result->fault.reason != ERROR_REASON_CREDENTIAL_ENDED &&
        result->fault.reason != ERROR_REASON_DRAINING)
        out_error("amendsctl: %s; trying again", result->message);
}

/* What is left of the time given; 0 = no end. At least 1 ms: the server then says that it is over.
 */
static int64_t left_ms(const struct watching *w)
{
    return w->ends_us == 0 ? 0 : larger((w->ends_us - time_mono_us()) / US_PER_MS, 1);
}

/* The time that was asked for: the end of it is no failure. */
static bool is_over(const struct watching *w, const struct rpc_sync_result *result)
{
    return w->ends_us != 0 &&
           (result->code == FAULT_DEADLINE_EXCEEDED || time_mono_us() >= w->ends_us);
}

/* How one stream ended: the exit code, or -1 to open another. The first one must have been let in.
 */
static int judge(const struct watching *w, int err, const struct rpc_sync_result *result)
{
    if (err == AM_EIO)
        return 1;
    if (err)
        return ctl_cannot_call(w->c->line, err);
    if (w->let_in && !w->unwritten && is_over(w, result))
        return 0;
    if (w->unwritten || !w->let_in || !(may_come_back(result->code) || has_other_token(w, result)))
        return ctl_report(w->c, result);
    tell(result);
    return -1;
}

static int watch_all(struct watching *w)
{
    int64_t pause_ms = PAUSE_LEAST_MS;
    for (;;) {
        struct rpc_sync_result result = {0};
        struct arena arena;
        arena_init(&arena, TRY_BYTES);
        w->had_message = false;
        const int err = watch_once(w, left_ms(w), &arena, &result);
        w->let_in |= w->had_message;
        const int code = judge(w, err, &result);
        arena_free(&arena);
        if (code >= 0)
            return code;
        pause_ms = w->had_message ? PAUSE_LEAST_MS : smaller(2 * pause_ms, PAUSE_MOST_MS);
        (void)usleep((useconds_t)(pause_ms * US_PER_MS));
    }
}

void ctl_tell_place(const char *token)
{
    out_error("amendsctl: go on with --from %s", token);
}

int ctl_watch(const struct ctl *c)
{
    struct watching w = {.c = c};
    table_init(&w.table, c->line->command->columns, c->arena);
    if (c->line->timeout_ms > 0)
        w.ends_us = time_mono_us() + c->line->timeout_ms * US_PER_MS;
    const int code = watch_all(&w);
    if (w.token && text_field(c->line->request, PLACE_FIELD))
        ctl_tell_place(w.token);
    free(w.token);
    return code;
}
