/* SPDX-License-Identifier: Apache-2.0 */

/* `amends check`: what foreign keys and unique indexes do not hold in production. */

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "contract/clock_kinds.h"
#include "contract/statuses.h"
#include "contract/words.h"
#include "store/migrate/migrate.h"
#include "pg/pg.h"

#define KINDS_BYTES 128

/* Counts rows that must not be; `c` is the row looked at. */
struct rule {
    const char *what;
    const char *from; /* table and condition */
};

#define NO_CASE                                                                                    \
    " c where not exists (select 1 from recovery_case p"                                           \
    " where p.tenant_id = c.tenant_id and p.case_id = c.case_id)"
/* A clock whose subject is not there; which kinds measure it is added to the condition. */
#define NO_SUBJECT(table, id)                                                                      \
    "clock c where not exists (select 1 from " table                                               \
    " p where p.tenant_id = c.tenant_id and p.case_id = c.case_id and p." id " = c.subject_id)"
#define NO_TENANT " c where not exists (select 1 from tenant p where p.tenant_id = c.tenant_id)"

static const struct rule rules[] = {
    {"policy versions without tenant", "policy_version" NO_TENANT},
    {"tenants without their policy version",
     "tenant c where not exists (select 1 from policy_version p where p.tenant_id = c.tenant_id"
     " and p.version = c.policy_version)"},
    {"cases without tenant", "recovery_case" NO_TENANT},
    {"agents without tenant", "agent" NO_TENANT},
    {"API keys without tenant", "api_key" NO_TENANT},
    {"API keys of one id in two tenants",
     "api_key c where exists (select 1 from api_key p where p.key_id = c.key_id"
     " and p.tenant_id > c.tenant_id)"},
    {"cases without their policy version",
     "recovery_case c where not exists (select 1 from policy_version p"
     " where p.tenant_id = c.tenant_id and p.version = c.policy_version)"},
    {"signals without case", "signal" NO_CASE},
    {"events without case", "case_event" NO_CASE},
    {"clocks without case", "clock" NO_CASE},
    {"escalations without case", "escalation" NO_CASE},
    {"work without case", "case_work" NO_CASE},
    {"claims without case", "open_claim" NO_CASE},
    {"ended cases without case", "case_ended" NO_CASE},
    {"references without case", "case_reference" NO_CASE},
    {"offers without case", "offer" NO_CASE},
    {"contacts without case", "contact_attempt" NO_CASE},
    {"acts without case", "act" NO_CASE},
    {"remedies without case", "remedy" NO_CASE},
    {"promises without case", "promise" NO_CASE},
    {"notifications without case", "notification" NO_CASE},
    {"deliveries without case", "delivery" NO_CASE " and c.case_id is not null"},
    {"deliveries without their notification",
     "delivery c where c.notification_id is not null and not exists (select 1 from notification p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id"
     " and p.notification_id = c.notification_id)"},
    {"request ids without case",
     "dedup" NO_CASE " and c.case_id <> '00000000-0000-0000-0000-000000000000'"},
    {"personal parts without event",
     "case_event_private c where not exists (select 1 from case_event p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id and p.seq = c.seq)"},
    /* Only an escalation by a clock names one. */
    {"escalations without clock",
     "escalation c where c.cause = " SQL_ESCALATION_CAUSE_CLOCK
     " and not exists (select 1 from clock p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id and p.clock_id = c.clock_id)"},
    {"notifications without their clock",
     "notification c where c.clock_id is not null and not exists (select 1 from clock p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id and p.clock_id = c.clock_id)"},
    {"open promises without clock",
     "promise c where c.state = " SQL_PROMISE_STATE_OPEN
     " and not exists (select 1 from clock p where p.tenant_id = "
     "c.tenant_id"
     " and p.case_id = c.case_id and p.kind = " SQL_CLOCK_KIND_PROMISE
     " and p.subject_id = c.promise_id)"},
    {"promises without the one they were renegotiated into",
     "promise c where c.successor_id is not null and not exists (select 1 from promise p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id"
     " and p.promise_id = c.successor_id)"},
    {"open promises of cases that have ended",
     "promise c where c.state = " SQL_PROMISE_STATE_OPEN
     " and not exists (select 1 from recovery_case p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id and (p.status " SQL_STATUS_WAITING
     " or p.status = " SQL_CASE_STATUS_RESOLVED "))"},
    {"offers without agent",
     "offer c where not exists (select 1 from agent p where p.tenant_id = c.tenant_id"
     " and p.agent_id = c.agent_id)"},
    {"cases whose owner is no agent",
     "recovery_case c where c.owner_kind = " SQL_OWNER_KIND_AGENT
     " and not exists (select 1 from agent p"
     " where p.tenant_id = c.tenant_id and p.agent_id = c.owner_id)"},
    {"cases without owner", "recovery_case c where c.owner_kind not in (" SQL_OWNER_KIND_STEWARD
                            ", " SQL_OWNER_KIND_AGENT ") or c.owner_id = ''"},
    {"open cases without clock",
     "recovery_case c where c.status " SQL_STATUS_WAITING " and not exists (select 1 from clock p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id and p.round = c.round)"},
    {"cases whose events are not 1 to their version",
     "recovery_case c where not exists (select 1 from case_event e"
     " where e.tenant_id = c.tenant_id and e.case_id = c.case_id"
     " having count(*) = c.last_seq and max(e.seq) = c.last_seq)"},
    {"cases that are not final and have no such work",
     "recovery_case c where c.status <= " SQL_CASE_STATUS_RESOLVED
     " and not exists (select 1 from case_work p"
     " where p.tenant_id = c.tenant_id and p.opened_at = c.opened_at and p.case_id = c.case_id"
     " and p.status = c.status and p.owner_kind = c.owner_kind and p.owner_id = c.owner_id"
     " and p.level = c.level)"},
    {"work of cases that have ended",
     "case_work c where not exists (select 1 from recovery_case p where p.tenant_id = c.tenant_id"
     " and p.case_id = c.case_id and p.opened_at = c.opened_at and p.status "
     "<= " SQL_CASE_STATUS_RESOLVED ")"},
    {"ended cases that their owner's list lacks",
     "recovery_case c where c.status > " SQL_CASE_STATUS_RESOLVED
     " and not exists (select 1 from case_ended p"
     " where p.tenant_id = c.tenant_id and p.owner_id = c.owner_id and p.opened_at = c.opened_at"
     " and p.case_id = c.case_id)"},
    {"cases among the ended that have not",
     "case_ended c where not exists (select 1 from recovery_case p where p.tenant_id = c.tenant_id"
     " and p.case_id = c.case_id and p.owner_id = c.owner_id and p.status "
     "> " SQL_CASE_STATUS_RESOLVED ")"},
    {"open cases that a repeated claim does not find",
     "recovery_case c where c.status " SQL_STATUS_WAITING
     " and not exists (select 1 from open_claim p"
     " where p.tenant_id = c.tenant_id and p.customer_id = c.customer_id"
     " and p.failure_code = c.failure_code and p.order_reference = c.order_reference"
     " and p.case_id = c.case_id)"},
    {"cases that are not found by their reference",
     "recovery_case c where c.reference <> '' and not exists (select 1 from case_reference p"
     " where p.tenant_id = c.tenant_id and p.reference = c.reference and p.case_id = c.case_id)"},
    {"claims of cases that are not open",
     "open_claim c where not exists (select 1 from recovery_case p where p.tenant_id = c.tenant_id"
     " and p.case_id = c.case_id and p.status " SQL_STATUS_WAITING ")"},
    {"open cases of a steward that are not queued",
     "recovery_case c where c.status " SQL_STATUS_WAITING
     " and c.owner_kind = " SQL_OWNER_KIND_STEWARD
     " and not exists (select 1 from case_work p where p.tenant_id = c.tenant_id"
     " and p.opened_at = c.opened_at and p.case_id = c.case_id and p.waits_since is not null"
     " and p.generation = c.assignment_generation)"},
    {"queued cases that are not for anybody to take",
     "case_work c where c.waits_since is not null and not exists (select 1 from recovery_case p"
     " where p.tenant_id = c.tenant_id and p.case_id = c.case_id and p.owner_kind "
     "= " SQL_OWNER_KIND_STEWARD " and p.status " SQL_STATUS_WAITING ")"},
};

