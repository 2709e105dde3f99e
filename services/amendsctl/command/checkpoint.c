/* SPDX-License-Identifier: Apache-2.0 */
#include "amendsctl/command/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "amendsctl/command/checkpoint_file.h"
#include "amendsctl/out.h"
#include "amendsctl/table.h"
#include "base/assert.h"

#define PART_ARENA_BYTES (64u << 20)
#define PAGE 100
#define WRONG 1 /* exit code: something was found, or the line was wrong */

/* -- verify --all ------------------------------------------------------------------------------ */

#define BAR 40

struct totals {
    int64_t checkpoints, heads, cases, events, findings;
    bool keys_known;
};

static void show_progress(const struct totals *t, int permille)
{
    char bar[BAR + 1];
    const int full = permille * BAR / 1000;
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)(full < BAR ? full : BAR));
    bar[BAR] = '\0';
    out_progress(permille >= 1000,
                 "[%s] %3d %%  %" PRId64 " checkpoints, %" PRId64 " cases, %" PRId64 " findings",
                 bar, permille / 10, t->checkpoints, t->cases, t->findings);
}

static void add_part(struct totals *t, const Amends__V1__VerifyHistoriesResponse *r)
{
    t->checkpoints += r->checkpoints;
    t->heads += r->heads;
    t->cases += r->cases;
    t->events += r->events;
    t->findings += (int64_t)r->n_findings;
    t->keys_known = r->keys_known;
}

/* One part, with memory of its own; its token is copied to `token`. */
static int verify_part(const struct ctl *c, struct totals *t, struct table *table, char *token,
                       size_t size)
{
    struct arena arena;
    arena_init(&arena, PART_ARENA_BYTES);
    const struct ctl part = {.line = c->line, .client = c->client, .arena = &arena};
    Amends__V1__VerifyHistoriesRequest request = AMENDS__V1__VERIFY_HISTORIES_REQUEST__INIT;
    const ProtobufCMessage *reply = NULL;
    request.page_token = token;
    int code = ctl_call(&part, "VerifyHistories", &request.base, &reply);
    if (code == 0) {
        const Amends__V1__VerifyHistoriesResponse *r =
            (const Amends__V1__VerifyHistoriesResponse *)reply;
        add_part(t, r);
        if (c->line->json)
            out_json(reply);
        else
            (void)table_page(table, reply, "findings", &c->line->view, &arena);
        show_progress(t, r->progress_permille);
        AM_ASSERT(strlen(r->next_page_token) < size);
        memcpy(token, r->next_page_token, strlen(r->next_page_token) + 1);
    }
    arena_free(&arena);
    return code;
}

static void print_totals(const struct totals *t)
{
    out_line("%" PRId64 " findings in %" PRId64 " cases (%" PRId64 " events) and %" PRId64
             " checkpoints (%" PRId64 " heads)",
             t->findings, t->cases, t->events, t->checkpoints, t->heads);
    if (t->checkpoints == 0)
        out_error("amendsctl: there is no checkpoint: nothing can tell whether last events were "
                  "cut away");
    else if (!t->keys_known)
        out_error("amendsctl: the server was not told which keys may sign: compare the key ids of "
                  "`checkpoint list` with your own");
}

int checkpoint_run_verify_all(const struct ctl *c)
{
    struct totals totals = {0};
    struct table table;
    char token[1024] = "";
    int code = 0;
    if (!c->line->all) {
        out_error("amendsctl: verify needs --all; one case is verified by: amendsctl case verify "
                  "CASE_ID");
        return WRONG;
    }
    table_init(&table, "kind,checkpoint,case_id,sequence,row,field,problem", c->arena);
    do
        code = verify_part(c, &totals, &table, token, sizeof token);
    while (code == 0 && token[0] != '\0');
    if (code)
        return code;
    if (!c->line->json)
        print_totals(&totals);
    return totals.findings > 0 ? WRONG : 0;
}

/* -- export ------------------------------------------------------------------------------------ */

static int write_part(FILE *file, const Amends__V1__CheckpointFilePart *part)
{
    if (checkpoint_file_write(file, part))
        return 0;
    out_error("amendsctl: the file cannot be written: %s", strerror(errno));
    return WRONG;
}

static int export_heads(const struct ctl *c, FILE *file, int64_t number)
{
    Amends__V1__GetCheckpointHeadsRequest request = AMENDS__V1__GET_CHECKPOINT_HEADS_REQUEST__INIT;
    int code = 0;
    bool more = true;
    request.number = number;
    for (; code == 0 && more; request.part++) {
        struct arena arena;
        arena_init(&arena, PART_ARENA_BYTES);
        const struct ctl part = {.line = c->line, .client = c->client, .arena = &arena};
        Amends__V1__CheckpointFilePart out = AMENDS__V1__CHECKPOINT_FILE_PART__INIT;
        const ProtobufCMessage *reply = NULL;
        code = ctl_call(&part, "GetCheckpointHeads", &request.base, &reply);
        if (code == 0) {
            out.heads = ((const Amends__V1__GetCheckpointHeadsResponse *)reply)->heads;
            more = ((const Amends__V1__GetCheckpointHeadsResponse *)reply)->more;
            code = write_part(file, &out);
        }
        arena_free(&arena);
    }
    return code;
}

