# SPDX-License-Identifier: Apache-2.0
"""What must hold after any fault. Looks into the tables, so that no service vouches for itself."""

import concurrent.futures
import subprocess

from harness import paths
from harness.api import v1

from .load import CAPACITY, FIRST_RESPONSE_S, LOADS, RESOLUTION_S, TENANT

# Clocks that breach (1 = first response, 3 = resolution) and say something else than their times do; a
# paused one (5) has no deadline yet.
WRONG_CLOCKS = """select case_id, kind, state, due_at, stopped_at, breached_at from clock
    where kind in (1, 3) and state <> 5
      and case when stopped_at <= due_at or due_at > %(now)s then state = 3
               when state = 3 then breached_at is distinct from due_at
               else due_at < %(now)s - interval '3 s' end"""

# An expired offer ends the offer and is no breach, so clocks of offers (4) are not looked at.
# Clocks whose breach is not recorded exactly once, and records of what did not breach.
WRONG_ESCALATIONS = """select k.case_id, k.clock_id, k.state, count(e.clock_id)
    from clock k left join escalation e on e.threshold = 100
        and (e.tenant_id, e.case_id, e.clock_id) = (k.tenant_id, k.case_id, k.clock_id)
    where k.kind in (1, 3)
    group by k.tenant_id, k.case_id, k.clock_id, k.state
    having count(e.clock_id) <> (k.state = 3)::int"""

# Cases whose history or level tells of other steps than those recorded: of clocks at 100 % of their
# target (event 7), before or after it (18), and climbs (8).
WRONG_HISTORIES = """select c.case_id, c.level, e.breaches, e.others, e.climbs, e.levels, h.breaches, h.others,
        h.climbs
    from recovery_case c,
    lateral (select count(*) filter (where cause = 1 and threshold = 100) breaches,
                    count(*) filter (where cause = 1 and threshold <> 100) others,
                    count(*) filter (where to_level > from_level) climbs,
                    coalesce(sum(to_level - from_level), 0) levels
               from escalation s where s.case_id = c.case_id) e,
    lateral (select count(*) filter (where kind = 7) breaches, count(*) filter (where kind = 18) others,
                    count(*) filter (where kind = 8) climbs
               from case_event v where v.case_id = c.case_id) h
    where (e.breaches, e.others, e.climbs, e.levels) is distinct from
          (h.breaches, h.others, h.climbs, c.level - 1)"""

# Accepted once means: one accepted offer, of the agent who owns it.
WRONG_OWNERS = """select c.case_id, c.owner_kind, c.owner_id, o.agents from recovery_case c,
    lateral (select array_agg(agent_id) agents from offer o
              where o.case_id = c.case_id and o.state = 2) o
    where o.agents is distinct from case when c.owner_kind = 2 then array[c.owner_id] end"""


# What the system does by itself while time passes: offers and what clocks do.
BY_ITSELF = {v1.EventKind.Value(f"EVENT_KIND_{name}") for name in (
    "OFFER_MADE", "OFFER_EXPIRED", "OWNER_CHANGED", "CLOCK_BREACHED", "CLOCK_THRESHOLD",
    "CLOCK_CHANGED", "ESCALATED", "CASE_RESUMED", "CASE_CLOSED")}


def check(load):
    """Everything, twice: as the fault left it, and after all deadlines have passed."""
    load.finish()
    load.cluster.settle()
    every_acknowledged_case_is_there_once(load)
    every_answer_is_there_once(load)
    load.cluster.advance(FIRST_RESPONSE_S + 1)
    every_breach_is_recorded_once(load)
    load.cluster.advance(RESOLUTION_S)
    load.finish()
    load.end()
    load.cluster.settle()
    every_breach_is_recorded_once(load)
    repeated_calls_add_nothing(load)
    nobody_has_too_much(load)
    every_history_verifies(load)
    the_audit_finds_nothing(load.cluster)
    nothing_is_broken(load.cluster)
    assert len(load.opened) >= 30, "too little load to prove anything"


def none(rows):
    assert not rows, f"{len(rows)} rows: {rows[:5]}"


