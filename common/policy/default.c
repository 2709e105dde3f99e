/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bundle that the program ships: it works on one machine, on the first day, with no
 * configuration. Made by the same constructor that a tenant's own bundle goes through.
 */

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "policy/policy.h"

#define MINUTES_MS (60 * 1000LL)
#define HOURS_MS (60 * MINUTES_MS)
#define DAYS_MS (24 * HOURS_MS)
#define UNITS(n) ((n)*POLICY_MICROS)
#define FAULT_ARENA_BYTES (64u << 10)

#define REMEDY(name) AMENDS__V1__REMEDY_KIND__REMEDY_KIND_##name
#define ACTION(name) AMENDS__V1__LADDER_ACTION__LADDER_ACTION_##name
#define ACT_BIT(name) (1u << AMENDS__V1__ACT_KIND__ACT_KIND_##name)

/* A level's authority is the same for every remedy kind that has a price; words need no limit. */
struct ladder_step {
    struct policy_level level;
    int64_t limit_micros;
};

static const struct ladder_step ladder[] = {
    {{.name = "front line",
      .steward = "steward",
      .steward_name = "Recovery desk",
      .steward_contact = "Recovery desk: reply to any message of your case, or ask for the desk by "
                         "name on any line or in any store",
      .steward_hours = "every day, around the clock",
      .action = ACTION(INFORM),
      .cost_per_touch_micros = UNITS(5)},
     UNITS(100)},
    {{.name = "lead",
      .steward = "steward-lead",
      .steward_name = "Recovery desk, team lead",
      .steward_contact =
          "Team lead of the recovery desk: reply to any message of your case, or ask "
          "for the team lead on any line",
      .steward_hours = "every day, around the clock",
      .action = ACTION(INFORM),
      .cost_per_touch_micros = UNITS(20)},
     UNITS(500)},
    {{.name = "manager",
      .steward = "steward-manager",
      .steward_name = "Recovery desk, manager",
      .steward_contact = "Manager of the recovery desk: reply to any message of your case, or ask "
                         "for the manager on any line",
      .steward_hours = "every day, 08:00 to 20:00",
      .action = ACTION(CO_OWN),
      .cost_per_touch_micros = UNITS(80)},
     UNITS(5000)},
    {{.name = "executive desk",
      .steward = "steward-executive",
      .steward_name = "Executive desk",
      .steward_contact = "Executive desk: reply to any message of your case, or write to the "
                         "executive office",
      .steward_hours = "every day, 08:00 to 20:00",
      .action = ACTION(TAKE_OVER),
      .cost_per_touch_micros = UNITS(400)},
     POLICY_UNLIMITED},
};

/* code, name, skill, skill level, severity, typical remedy, what that is worth */
static const struct policy_failure failures[] = {
    {"billing", "Billing", "billing", 1, 3, REMEDY(REFUND), UNITS(40)},
    {"billing.overcharge", "Charged too much", "billing", 1, 3, REMEDY(REFUND), UNITS(40)},
    {"billing.double_charge", "Charged twice", "billing", 1, 3, REMEDY(REFUND), UNITS(60)},
    {"billing.refund_missing", "Refund not received", "billing", 1, 4, REMEDY(REFUND), UNITS(80)},
    {"billing.wrong_fee", "Fee that was not agreed", "billing", 1, 2, REMEDY(WAIVER), UNITS(20)},

    {"delivery", "Delivery", "delivery", 1, 3, REMEDY(EXPEDITE), UNITS(20)},
    {"delivery.late", "Late", "delivery", 1, 2, REMEDY(CREDIT), UNITS(15)},
    {"delivery.lost", "Lost", "delivery", 1, 3, REMEDY(REPLACEMENT), UNITS(80)},
    {"delivery.damaged", "Damaged on the way", "delivery", 1, 3, REMEDY(REPLACEMENT), UNITS(80)},
    {"delivery.wrong_item", "Wrong item", "delivery", 1, 2, REMEDY(REPLACEMENT), UNITS(50)},

    {"appointment", "Appointment", "appointment", 1, 3, REMEDY(REDO), UNITS(50)},
    {"appointment.missed", "Nobody came", "appointment", 1, 4, REMEDY(REDO), UNITS(80)},
    {"appointment.late", "Somebody came late", "appointment", 1, 2, REMEDY(CREDIT), UNITS(20)},
    {"appointment.no_record", "No record of it", "appointment", 1, 4, REMEDY(EXPEDITE), UNITS(50)},

    {"product", "Product", "product", 1, 3, REMEDY(REPLACEMENT), UNITS(80)},
    {"product.defective", "Defective", "product", 1, 3, REMEDY(REPLACEMENT), UNITS(80)},
    {"product.not_as_described", "Not as described", "product", 1, 2, REMEDY(REFUND), UNITS(60)},
    {"product.unsafe", "Unsafe", "product", 1, 5, REMEDY(REPLACEMENT), UNITS(100)},

    {"staff_conduct", "Conduct of staff", "staff_conduct", 1, 3, REMEDY(APOLOGY), 0},
    {"staff_conduct.rude", "Rude", "staff_conduct", 1, 3, REMEDY(APOLOGY), 0},
    {"staff_conduct.unhelpful", "Unhelpful", "staff_conduct", 1, 2, REMEDY(APOLOGY), 0},
    {"staff_conduct.discrimination", "Discrimination", "staff_conduct", 1, 5, REMEDY(APOLOGY), 0},

    {"information", "Information", "information", 1, 2, REMEDY(EXPLANATION), 0},
    {"information.wrong", "Wrong", "information", 1, 3, REMEDY(EXPLANATION), 0},
    {"information.missing", "Missing", "information", 1, 2, REMEDY(EXPLANATION), 0},
    {"information.contradictory", "Contradictory", "information", 1, 2, REMEDY(EXPLANATION), 0},

    {"access", "Reaching the company", "access", 1, 3, REMEDY(EXPEDITE), 0},
    {"access.no_answer", "No answer", "access", 1, 3, REMEDY(EXPEDITE), 0},
    {"access.transferred_around", "Passed from hand to hand", "access", 1, 4, REMEDY(EXPEDITE), 0},
    {"access.locked_out", "Locked out", "access", 1, 3, REMEDY(EXPEDITE), 0},

    {"outage", "Outage", "outage", 1, 4, REMEDY(CREDIT), UNITS(20)},
    {"outage.partial", "Part of the service", "outage", 1, 3, REMEDY(CREDIT), UNITS(10)},
    {"outage.total", "All of the service", "outage", 1, 4, REMEDY(CREDIT), UNITS(20)},
    {"outage.repeated", "Again and again", "outage", 1, 5, REMEDY(CREDIT), UNITS(40)},
};

