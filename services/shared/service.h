/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the RPC handlers of all services share: the parts of the process they work with, and the one
 * way from a call to a command or a read and back.
 *
 * Threading: io loop's thread. Ownership: the service borrows its parts; everything of a call lies
 * in the call's arena.
 */

#include "base/sign.h"
#include "store/store.h"
#include "store/tenants.h"
#include "rpc/server.h"
#include "shared/read_gate.h"

/* Which tokens are given out and taken (shared/token_code.h). */
enum service_tokens {
    SERVICE_TOKENS_AS_BEFORE,   /* written as the last release does; signed ones are taken too */
    SERVICE_TOKENS_SIGNED,      /* written with a signature; others are taken too */
    SERVICE_TOKENS_SIGNED_ONLY, /* others are refused */
};
struct access;
struct feed_wake;
struct feed;

struct service {
    struct loop *loop;
    struct pg *pg;
    struct store *store;
    struct tenants *tenants;
    struct read_gate *gate;       /* NULL: reads are not bounded (tests) */
    const struct sign_keys *keys; /* that sign checkpoints; NULL = none are known */
    struct access *access;        /* NULL: what is shown is not recorded (tests) */
    struct feed_wake *wake;       /* NULL: whoever reads a feed looks once a second (tests) */
    struct feed *feed;            /* of intake; else NULL */
    unsigned compiling;           /* policy bundles, for calls of this moment */
    enum service_tokens tokens;
    const uint8_t *secret; /* of the database, for tokens; NULL until it was read */
};

/* Refuses a call that writes in the system's own name: history says the system did it where the
 * system did it. False when the call goes on. */
bool service_refuses_system(struct rpc_call *call);

/* -- calls that write ------------------------------------------------------------------------- */

/* The rows that a response shows: as the command left them, or as they are now for a replay. */
struct write_rows {
    const struct case_state *c;    /* NULL when none was read */
    const struct agent_row *agent; /* NULL when none was written */
};

/* The response of a command that ended well, made from rows: the fields of type Case, Agent, Remedy
 * and Offer get what the command wrote, `joined` and `created` the flags, a text field the id of
 * what was made. In `arena`, but for the command's warnings; NULL when that is full. */
ProtobufCMessage *write_response(const struct command *cmd, const struct write_rows *rows,
                                 const ProtobufCMessageDescriptor *descriptor, struct arena *arena);

/* The answer of a call that writes. It has an arena of its own: the fullest case has more parts
 * than a call's arena holds, and a command that is decided again makes its response again. */
struct write_answer {
    struct service *service;
    struct rpc_call *call;
    const struct command *cmd;
    const ProtobufCMessageDescriptor *descriptor;
    struct arena arena;
    ProtobufCMessage *response; /* NULL until it was made */
    /* Of a replay whose case is not at hand. */
    struct arena rows;
    struct store_read read;
    struct read_gate_place place;
    void (*done)(struct write_answer *a, const struct fault *fault);
};

/* `a` lies in the call's arena, and ends with the call. */
void write_answer_begin(struct write_answer *a, struct service *service, struct rpc_call *call,
                        const struct command *cmd, const ProtobufCMessageDescriptor *descriptor);

/* Makes the response, in place of the one before. When it is too large: `fault`, and none. */
void write_answer_make(struct write_answer *a, const struct write_rows *rows, struct fault *fault);

/* Reads the case of a replay as it is now, as a read that is admitted like others, and makes the
 * response. Then `done` is called, with a fault when there is none. */
void write_answer_replay(struct write_answer *a,
                         void (*done)(struct write_answer *a, const struct fault *fault));

/* The handler of every RPC that is one command: `about` of its rpc_method is the struct
 * command_kind. Resolves the tenant, validates, submits the command and answers the call. */
void service_write(struct rpc_call *call, void *service);

/* -- calls that read -------------------------------------------------------------------------- */

/* What a reading call may hold at most, in bytes. */
#define READ_NOTHING 0             /* it is no read: it waits, writes or streams */
#define READ_ROW (64u << 10)       /* a few rows */
#define READ_CASE (1u << 20)       /* a usual case; more is asked for by read_call_ask() */
#define READ_CASE_LARGE (8u << 20) /* one with many words, or several */
#define READ_CASE_FULLEST (32u << 20)
#define READ_PAGE (4u << 20) /* a page of a list */

/* The state of one reading call, made by service_read(). */
struct read_call {
    struct service *service;
    struct rpc_call *call;
    const struct tenant *tenant;
    struct arena *arena;
    const ProtobufCMessage *request;
    struct store_read read; /* tenant, arena and deadline are set */
    struct fault fault;
    void *user; /* the handler's own */
    void (*start)(struct read_call *rc);
    struct read_gate_place place;
};

/* Resolves the tenant, waits until the call may hold `bytes`, then calls `start`, which validates
 * and begins a read of `rc->read` or answers. The bytes are given back when it is answered. */
void service_read(struct service *s, struct rpc_call *call, size_t bytes,
                  void (*start)(struct read_call *rc));

/* Gives back what the call may hold and asks for `bytes` instead; the call waits for its turn.
 * Then `start` is called: whatever had been read is to be dropped before and read again. */
void read_call_ask(struct read_call *rc, size_t bytes, void (*start)(struct read_call *rc));

/* To be asked before every slice but the first: true when nobody waits for the answer any more.
 * Then rc->fault says so, and the handler refuses the call. */
bool read_call_gone(struct read_call *rc);

/* A read that may return much asks for slices of about this size. */
#define READ_SLICE_BYTES (256u << 10)

/* Empties `slice` and prepares a read into it, for the call's tenant and deadline. */
void read_slice_begin(struct read_call *rc, struct store_read *read, struct arena *slice,
                      void (*done)(struct store_read *read), void *ctx);

/* How many rows the next slice should have, by what the one before took: 20 when there was none
 * (`rows` 0), at most `left`. */
int read_slice_rows(const struct store_read *read, size_t rows, size_t left);

/* True when the request was fine so far; else the call has been refused with all violations. */
bool read_call_valid(struct read_call *rc);

/* For a read's done(): the call it belongs to, or NULL when the read failed and the call has been
 * refused. */
struct read_call *read_call_done(struct store_read *read);

/* True while a page may take one more item: the arena has room for the largest one and the page
 * token. A page that ends for want of room is shorter than was asked for and has a next page, as
 * AIP-158 allows. */
bool read_call_room(const struct read_call *rc);

/* Refuses the call: its answer does not fit into its arena. */
void read_call_too_large(struct read_call *rc);

/* A page size by AIP-158: 0 = `usual`, more than `most` = `most`, negative = a violation. */
int page_size(struct fault *fault, int32_t given, int usual, int most);
