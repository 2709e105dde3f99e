/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The auditor: looks for what must not be, by its own statements and its own idea of when a clock
 * is late, not by what timers and sweeps go by.
 *
 *   overdue    a clock that should have been looked at, or a running one that should have breached,
 *              AUDIT_LATE_US ago
 *   unwatched  an open case without a clock that will ever fire
 *   standing   an open case whose next instant lies more than POLICY_UNWATCHED_MAX_DAYS ahead
 *   ownerless  an open case whose owner is nobody, an agent who does not exist, or a steward whom
 *              the policy version it is pinned to does not name
 *   refused    an open case whose policy version ApplyPolicy would refuse today
 *
 * What people were not told of is looked for in audit/untold.h.
 *
 * One page of open cases at a time, in the order of the key of case_work.
 *
 * Threading: io loop's thread. Ownership: a page of findings lies in the reading call's arena.
 */

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/engine/engine.h"

#define AUDIT_LATE_US (5 * US_PER_S)

/* One case with one of its late clocks. A case with several late clocks has one row for each. */
struct audit_row {
    int64_t tenant_id;
    struct uuid case_id;
    int16_t owner_kind;
    const char *owner_id;
    int32_t policy_version;
    bool agent_found; /* there is an agent of the owner's id */
    bool watched;     /* some clock of it will fire */
    int64_t next_us;  /* the first time that one will; 0 = none will */
    bool late;
    struct uuid clock_id; /* the late one */
    int64_t due_us;       /* since when */
};

/* Why nobody is accountable for the case, as a text for people; NULL when somebody is. `policy` is
 * NULL when its version does not exist. Pure. */
const char *audit_ownerless(const struct audit_row *row, const struct policy *policy);

/* Of so many refused versions a page names each once; of more it names each case. */
#define AUDIT_VERSIONS_MAX 256

/* A tenant's policy version. */
struct audit_version {
    int64_t tenant_id;
    int32_t version;
};

struct audit_page {
    /* What is asked for: open cases behind (first_tenant, after), up to last_tenant. */
    struct assignment *a;
    int64_t first_tenant, last_tenant;
    struct uuid after; /* zero = from the first case of first_tenant */
    int32_t limit;
    size_t most; /* no more cases once so many findings were made; 0 = no bound */
    void (*finding)(struct audit_page *p, Amends__V1__AuditFindingKind kind,
                    const struct audit_row *row, const char *detail);
    /* Asked between two slices: why nobody waits for the page any more; NULL = somebody does. May
     * be NULL. */
    const struct fault *(*gone)(struct audit_page *p);
    /* Once; it may free the page. */
    void (*ended)(struct audit_page *p, const struct fault *fault);
    void *ctx;
    /* What came of it. */
    size_t cases, findings;
    size_t refused; /* cases of refused versions; one of each version is a finding */
    bool at_end;
    int64_t last_seen_tenant; /* of the last case looked at */
    struct uuid last_seen;
    /* Owned by the page. */
    struct arena arena;
    struct audit_row *rows;
    size_t n, next;
    int64_t cutoff_us, far_us;                         /* late at or before, standing after */
    int32_t asked;                                     /* cases of the slice */
    size_t found;                                      /* of these, how many were read */
    struct audit_version versions[AUDIT_VERSIONS_MAX]; /* refused ones that the page has named */
    size_t n_versions;
    bool waiting; /* for a tenant or a policy; whoever goes away meanwhile sets `a` to NULL */
    struct tenants_wait wait;
};

/* Begins. Everything up to `ended` may happen in this call. */
void audit_page_start(struct audit_page *p);
void audit_page_free(struct audit_page *p);

/* Looks for late clocks of cases that are resolved or ended: of one tenant, or of all (0), at most
 * `limit`. `done` borrows the rows. */
void audit_ended(struct assignment *a, int64_t tenant_id, int32_t limit,
                 void (*done)(void *ctx, const struct audit_row *rows, size_t n,
                              const struct fault *fault),
                 void *ctx);