static const struct clock_rule {
    struct rule rule;
    enum clock_subject subject;
} clock_rules[] = {
    {{"clocks without their offer", NO_SUBJECT("offer", "offer_id")}, SUBJECT_OFFER},
    {{"clocks without their promise", NO_SUBJECT("promise", "promise_id")}, SUBJECT_PROMISE},
    {{"clocks without their remedy", NO_SUBJECT("remedy", "remedy_id")}, SUBJECT_REMEDY},
};

/* The condition that a clock is of a kind that measures this. */
static void kinds_of(enum clock_subject subject, char out[KINDS_BYTES])
{
    const char *between = " and c.kind in (";
    size_t at = 0;
    for (int kind = 1; kind < CLOCK_KIND_COUNT; kind++) {
        if (clock_kind(kind)->subject != subject)
            continue;
        at += (size_t)snprintf(out + at, KINDS_BYTES - at, "%s%d", between, kind);
        AM_ASSERT(at + sizeof(")") < KINDS_BYTES);
        between = ", ";
    }
    AM_ASSERT(at > 0); /* or every clock would be looked at */
    (void)snprintf(out + at, KINDS_BYTES - at, ")");
}

/* Counts the rows of one rule and `more` of its condition, and tells of them. */
static int count(struct pg_admin *a, const struct rule *rule, const char *more, FILE *out,
                 int64_t *broken)
{
    char *sql = NULL, value[32];
    AM_ASSERT(asprintf(&sql, "select count(*) from %s%s", rule->from, more) > 0);
    int rc = pg_admin_value(a, sql, NULL, 0, value, sizeof(value));
    free(sql);
    int64_t n = rc ? 0 : strtoll(value, NULL, 10);
    if (n > 0)
        fprintf(out, "%s: %" PRId64 "\n", rule->what, n);
    *broken += n;
    return rc;
}

static int count_all(struct pg_admin *a, FILE *out, int64_t *broken)
{
    int rc = AM_OK;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !rc; i++)
        rc = count(a, &rules[i], "", out, broken);
    for (size_t i = 0; i < sizeof(clock_rules) / sizeof(clock_rules[0]) && !rc; i++) {
        char kinds[KINDS_BYTES];
        kinds_of(clock_rules[i].subject, kinds);
        rc = count(a, &clock_rules[i].rule, kinds, out, broken);
    }
    return rc;
}

int migrate_check(const char *conninfo, FILE *out, int64_t *broken)
{
    struct pg_admin *a = NULL;
    *broken = 0;
    int rc = pg_admin_open(conninfo, &a);
    if (rc)
        return rc;
    /* One snapshot: commits between two counts are no defects. */
    rc = pg_admin_exec(a, "begin isolation level repeatable read read only");
    if (!rc)
        rc = count_all(a, out, broken);
    pg_admin_close(a);
    return rc;
}
