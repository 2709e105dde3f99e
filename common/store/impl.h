/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the store share: the numbers of its statements, its state and the state of one
 * segment.
 *
 * Threading: io loop's thread. Private to common/store. Ownership: a segment's state lies in its
 * arena; submissions and reads are their callers'.
 */

#include "base/time.h"
#include "case/model/decision.h"
#include "store/lists/list_sql.h"
#include "store/sealing/customer_keys.h"
#include "store/store.h"
#include "store/table.h"
#include "store/lists/work_sql.h"

#define ERASABLE_TABLES 8

/* Places in store_stmts. First the reads by key arrays (of parts of a case: its pages), then the
 * inserts of new rows (cheaper than upserts), then the upserts, the pages with the newest words,
 * the pages of words, then the reads of segments (few rows of all cases together), each in the
 * order of the tables. */
enum stmt {
    STMT_READ = -TABLE_FIRST_READ, /* STMT_READ + TABLE_CASE is the first one */
    STMT_INSERT = STMT_READ + TABLES_READ,
    STMT_UPSERT = STMT_INSERT + TABLES,
    STMT_READ_WORDS = STMT_UPSERT + TABLES_UPSERT - TABLE_FIRST_WORDS,
    STMT_LIST_WORDS = STMT_READ_WORDS + TABLE_LAST_WORDS + 1 - TABLE_FIRST_WORDS,
    STMT_READ_FEW = STMT_LIST_WORDS + TABLE_LAST_WORDS + 1 - TABLE_FIRST_CHILD,
    STMT_ERASE = STMT_READ_FEW + TABLE_LAST_CHILD + 1, /* one for each of erasable_tables */
    STMT_WORK_DELETE = STMT_ERASE + ERASABLE_TABLES,
    STMT_CLAIM_DELETE,
    STMT_ENDED_DELETE,
    STMT_OPENING,    /* OpenCase: dedup row, the customer's case, the tenant's policy version */
    STMT_REFERENCES, /* which references are taken, and by which case */
    STMT_CASE_SEQ,
    STMT_EVENTS,
    STMT_EVENT_PRIVATES,
    STMT_READ_STEPS, /* of the ladder */
    STMT_LIST_AGENTS,
    STMT_LIST_CASES, /* one for each enum list_walk */
    STMT_LIST_CASES_LAST = STMT_LIST_CASES + LIST_WALKS - 1,
    STMT_TENANT_BY_NAME,
    STMT_TENANT_VERSIONS,
    STMT_POLICY_SOURCE,
    STMT_POLICY_GET,
    STMT_POLICY_LIST,
    STMT_POLICY_APPLY,
    STMT_MIGRATING,
    STMT_ZONES_TENANTS,
    STMT_ZONES_CASES,
    STMT_CHECKPOINTS,
    STMT_CHECKPOINT_SLICE,
    STMT_HEADS_NOW,
    STMT_CASE_IDS,
    STMT_CASE_ENDS,
    STMT_FEED_NOW, /* feed_sql.c */
    STMT_FEED,
    STMT_FEED_PERSONAL,
    STMT_WORK_LIST, /* work_sql.c: one for each source */
    STMT_WORK_COUNT = STMT_WORK_LIST + WORK_SOURCES,
    STMT_WORK_LEVEL = STMT_WORK_COUNT + WORK_SOURCES,
    STMT_WORK_TEAM = STMT_WORK_LEVEL + WORK_CASE_SOURCES,
    STMT_KEYS_GET, /* keys_sql.c */
    STMT_KEYS_LIST,
    STMT_KEYS_COUNT,
    STMT_KEYS_FORGET,
    STMT_KEYS_CREATE,
    STMT_KEYS_ROTATE,
    STMT_KEYS_REVOKE,
    STMT_KEYS_LOOKUP,
    STMT_KEYS_USE,
    STMT_KEYS_RECENT,
    STMT_NOTIFICATIONS, /* notifications.c */
    STMT_NOTIFICATIONS_CASE,
    STMT_NOTIFICATIONS_GET,
    STMT_NOTIFICATIONS_ACK,
    STMT_NOTIFICATIONS_PURGE,
    STMT_BOUNCE, /* bounces.c */
    STMT_BOUNCE_TELL,
    STMT_CUSTOMER_CASES,
    STMT_RETAINED_CASES,
    STMT_TENANTS,
    STMT_ERASURE,
    STMT_ERASURE_BEGIN,
    STMT_ERASURE_END,
    STMT_ERASURE_MOVE,
    STMT_ERASURES_UNFINISHED,
    STMT_AT_WORK,
    STMT_ACCESS_WRITE,
    STMT_ACCESS_WRITE_LASTING,
    STMT_ACCESS_WRITER,
    STMT_ACCESS_LIST,
    STMT_ACCESS_CUSTOMER,
    STMT_ACCESS_CASE,
    STMT_ACCESS_GAPS,
    STMT_ACCESS_PURGE,
    STMT_WRITERS_PURGE,
    STMT_SECRET,
    STMT_CUSTOMER_KEYS,
    STMTS = STMT_CUSTOMER_KEYS + CUSTOMER_KEYS_STMTS
};