static void add_ladder(struct policy *p)
{
    for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++) {
        struct policy_level level = ladder[i].level;
        for (int kind = 1; kind < POLICY_REMEDY_KINDS; kind++)
            level.limit_micros[kind] = ladder[i].limit_micros;
        level.limit_micros[REMEDY(APOLOGY)] = POLICY_UNLIMITED;
        level.limit_micros[REMEDY(EXPLANATION)] = POLICY_UNLIMITED;
        AM_ASSERT(policy_add_level(p, &level) == AM_OK);
    }
}

static void add_failures(struct policy *p)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        AM_ASSERT(policy_add_failure(p, &failures[i]) == AM_OK);
}

static void set_clocks(struct policy *p)
{
    static const int64_t response_hours[POLICY_SEVERITIES] = {0, 24, 12, 8, 4, 1};
    static const int64_t resolution_days[POLICY_SEVERITIES] = {0, 5, 4, 3, 2, 1};
    for (int s = 1; s < POLICY_SEVERITIES; s++) {
        p->first_response_ms[s] = response_hours[s] * HOURS_MS;
        p->resolution_ms[s] = resolution_days[s] * DAYS_MS;
    }
    p->offer_timeout_ms = 2 * MINUTES_MS;
    p->decline_cooldown_ms = 5 * MINUTES_MS;
    p->away_after_ms = MINUTES_MS / 2;
    p->transfer_limit = 3;
}

static void set_gate(struct policy *p)
{
    p->unreachable_attempts = 3;
    p->unreachable_channels = 2;
    p->unreachable_window_ms = 5 * DAYS_MS;
    p->acts_any_of = ACT_BIT(APOLOGY) | ACT_BIT(EXPLANATION);
    p->follow_up_window_ms = 7 * DAYS_MS;
}

static void set_boosts(struct policy *p)
{
    static const int64_t severity_minutes[POLICY_SEVERITIES] = {0, 0, 30, 60, 120, 240};
    for (int s = 1; s < POLICY_SEVERITIES; s++)
        p->boost_severity_ms[s] = severity_minutes[s] * MINUTES_MS;
    p->boost_repeat_ms = 30 * MINUTES_MS;
    p->boost_per_stake_unit_ms = 1000;
    p->boost_max_ms = 8 * HOURS_MS;
}

struct policy *policy_default(int32_t version)
{
    struct policy *p = policy_new(version);
    add_ladder(p);
    add_failures(p);
    set_clocks(p);
    set_gate(p);
    set_boosts(p);
    struct arena arena;
    struct fault fault;
    arena_init(&arena, FAULT_ARENA_BYTES);
    fault_init(&fault, &arena);
    AM_ASSERT(policy_finish(p, &fault) == AM_OK);
    arena_free(&arena);
    return p;
}