/* A page of checkpoints behind `*after`, each given to `each`; `*n` = how many there were. */
static int walk_page(const struct ctl *c, int64_t *after, size_t *n,
                     int (*each)(const struct ctl *c, const Amends__V1__Checkpoint *m, void *ctx),
                     void *ctx)
{
    struct arena arena;
    arena_init(&arena, PART_ARENA_BYTES);
    const struct ctl page = {.line = c->line, .client = c->client, .arena = &arena};
    Amends__V1__ListCheckpointsRequest request = AMENDS__V1__LIST_CHECKPOINTS_REQUEST__INIT;
    const ProtobufCMessage *reply = NULL;
    request.page_size = PAGE;
    request.after_number = *after;
    int code = ctl_call(&page, "ListCheckpoints", &request.base, &reply);
    const Amends__V1__ListCheckpointsResponse *r =
        (const Amends__V1__ListCheckpointsResponse *)reply;
    *n = code == 0 ? r->n_checkpoints : 0;
    for (size_t i = 0; code == 0 && i < *n; i++) {
        *after = r->checkpoints[i]->number;
        code = each(c, r->checkpoints[i], ctx);
    }
    arena_free(&arena);
    return code;
}

struct exporting {
    FILE *file;
    int64_t checkpoints, heads;
};

static int export_one(const struct ctl *c, const Amends__V1__Checkpoint *m, void *ctx)
{
    struct exporting *x = ctx;
    Amends__V1__CheckpointFilePart part = AMENDS__V1__CHECKPOINT_FILE_PART__INIT;
    part.checkpoint = (Amends__V1__Checkpoint *)(uintptr_t)m;
    int code = write_part(x->file, &part);
    if (code == 0 && m->heads > 0)
        code = export_heads(c, x->file, m->number);
    x->checkpoints++;
    x->heads += m->heads;
    return code;
}

int checkpoint_run_export(const struct ctl *c)
{
    const Amends__V1__ListCheckpointsRequest *req =
        (const Amends__V1__ListCheckpointsRequest *)c->line->request;
    const char *name = c->line->local[LOCAL_OUT];
    struct exporting x = {.file = name ? fopen(name, "wb") : NULL};
    int64_t after = req->after_number;
    size_t n = 1;
    int code = 0;
    if (!x.file) {
        out_error("amendsctl: --out %s", name ? strerror(errno) : "is missing: a file to write");
        return WRONG;
    }
    while (code == 0 && n > 0)
        code = walk_page(c, &after, &n, export_one, &x);
    if (fclose(x.file) != 0 && code == 0) {
        out_error("amendsctl: %s cannot be written: %s", name, strerror(errno));
        code = WRONG;
    }
    if (code == 0)
        out_line("%" PRId64 " checkpoints, %" PRId64 " heads, to %" PRId64, x.checkpoints, x.heads,
                 after);
    return code;
}

/* -- check and verify -------------------------------------------------------------------------- */

struct checking {
    struct sign_keys *keys; /* NULL = none were given */
    struct checkpoint last; /* number 0 = none yet */
    char tenant[256];
    struct digest_ctx *digest; /* of its heads; NULL before the first checkpoint */
    int64_t heads, checkpoints, findings;
    FILE *file;
};

static void finding(struct checking *k, int64_t number, const char *problem)
{
    k->findings++;
    out_line("checkpoint %" PRId64 ": %s", number, problem);
}

static void end_heads(struct checking *k)
{
    uint8_t hash[DIGEST_LEN];
    if (!k->digest)
        return;
    digest_end(k->digest, hash);
    k->digest = NULL;
    if (memcmp(hash, k->last.heads_hash, sizeof hash) != 0 || k->heads != k->last.heads)
        finding(k, k->last.number, "its heads are not those that were signed");
}

/* A file may begin at any checkpoint: what the first one links to is then not known. */
static void check_checkpoint(struct checking *k, const Amends__V1__Checkpoint *m)
{
    struct checkpoint c;
    bool signature;
    end_heads(k);
    if (!checkpoint_of_message(m, &c)) {
        finding(k, m->number, "it is damaged");
        return;
    }
    const bool first = k->checkpoints == 0;
    const char *problem =
        checkpoint_problem(m->tenant, &c, first ? c.number - 1 : k->last.number,
                           first ? c.prev_hash : k->last.hash, k->keys, &signature);
    if (problem)
        finding(k, c.number, problem);
    else if (!first && strcmp(k->tenant, m->tenant) != 0)
        finding(k, c.number, "it is of another tenant");
    (void)snprintf(k->tenant, sizeof k->tenant, "%s", m->tenant);
    k->last = c;
    k->checkpoints++;
    k->heads = 0;
    k->digest = digest_begin();
}