def every_acknowledged_case_is_there_once(load):
    expected = sorted((request.request_id, case_id, request.customer_id)
                      for request, case_id in load.opened)
    by_request = load.cluster.sql(
        "select d.request_id::text, d.case_id::text, c.customer_id from dedup d"
        " join recovery_case c using (tenant_id, case_id) where d.principal = 'crm'")
    by_customer = load.cluster.sql("select customer_id from recovery_case")
    # Every call was answered in the end, so there is nothing beyond what was acknowledged.
    assert sorted(by_request) == expected
    assert sorted(by_customer) == sorted((customer,) for _, _, customer in expected)
    signals = load.cluster.sql("select count(*) from signal")[0][0]
    assert signals == len(expected), "a repeated call counted as a repeated claim"
    for request, case_id in load.opened[::10]:
        again = load.client("intake", "crm", 0).OpenCase(request)
        assert again.case.case_id == case_id


def every_answer_is_there_once(load):
    # Agents are still at work: what they got answered first, then what is there.
    accepted, contacted = dict(load.accepted), dict(load.contacted)
    none(load.cluster.sql(WRONG_OWNERS))
    owners = dict(load.cluster.sql("select case_id::text, owner_id from recovery_case"
                                   " where owner_kind = 2"))
    lost = {case: agent for case, agent in accepted.items() if owners.get(case) != agent}
    assert not lost, f"accepted, and not theirs: {lost}"
    contacts = load.cluster.sql("select case_id::text, contact_id::text from contact_attempt")
    missing = set(contacted.items()) - set(contacts)
    assert not missing, f"recorded, and not there: {missing}"
    assert len({case for case, _ in contacts}) == len(contacts), "a repeated call counted twice"


def every_breach_is_recorded_once(load):
    now = load.cluster.sql("select clock_timestamp() + %s * interval '1 us'",
                           (load.cluster.clock.offset_us,))[0][0]
    none(load.cluster.sql(WRONG_CLOCKS, {"now": now}))
    none(load.cluster.sql(WRONG_ESCALATIONS))
    none(load.cluster.sql(WRONG_HISTORIES))
    assert load.cluster.sql("select count(*) from escalation")[0][0] > 0


def repeat_all(load):
    for turn, (kind, method, principal, request) in enumerate(load.answered):
        _, call = getattr(load.client(kind, principal, turn % 2), method).with_call(request)
        assert dict(call.initial_metadata()).get("replayed") == "true", f"{method} was carried out again"


def repeated_calls_add_nothing(load):
    """Twice: at rest, and while the clock runs through the next deadlines. The running clock adds events meanwhile, those
    of the system. No other event is added, and no row that only a call makes."""
    sql = load.cluster.sql
    counts = ("select (select count(*) from dedup), (select count(*) from signal),"
              " (select count(*) from contact_attempt), (select count(*) from recovery_case)")
    seen, rows = dict(sql("select case_id::text, max(seq) from case_event group by 1")), sql(counts)
    repeat_all(load)
    load.cluster.clock.advance(RESOLUTION_S)
    repeat_all(load)
    load.cluster.settle()
    added = [row for row in sql("select case_id::text, seq, actor, kind from case_event") if row[1] > seen[row[0]]]
    none([row for row in added if row[2] != "amends" or row[3] not in BY_ITSELF])
    assert sql(counts) == rows
    print(f"{len(load.answered)} calls repeated twice; meanwhile the system added {len(added)} events by itself")


def nobody_has_too_much(load):
    assert not load.overload, f"above capacity while the fault lasted: {load.overload}"
    loads = dict(load.cluster.sql(LOADS))
    assert all(load <= CAPACITY[agent] for agent, load in loads.items()), loads


def every_history_verifies(load):
    def verify(turn, case_id):
        proof = load.cluster.intake(tenant=TENANT, replica=turn % 2).VerifyCaseHistory(case_id=case_id)
        return None if proof.intact else case_id

    cases = [case_id for _, case_id in load.opened]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        broken = [one for one in pool.map(verify, range(len(cases)), cases) if one]
    assert not broken


def the_audit_finds_nothing(cluster):
    audit = cluster.assignment(tenant=TENANT).AuditCases(page_size=5000)
    assert (list(audit.findings), audit.next_page_token) == ([], "")


def nothing_is_broken(cluster):
    done = subprocess.run([paths.program("amends"), "check", "--pg",
                           cluster.postgres.conninfo(cluster.name)],
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
