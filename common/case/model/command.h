/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Commands: what changes a case or an agent. A command names all it may write beforehand (its
 * keys), is decided by one pure function of its kind over a snapshot, and is written with the
 * other commands of its segment (store/submission.h).
 *
 * Order of outcomes in every decide function: replay, ALREADY_EXISTS, INVALID_ARGUMENT (for what
 * depends on the time), NOT_FOUND, PERMISSION_DENIED, ABORTED, FAILED_PRECONDITION (with all that
 * is missing), OK. command_decide() (case/command/decide.h) does the first ones for all kinds.
 *
 * Threading: plain data. Ownership: the command, its request and its texts belong to the caller,
 * usually to the call's arena.
 */

#include <protobuf-c/protobuf-c.h>
#include <string.h>

#include "base/fault.h"
#include "base/uuid.h"

struct command;
struct decision;
struct policy;

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
    METHOD_CORRECT_CONTACT = 21,
    METHOD_RETARGET_CLOCK = 22,
};

/* One kind of command: all that the system knows of it, in one row beside its decide function. */
struct command_kind {
    const char *name; /* "OpenCase", "FireClock" */
    enum command_method method;
    /* Reads the case with its children; NOT_FOUND / CASE_NOT_FOUND when it does not exist. */
    bool needs_case;
    /* Looks for the customer's open case (OpenCase). */
    bool needs_customer;
    /* PERMISSION_DENIED / NOT_AN_AGENT when the principal is no agent. */
    bool agents_only;
    /* May give a case its reference, as needs_customer does. */
    bool gives_reference;
    /* But for a customer whom a gateway acts for. */
    bool customers_too;
    /* PERMISSION_DENIED / NOT_THE_OWNER unless the owner or a level above; implies agents_only. */
    bool owner_only;
    /* Everything that fell due before now is recorded before the command is decided. */
    bool after_what_was_due;
    /* Adds every violation of the request by itself at `now_us`; `policy` is the version that it is
     * decided by, the tenant's current one, or NULL. Called first with CHECK_FORM_ONLY as the time
     * (contract/check.h), and again, when the command is no replay, with the time it is decided at.
     * NULL for the system's own commands: they have no request. */
    void (*validate)(const ProtobufCMessage *request, int64_t now_us, const struct policy *policy,
                     struct fault *fault);
    /* Sets the agent that the request names, in cmd->agent_id. NULL = it names none. */
    void (*name_agent)(const ProtobufCMessage *request, struct command *cmd);
    /* Of the XResponse; NULL for the system's own commands. */
    const ProtobufCMessageDescriptor *response;
    void (*decide)(struct decision *d);
};

/* What the whole system does in its own name. */
#define SYSTEM_ACTOR "amends"

/* What makes a claim join an open case: its natural key, locked and looked up. */
struct command_claim {
    const char *customer_id; /* NULL = not named */
    const char *failure_code, *order_reference;
};

struct command {
    const struct command_kind *kind;
    struct arena *arena; /* outcome texts live here */
    int64_t tenant_id;
    const char *tenant;    /* its name: part of the hash chain */
    const char *principal; /* who acts; SYSTEM_ACTOR for the system */
    const char *via;       /* who called, on behalf of the principal; NULL = themselves */
    bool for_customer;     /* via acts for a customer, whom the principal names */
    uint32_t roles; /* that a credential gives the caller, a bit each; 0 = they are believed */
    const ProtobufCMessage *request; /* NULL for the system's own */
    const void *args; /* system commands: the kind's own struct (assignment/decide/decide.h) */
    struct uuid request_id; /* zero without METHOD */
    uint8_t body_hash[32];  /* SHA-256 of the packed request with its request_id emptied */
    struct uuid seed;       /* ids of new rows derive from it: deciding again gives the same ids */
    struct uuid case_id;    /* zero when no case is named (OpenCase: the id a new case will get) */
    const char *agent_id;   /* an agent that may be written, NULL = none */
    int64_t expected_version;
    int32_t policy_version; /* decided by this policy; 0 = the case's, or the current one */
    bool dry_run;           /* decided only: nothing is written */
    /* ReopenCase names it when it has read the case; texts in `arena`. */
    struct command_claim claim;
    struct uuid open_case_id;  /* OpenCase: the case to join, locked on the second try */
    struct uuid past_case_id;  /* OpenCase: it has ended, and a new one is opened in its place */
    unsigned references_taken; /* the attempts that other cases have (contract/reference.h) */

    /* Makes the answer from the rows as they are after an OK decision, or for a replay, before
     * anything is written: what cannot be answered sets the fault, and is not written. NULL when
     * nobody waits for an answer. */
    void (*answer)(struct command *cmd, const struct decision *d);

    /* The outcome, set by command_decide(). */
    struct fault fault;         /* not set = OK */
    bool replayed;              /* the dedup row answered: see result_* */
    bool joined;                /* OpenCase */
    bool created;               /* PutAgent */
    size_t n_warnings;          /* PutAgent: doubts about what was done all the same */
    char **warnings;            /* in the command's arena */
    struct uuid result_case_id; /* the case written (OpenCase: new or joined) */
    struct uuid result_id;      /* offer, remedy, contact or act */
};

/* Whether the command may give the case `case_id` a reference: that is locked, too. */
static inline bool command_gives_reference(const struct command *cmd)
{
    return cmd->kind->needs_customer || cmd->kind->gives_reference;
}

/* Whether somebody called for the principal. */
static inline bool command_on_behalf(const struct command *cmd)
{
    return cmd->via && strcmp(cmd->via, cmd->principal) != 0;
}

/* Who called: whose request ids they are. */
static inline const char *command_via(const struct command *cmd)
{
    return cmd->via ? cmd->via : cmd->principal;
}
