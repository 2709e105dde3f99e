/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Commands: what changes a case or an agent. A command names all it may write beforehand (its
 * keys), is decided by one pure function of its kind over a snapshot, and is written with the
 * other commands of its segment.
 *
 * Order of outcomes in every decide function: replay, ALREADY_EXISTS, NOT_FOUND,
 * PERMISSION_DENIED, ABORTED, FAILED_PRECONDITION (with all that is missing), OK. command_decide()
 * does the first two for all kinds.
 *
 * Threading: io loop's thread; decide functions are pure. Ownership: the command, its request and
 * its texts belong to the caller (usually in the call's arena) until `finished`.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/fault.h"
#include "case/model/state.h"
#include "store/tenants.h"
#include "pg/segment.h"
#include "policy/policy.h"

struct decision;
struct store;

/* Stored in dedup.method: numbers are never changed or reused. */
enum command_method {
    METHOD_NONE = 0, /* no request id: conditional on a generation or a version instead */
    METHOD_OPEN_CASE = 1,
    METHOD_REQUEST_ASSIGNMENT = 2,
    METHOD_ACCEPT_OFFER = 3,
    METHOD_DECLINE_OFFER = 4,
    METHOD_RECORD_CONTACT = 5,
    METHOD_RECORD_ACT = 6,
    METHOD_RECORD_ROOT_CAUSE = 7,
    METHOD_PROPOSE_REMEDY = 8,
    METHOD_RECORD_CUSTOMER_RESPONSE = 9,
    METHOD_REPORT_FULFILMENT = 10,
    METHOD_DENY_CLAIM = 11,
    METHOD_RESOLVE_CASE = 12,
    METHOD_CLOSE_CASE = 13,
    METHOD_MAKE_PROMISE = 14,
    METHOD_SETTLE_PROMISE = 15,
    METHOD_PAUSE_CASE = 16,
    METHOD_RESUME_CASE = 17,
    METHOD_REOPEN_CASE = 18,
    METHOD_ESCALATE_CASE = 19,
    METHOD_ACKNOWLEDGE_ESCALATION = 20,
};

/* One kind of command; a constant. */
struct command_kind {
    const char *name; /* "OpenCase", "FireClock" */
    enum command_method method;
    /* Reads the case with its children; NOT_FOUND / CASE_NOT_FOUND when it does not exist. */
    bool needs_case;
    /* Looks for the customer's open case (OpenCase). */
    bool needs_customer;
    /* PERMISSION_DENIED / NOT_AN_AGENT when the principal is no agent. */
    bool agents_only;
    /* PERMISSION_DENIED / NOT_THE_OWNER unless the owner or a level above; implies agents_only. */
    bool owner_only;
    void (*decide)(struct decision *d);
};

/* What the whole system does in its own name. */
#define SYSTEM_ACTOR "amends"

struct command {
    /* .deadline_us and .cls are set by the caller; tenant, keys, done by store_submit(). */
    struct seg_cmd seg;
    const struct command_kind *kind;
    struct arena *arena; /* outcome texts and the response live here */
    int32_t tenant_id;
    const char *tenant;              /* its name: part of the hash chain */
    const char *principal;           /* SYSTEM_ACTOR for the system */
    const ProtobufCMessage *request; /* NULL for the system's own */
    const void *args;       /* system commands: the kind's own struct (assignment/decide/decide.h) */
    struct uuid request_id; /* zero without METHOD */
    uint8_t body_hash[32];  /* SHA-256 of the packed request with its request_id emptied */
    struct uuid seed;       /* ids of new rows derive from it: deciding again gives the same ids */
    struct uuid case_id;    /* zero when no case is named (OpenCase: the id a new case will get) */
    const char *agent_id;   /* an agent that may be written, NULL = none */
    int64_t expected_version;
    int32_t policy_version; /* decided by this policy; 0 = the case's, or the current one */
    bool dry_run;           /* decided only: nothing is written */

    /* What makes a claim join an open case: its natural key, locked and looked up. ReopenCase names
     * it when it has read the case; texts in `arena`. */
    struct command_claim {
        const char *customer_id; /* NULL = not named */
        const char *failure_code, *order_reference;
    } claim;

    /* The outcome, set by command_decide(). */
    struct fault fault;         /* not set = OK */
    bool replayed;              /* the dedup row answered: see result_* */
    bool joined;                /* OpenCase */
    bool created;               /* PutAgent */
    struct uuid result_case_id; /* the case written (OpenCase: new or joined) */
    struct uuid result_id;      /* offer, remedy, contact or act */
    /* Amends__V1__Case and Amends__V1__Agent after the change, in `arena`; NULL when none was read.
     */
    ProtobufCMessage *case_after;
    ProtobufCMessage *agent_after;
    /* Owned by common/case. */
    struct uuid open_case_id; /* OpenCase: the case to join, locked on the second try */
    int32_t lacks_version; /* a policy version to be loaded, then it is decided again; 0 = none */
    unsigned loads;        /* versions loaded for it so far */
    struct tenants_wait policy_wait;
    struct store *store; /* where it was submitted */
    /* Once, when the command has ended: committed, refused (fault set) or failed (fault set). */
    void (*finished)(struct command *cmd);
    void *ctx;
};

/* The snapshot and the outcome under construction. */
struct decision {
    struct command *cmd;
    struct arena *arena;   /* of the segment: new rows and their texts */
    int64_t now_us;        /* already >= the case's updated_at */
    int64_t shared_now_us; /* cluster time without test offset: dedup */
    /* The one the command names, else the case's; without a case the tenant's current one. */
    const struct policy *policy;
    struct case_state *c; /* NULL when the kind does not need one */
    /* The principal's agent row, or NULL: a client application or the system. */
    /* The principal's agent row, or NULL: a client application or the system. Not read for kinds
     * that need a customer. */
    struct agent_row *actor;
    struct agent_row *agent;       /* cmd->agent_id's row, or NULL */
    const struct dedup_row *dedup; /* the row found, or NULL */
    struct rows agents_out;        /* new or changed agent rows */
    struct dedup_row dedup_out;    /* .row.change == ROW_NEW when to be written */
    struct rows found;             /* thresholds to be recorded after the event: clocks_settle() */
    bool recording;                /* that is under way */
    const struct clock_row *shown; /* a clock that the next event shows as it was, or NULL */
    uint32_t ids;                  /* ids derived so far */
    struct uuid other_case_id;     /* the open case of cmd->claim, zero = none */
    bool again;                    /* decide added a key: cmd->open_case_id, claim or agent_id */
};

/* The next id derived from the command's seed. */
struct uuid decision_id(struct decision *d);

/* Decides: dedup, existence, principal, version, then the kind's function; on OK adds the dedup
 * row and builds case_after / agent_after. Pure. The outcome fields of the command are set afresh,
 * so that it may be decided again.
 *
 * OpenCase (needs_customer): d->c is the customer's open case of the same failure and order as the
 * store found it, or an empty case with cmd->case_id. When one was found that is not locked yet
 * (cmd->open_case_id is another), its id is put there and the verdict is SEG_AGAIN. A replay of it
 * shows no case: d->c is not the one that was opened.
 *
 * SEG_ANSWER also when all went well and there is nothing to write (a stale timer). */
enum seg_verdict command_decide(struct decision *d);

/* Hashes the request body without its request id into cmd->body_hash and takes request_id, case_id
 * and expected_version out of the request's fields of those names; an OpenCase gets the id of its
 * new case, derived from cmd->seed. cmd->kind, .seed and .arena are set before. Adds violations to
 * `fault` for ids that are missing or no UUIDs: one for a field, whoever else checks it too. */
void command_from_request(struct command *cmd, const ProtobufCMessage *request,
                          struct fault *fault);

/* The natural key of the claim: an OpenCase's by its request, else what the command named so far.
 */
struct command_claim command_claim_of(const struct command *cmd);

/* The keys a command locks, by its kind and names: request id, case, agent, the claim's customer
 * with failure and order; for OpenCase the open case to join. Writes cmd->seg.keys and .n_keys. */
void command_keys(struct command *cmd);