/* The tables that have personal columns. Which columns: store/table.c. */
extern const enum table_id erasable_tables[ERASABLE_TABLES];

extern const char keys_get_sql[], keys_list_sql[], keys_count_sql[], keys_forget_sql[];
extern const char keys_create_sql[], keys_rotate_sql[], keys_revoke_sql[];
extern const char keys_lookup_sql[], keys_use_sql[], keys_recent_sql[];

/* Most rows that a segment reads of one table. A case alone has fewer. What many large cases would
 * be together is not known before; so it stops here, and they run in smaller company. */
#define FEW_ROWS 4096

/* What follows the agent's own columns in STMT_READ + TABLE_AGENT and STMT_LIST_AGENTS:
 * counted_cases, pending_weight. */
int agent_decode(const struct pg_rows *rows, int row, struct agent_row *out,
                 struct arena *arena) AM_MUSTCHECK;

struct store {
    struct pg *pg;
    struct loop *loop;
    struct tenants *tenants;
    void (*route)(void *ctx, const struct route *r);
    void *ctx;
    struct customer_keys *keys; /* NULL = nothing is sealed */
};

/* Later than anything: 9999-12-31. */
#define STORE_END_OF_TIME_US (253402300799LL * US_PER_S)

/* The rows of a child table in a case. */
struct rows *case_rows_of(struct case_state *c, enum table_id table);

/* Adds the rows of a child table's (or the case's own) result to the cases of their keys, in order.
 * `stmt` is the read that gave it. AM_ENOMEM when the arena is full. */
int case_load(struct case_state *cases, size_t n_cases, unsigned stmt, const struct pg_rows *rows,
              struct arena *arena) AM_MUSTCHECK;

/* One command's part in a segment. */
struct seg_part {
    struct submission *sub;
    struct command *cmd;     /* of the submission */
    struct case_state *c;    /* NULL when it needs none */
    struct agent_row *actor; /* found rows, the command's own copies; else NULL */
    struct agent_row *agent;
    struct dedup_row *dedup;
    struct uuid found_case_id; /* OpenCase: the case of the claim to join; zero = none */
    int32_t policy_version;    /* OpenCase: the tenant's current one, as it is now */
    int16_t was_status;        /* as read: who has room after it, which queue member is void */
    int16_t was_owner_kind;
    const char *was_owner_id;
    struct queue_row was_queue; /* .case_id zero = none */
    struct claim_row was_claim; /* .tenant_id 0 = none */
    struct ended_row was_ended; /* the same */
    bool had_reference;
    bool reference_taken; /* the attempt at hand, by another case */
    /* What the lists keep of the case, .change = what is to be written of it. */
    struct work_row work;
    struct claim_row claim;
    struct ended_row ended;
    struct reference_row reference;
    struct decision d;
};

/* An agent read for a segment. */
struct seg_agent {
    int64_t tenant_id;
    const char *agent_id;
    bool found;
    struct agent_row row;
};