static void check_part(struct checking *k, const Amends__V1__CheckpointFilePart *part)
{
    if (part->checkpoint)
        check_checkpoint(k, part->checkpoint);
    if (part->heads.len == 0 || !k->digest)
        return;
    digest_add(k->digest, part->heads.data, part->heads.len);
    k->heads += (int64_t)(part->heads.len / CHECKPOINT_HEAD_BYTES);
}

/* Walks over the file; `each` sees every checkpoint and may be NULL. */
static int check_file(struct checking *k)
{
    int rc = 1;
    while (rc == 1) {
        struct arena arena;
        Amends__V1__CheckpointFilePart *part = NULL;
        arena_init(&arena, PART_ARENA_BYTES);
        rc = checkpoint_file_read(k->file, &arena, &part);
        if (rc == 1)
            check_part(k, part);
        arena_free(&arena);
    }
    end_heads(k);
    if (rc < 0)
        finding(k, k->last.number, "the file is damaged behind it");
    return k->findings > 0 ? WRONG : 0;
}

static int open_file(const struct ctl *c, struct checking *k)
{
    const char *key = c->line->local[LOCAL_PUBLIC_KEY];
    const char *why = NULL;
    if (key && sign_keys_read(key, &k->keys, &why) != AM_OK) {
        out_error("amendsctl: --public-key: %s %s", key, why);
        return WRONG;
    }
    k->file = fopen(c->line->file, "rb");
    if (!k->file) {
        out_error("amendsctl: %s: %s", c->line->file, strerror(errno));
        return WRONG;
    }
    return 0;
}

static int close_file(struct checking *k, int code)
{
    char id[SIGN_KEY_ID_SIZE];
    sign_key_id(k->last.public_key, id);
    if (k->file)
        (void)fclose(k->file);
    if (k->file && k->checkpoints > 0)
        out_line("%" PRId64 " findings in %" PRId64 " checkpoints of %s, to %" PRId64
                 ", signed last by %s%s",
                 k->findings, k->checkpoints, k->tenant, k->last.number, id,
                 k->keys ? "" : " (no --public-key was given, so any key was taken)");
    else if (k->file)
        out_line("the file has no checkpoints");
    sign_keys_free(k->keys);
    return code;
}

int checkpoint_run_check(const struct ctl *c)
{
    struct checking k = {0};
    int code = open_file(c, &k);
    return close_file(&k, code ? code : check_file(&k));
}

/* -- the server against the file --------------------------------------------------------------- */

/* The next checkpoint of the file into `c`; false at its end. */
static bool next_of_file(struct checking *k, struct checkpoint *c)
{
    bool found = false;
    int rc = 1;
    while (rc == 1 && !found) {
        struct arena arena;
        Amends__V1__CheckpointFilePart *part = NULL;
        arena_init(&arena, PART_ARENA_BYTES);
        rc = checkpoint_file_read(k->file, &arena, &part);
        found = rc == 1 && part->checkpoint && checkpoint_of_message(part->checkpoint, c);
        arena_free(&arena);
    }
    return found;
}

struct comparing {
    struct checking *k;
    struct checkpoint file; /* the next one of the file */
    bool more;
};

static int compare_one(const struct ctl *c, const Amends__V1__Checkpoint *m, void *ctx)
{
    struct comparing *x = ctx;
    struct checkpoint server;
    (void)c;
    while (x->more && x->file.number < m->number) {
        finding(x->k, x->file.number, "the server does not have it any more");
        x->more = next_of_file(x->k, &x->file);
    }
    if (!x->more || x->file.number != m->number)
        return 0;
    if (!checkpoint_of_message(m, &server) ||
        memcmp(server.hash, x->file.hash, sizeof server.hash) != 0)
        finding(x->k, m->number, "the server has another one: its checkpoints were written anew");
    x->more = next_of_file(x->k, &x->file);
    return 0;
}

static int compare_with_server(const struct ctl *c, struct checking *k)
{
    struct comparing x = {.k = k};
    size_t n = 1;
    int code = 0;
    rewind(k->file);
    x.more = next_of_file(k, &x.file);
    int64_t after = x.file.number - 1;
    while (code == 0 && n > 0 && x.more)
        code = walk_page(c, &after, &n, compare_one, &x);
    for (; code == 0 && x.more; x.more = next_of_file(k, &x.file))
        finding(k, x.file.number, "the server does not have it any more");
    return code;
}

int checkpoint_run_verify(const struct ctl *c)
{
    struct checking k = {0};
    int code = open_file(c, &k);
    if (code == 0)
        code = check_file(&k);
    if (code == 0 && k.checkpoints > 0)
        code = compare_with_server(c, &k);
    return close_file(&k, code == 0 && k.findings > 0 ? WRONG : code);
}
