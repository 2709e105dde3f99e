# SPDX-License-Identifier: Apache-2.0
"""The auditor finds what must not be: late clocks, cases nobody watches, cases nobody owns."""

import pytest

from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample

OVERDUE = v1.AUDIT_FINDING_KIND_OVERDUE_CLOCK
UNWATCHED = v1.AUDIT_FINDING_KIND_UNWATCHED_CASE
OWNERLESS = v1.AUDIT_FINDING_KIND_OWNERLESS_CASE


def audit(world, page_size=0):
    """(findings, cases looked at, pages) of all pages."""
    findings, cases, pages, token = [], 0, 0, ""
    while True:
        page = world.crm.AuditCases(page_size=page_size, page_token=token)
        findings += page.findings
        cases += page.cases
        pages += 1
        token = page.next_page_token
        if not token:
            return findings, cases, pages


def kinds(world):
    return [one.kind for one in audit(world)[0]]


def test_what_is_in_order_is_not_found(world):
    for _ in range(5):
        world.open()
    assert audit(world) == ([], 5, 1)


def test_pages_add_up(world):
    cases = {world.open().case_id for _ in range(5)}
    world.cluster.sql("update clock set state = 2, next_at = null where case_id = any (%s::uuid[])",
                      (sorted(cases),))
    findings, looked_at, pages = audit(world, page_size=2)
    assert (looked_at, pages) == (5, 3)
    assert {one.case_id for one in findings} == cases
    assert {one.kind for one in findings} == {UNWATCHED}


def test_a_running_clock_past_its_deadline_is_found_though_no_timer_knows_it(world):
    case = world.open()
    late = next(one for one in case.clocks if one.kind == v1.CLOCK_KIND_FIRST_RESPONSE)
    world.cluster.sql("update clock set next_at = null, due_at = due_at - interval '30 days'"
                      " where clock_id = %s", (late.clock_id,))
    (found,), _, _ = audit(world)
    assert (found.kind, found.case_id, found.clock_id) == (OVERDUE, case.case_id, late.clock_id)
    assert sample.seconds(found.due_time) == sample.seconds(late.due_time) - 30 * sample.DAY_S


def test_a_case_no_clock_of_which_will_fire_is_unwatched(world):
    case, other = world.open(), world.open()
    world.cluster.sql("update clock set state = 4, next_at = null where case_id = %s", (case.case_id,))
    (found,), looked_at, _ = audit(world)
    assert (found.kind, found.case_id, looked_at) == (UNWATCHED, case.case_id, 2)
    assert other.case_id != case.case_id


def test_a_case_that_no_clock_looks_at_for_long_is_standing(world):
    case, other = world.open(), world.open()
    move = "update clock set next_at = now() + %s * interval '1 day' where case_id = %s"
    world.cluster.sql(move, (61, case.case_id))
    world.cluster.sql(move, (59, other.case_id))
    (found,), looked_at, _ = audit(world)
    assert (found.kind, found.case_id, looked_at) == (v1.AUDIT_FINDING_KIND_STANDING_CASE, case.case_id, 2)
    assert "in more than 60 days" in found.detail


@pytest.mark.parametrize("kind, owner", [(0, "steward"), (1, ""), (1, "nobody"), (2, ""), (2, "nobody")])
def test_a_case_that_nobody_answers_for_is_ownerless(world, kind, owner):
    case = world.open()
    world.cluster.sql("update recovery_case set owner_kind = %s, owner_id = %s where case_id = %s",
                      (kind, owner, case.case_id))
    (found,), _, _ = audit(world)
    assert (found.kind, found.case_id) == (OWNERLESS, case.case_id)
    assert found.detail


def test_a_policy_version_that_does_not_compile_holds_nothing_up(world):
    case, *others = [world.open() for _ in range(4)]
    sql = world.cluster.sql
    sql("insert into policy_version select tenant_id, 99, 'no such source', opened_at, 'test' from recovery_case"
        " where case_id = %s", (case.case_id,))
    bad = [case.case_id, others[0].case_id]
    sql("update recovery_case set policy_version = 99 where case_id = any (%s::uuid[])", (bad,))
    try:
        findings, looked_at, _ = audit(world)
    finally:
        sql("update recovery_case set policy_version = 1 where case_id = any (%s::uuid[])", (bad,))
    assert looked_at == 4
    assert {(one.kind, one.case_id) for one in findings} == {(OWNERLESS, one) for one in bad}


def test_agents_and_stewards_who_exist_answer_for_their_cases(world):
    ann = world.agent("ann")
    case = world.open()
    ann.accept(case)
    world.open()
    assert kinds(world) == []


def test_a_late_clock_of_a_closed_case_is_found_at_the_end(world):
    case, _ = world.open(), world.open()
    sql = world.cluster.sql
    # No timer may fire it: its state says that it has ended.
    sql("update recovery_case set status = 8 where case_id = %s", (case.case_id,))
    sql("update clock set state = 4, next_at = started_at - interval '1 day' where case_id = %s",
        (case.case_id,))
    try:
        findings, looked_at, _ = audit(world, page_size=1)
    finally:
        sql("update clock set next_at = null where case_id = %s", (case.case_id,))
    assert looked_at == 1
    assert {(one.kind, one.case_id) for one in findings} == {(OVERDUE, case.case_id)}
    assert len(findings) == len(case.clocks)


def test_other_tenants_are_not_shown(world, other_world):
    case = other_world.open()
    other_world.cluster.sql("update clock set state = 4, next_at = null where case_id = %s",
                            (case.case_id,))
    assert audit(world) == ([], 0, 1)
    assert kinds(other_world) == [UNWATCHED]


def test_a_page_token_of_somebody_else_is_refused(world):
    with refused("INVALID_ARGUMENT"):
        world.crm.AuditCases(page_token="bm90IG91cnM=")
    with refused("INVALID_ARGUMENT"):
        world.crm.AuditCases(page_size=-1)


def test_the_standing_audit_shows_what_it_finds(world):
    def shown(name):
        return sum(one.metrics().get(f"amends_assignment_audit_{name}", 0)
                   for one in world.cluster.replicas_of("assignment"))

    case = world.open()
    before = shown("unwatched_cases"), shown("ownerless_cases")
    world.cluster.sql("update clock set state = 4, next_at = null where case_id = %s", (case.case_id,))
    world.cluster.sql("update recovery_case set owner_id = 'nobody' where case_id = %s",
                      (case.case_id,))
    passes = shown("pass_total")
    wait_until(lambda: shown("pass_total") > passes + 1, "two full audits", 30)
    assert shown("unwatched_cases") > before[0]
    assert shown("ownerless_cases") > before[1]
    assert shown("age_seconds") < 30