/* The state of one attempt of a segment, in its arena. */
struct seg_state {
    struct store *store;
    struct seg_part *parts;
    size_t n_parts;
    struct case_state *cases; /* those to read ... */
    size_t *weights;          /* ... and how many bytes the rows of each take, about */
    size_t n_cases;
    struct seg_agent *agents;
    size_t n_agents;
    struct seg_part **dedups; /* the parts behind the keys of the dedup read, and of the opening */
    size_t n_dedups;
    struct seg_part **openings;
    size_t n_openings;
    struct seg_part **references; /* those that may give a case its reference */
    size_t n_references;
    unsigned sent[STMTS]; /* the statements of trip 1 in order */
    size_t n_sent;
    bool full; /* what was read is more than a segment may read */
};

struct seg_part *seg_part_of(struct seg_state *st, const struct pg_seg_cmd *cmd);

/* Computes the keys of the submission's command. */
void store_take_keys(struct submission *sub);

/* The segment's callbacks, ctx = struct store. */
void store_seg_read(void *ctx, struct pg_seg *seg);
void store_seg_load(void *ctx, struct pg_seg *seg, size_t i, const struct pg_rows *rows);
bool store_seg_fits(void *ctx, struct pg_seg *seg);
enum pg_seg_verdict store_seg_decide(void *ctx, struct pg_seg *seg, struct pg_seg_cmd *cmd);
void store_seg_write(void *ctx, struct pg_seg *seg);
void store_seg_committed(void *ctx, struct pg_seg *seg);

/* A plain read under construction: empties the results, then adds statements. */
void store_read_begin(struct store_read *r);
struct pg_args *store_read_add(struct store_read *r, unsigned stmt);
/* Sends it; what is sealed in its results is opened before `done`. */
void store_read_send(struct store *s, struct store_read *r);
/* It has ended: sets the fault, if any, then goes on with store_read_open(). */
void store_read_ended(struct store_read *r, const struct fault *fault);
/* Sets r->cases to these, empty; adds their keys as two arrays. */
void store_read_init_cases(struct store_read *r, const struct uuid *ids, size_t n);
void store_arg_cases(const struct store_read *r, struct pg_args *args);
/* Adds the parameters of a place among words, newest first. */
void store_arg_place(struct pg_args *args, bool by_number, const struct words_place *before);
/* Whether the answer still finds room in the read's arena. */
bool store_read_room(const struct store_read *r);
/* Opens what is sealed in the results, then calls `done`; at once, or when the keys are here. */
void store_read_open(struct store_read *r);

/* What this process cannot open. */
void fault_locked(struct fault *fault);

/* The rows of a list of cases, as far as they are known. AM_ENOMEM when the arena is full. */
int list_load(struct store_read *r, const struct pg_rows *rows) AM_MUSTCHECK;

/* The rows of a statement on policy versions or on cases to migrate, into the read's results.
 * AM_ENOMEM when the arena is full. */
int policies_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows) AM_MUSTCHECK;

/* Those of a statement of store/lists/notifications.h, and their texts. */
int notifications_load(struct store_read *r, unsigned stmt,
                       const struct pg_rows *rows) AM_MUSTCHECK;
char *notifications_sql(unsigned stmt);
int bounces_load(struct store_read *r, const struct pg_rows *rows) AM_MUSTCHECK;
extern const char bounces_sql[], bounces_tell_sql[];

/* The rows of a statement of store/private.h. */
int private_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows) AM_MUSTCHECK;

/* The same for a statement on API keys. */
int keys_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows) AM_MUSTCHECK;

/* The same for statements on checkpoints. */
int checkpoints_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows) AM_MUSTCHECK;
/* Their texts. */
extern const char checkpoint_sql_list[], checkpoint_sql_slice[], checkpoint_sql_heads[],
    checkpoint_sql_ids[], checkpoint_sql_ends[];

/* The same for statements of the feed. */
int feed_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows) AM_MUSTCHECK;
/* Their texts. */
extern const char feed_sql_now[];
char *feed_sql_page(bool personal);
/* The same for statements on work lists. */
int work_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows) AM_MUSTCHECK;

/* Adds a read of these agents. */
void store_read_add_agents(struct store_read *r, const char *const *agent_ids, size_t n);

/* Copies a fault of the machinery into one whose strings must live in another arena. */
void fault_copy(struct fault *to, struct arena *arena, const struct fault *from);
