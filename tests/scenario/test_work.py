# SPDX-License-Identifier: Apache-2.0
"""ListWork and GetWorkSummary: everything that is owed, with its reason and its instant, soonest first; gone when it is done."""

import datetime
import zoneinfo

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, steps

HOUR = 3600
CLOCK, PROMISE, ANSWER, OFFER = range(v1.WORK_REASON_CLOCK, v1.WORK_REASON_OFFER + 1)


def work(caller, **of):
    """All rows, through as many pages as there are."""
    items, token = [], ""
    while True:
        page = caller.ListWork(page_token=token, **of)
        items += page.items
        token = page.next_page_token
        if not token:
            return items


def rows(caller, reason, **of):
    return [one for one in work(caller, **of) if one.reason == reason]


def is_in_order(items):
    dues = [(one.due_time.seconds, one.due_time.nanos) for one in items]
    return dues == sorted(dues)


def write_in(agent, case):
    return agent.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL,
                               outcome=v1.CONTACT_OUTCOME_REACHED).case


def promise(world, agent, case, ahead_s):
    due = sample.seconds(world.get(case).update_time) + ahead_s
    made = agent.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="We call you.",
                             promise_time=sample.timestamp(due))
    return made.promise_id, due


@pytest.fixture
def ann(world):
    return world.agent("ann", present=False, capacity=100)


def owned(world, agent):
    case = world.open()
    assert agent.take().case_id == case.case_id
    return world.get(case)


# -- reasons -----------------------------------------------------------------------------------------------------------


def test_a_clock_stays_until_somebody_does_what_it_asks_for(world, ann):
    case = owned(world, ann)
    clock = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
    [row] = work(ann)
    assert (row.reason, row.clock_id, row.clock_kind, row.clock_name) == (
        CLOCK, clock.clock_id, v1.CLOCK_KIND_FIRST_RESPONSE, "first_response")
    assert row.due_time == clock.due_time and not row.overdue
    assert row.next_action == v1.NEXT_ACTION_CONTACT_CUSTOMER
    assert (row.case_id, row.status, row.failure_code, row.severity, row.level, row.owner_id, row.owner_kind) == (
        case.case_id, case.status, case.failure.code, case.severity, case.level, "ann", v1.OWNER_KIND_AGENT)
    assert (row.customer_id, row.open_time, row.version) == (case.customer_id, case.open_time, case.version)
    world.advance(9 * HOUR)
    [row] = work(ann)
    assert row.overdue and row.clock_id == clock.clock_id and row.due_time == clock.due_time
    assert work(ann, overdue_only=True) == [row]
    steps.reach(ann, case)
    [row] = work(ann)
    assert not row.overdue and row.clock_id != clock.clock_id
    assert work(ann, overdue_only=True) == []


def test_a_promise_until_it_is_kept(world, ann):
    case = owned(world, ann)
    promise_id, due = promise(world, ann, case, HOUR)
    later_id, _ = promise(world, ann, case, 2 * HOUR)
    [row] = rows(ann, PROMISE)
    assert (row.promise_id, row.promise_kind, row.next_action) == (
        promise_id, v1.PROMISE_KIND_CALL_BACK, v1.NEXT_ACTION_KEEP_PROMISE)
    assert sample.seconds(row.due_time) == due
    ann.SettlePromise(case_id=case.case_id, promise_id=promise_id, outcome=v1.PROMISE_OUTCOME_KEPT)
    assert [one.promise_id for one in rows(ann, PROMISE)] == [later_id]
    ann.SettlePromise(case_id=case.case_id, promise_id=later_id, outcome=v1.PROMISE_OUTCOME_KEPT)
    assert rows(ann, PROMISE) == []


def test_a_broken_promise_stays_until_it_is_answered_for(world, ann):
    case = owned(world, ann)
    promise_id, _ = promise(world, ann, case, HOUR)
    world.advance(HOUR + 60)
    [row] = rows(ann, PROMISE)
    assert row.overdue and row.promise_id == promise_id
    assert [one.state for one in world.get(case).promises] == [v1.PROMISE_STATE_BROKEN]
    steps.reach(ann, case)
    assert rows(ann, PROMISE) == []


def test_an_answer_until_the_customer_has_it(world, ann):
    case = owned(world, ann)
    steps.reach(ann, case)
    world.advance(60)
    assert rows(ann, ANSWER) == []
    write_in(ann, case)
    [row] = rows(ann, ANSWER)
    assert (row.clock_kind, row.clock_name, row.next_action) == (
        v1.CLOCK_KIND_NEXT_CONTACT, "reply", v1.NEXT_ACTION_ANSWER_CUSTOMER)
    world.advance(9 * HOUR)
    assert [one.overdue for one in rows(ann, ANSWER)] == [True]
    steps.reach(ann, case)
    assert rows(ann, ANSWER) == []


def test_an_offer_until_it_is_answered(world):
    ben = world.agent("ben")
    case = world.open()
    offer = world.pending(case)
    [row] = rows(ben, OFFER)
    assert (row.offer_id, row.case_id, row.due_time) == (offer.offer_id, case.case_id, offer.expire_time)
    assert row.next_action == v1.NEXT_ACTION_ANSWER_OFFER and row.owner_id == "steward"
    ben.accept(case)
    assert [one.reason for one in work(ben)] == [CLOCK]


def test_a_remedy_that_has_not_arrived(world, ann):
    case = owned(world, ann)
    steps.reach(ann, case)
    remedy = steps.propose(ann, case)
    steps.answer(ann, case, remedy)
    steps.say(ann, case)
    steps.find_cause(ann, case)
    world.advance(2 * 24 * HOUR)
    found = [one for one in work(ann) if one.clock_kind == v1.CLOCK_KIND_FULFILMENT]
    assert not found or found[0].remedy_id  # it comes behind the resolution, and is listed when it is the earliest
    world.advance(10 * 24 * HOUR)
    assert work(ann)[0].overdue


def test_the_desk_takes_notice_of_what_climbs(world):
    case = world.open()
    [row] = work(world.principal("steward"))
    assert row.next_action == v1.NEXT_ACTION_TAKE_CASE and row.owner_kind == v1.OWNER_KIND_STEWARD
    ben = world.agent("ben", present=False)
    ben.EscalateCase(case_id=case.case_id, reason="It is grave.")
    assert work(world.principal("steward")) == []
    [row] = work(world.principal("steward-lead"))
    assert row.level == 2 and work(world.crm, level=2) == [row] and work(world.crm, level=1) == []
    world.advance(8 * HOUR - 60)
    levels = [one for one in work(world.crm, level=2) if one.clock_kind == v1.CLOCK_KIND_LEVEL]
    assert [one.next_action for one in levels] in ([], [v1.NEXT_ACTION_ACKNOWLEDGE])


def test_what_is_resolved_or_paused_asks_nobody(world, ann):
    case = owned(world, ann)
    steps.reach(ann, case)
    now = world.get(case)
    ann.PauseCase(case_id=case.case_id, expected_version=now.version, reason=v1.PAUSE_REASON_CUSTOMER_ASKED,
                  resume_time=sample.timestamp(sample.seconds(now.update_time) + HOUR))
    paused = {one.clock_id for one in world.get(case).clocks if one.state == v1.CLOCK_STATE_PAUSED}
    assert paused and not paused & {one.clock_id for one in work(ann)}
    world.advance(2 * HOUR)
    assert len(work(ann)) == 1
    steps.recover(ann, case)
    steps.resolve(ann, case)
    assert work(ann) == []


# -- whose work --------------------------------------------------------------------------------------------------------


def test_soonest_first_over_all_reasons(world, ann):
    ben = world.agent("ben", present=False)
    cases = [owned(world, ann) for _ in range(6)]
    for n, case in enumerate(cases):
        if n % 2:
            promise(world, ann, case, (7 - n) * HOUR)
        if n % 3 == 0:
            steps.reach(ann, case)
            world.advance(1)
            write_in(ben, case)
    items = work(ann, page_size=3)
    assert is_in_order(items) and {one.reason for one in items} == {CLOCK, PROMISE, ANSWER}
    assert len(items) == len({(one.case_id, one.reason) for one in items}) == 6 + 3 + 2
    assert items == work(ann, page_size=200) == work(world.crm, owner_id="ann")


def test_of_nobody_else(world, other_world, ann):
    case = owned(world, ann)
    ben = world.agent("ben", present=False)
    assert work(ben) == [] and work(ben, owner_id="ann") == work(ann)
    assert work(other_world.principal("ann")) == [] and work(other_world.crm, level=1) == []
    other = other_world.agent("ann", present=False)
    owned(other_world, other)
    assert [one.case_id for one in work(ann)] == [case.case_id]


def test_of_a_team(world):
    night = [world.agent(f"night-{n}", present=False, team="night") for n in range(3)]
    day = world.agent("day", present=False, team="day")
    cases = [owned(world, one).case_id for one in (*night, day)]
    assert {one.case_id for one in work(world.crm, team="night")} == set(cases[:3])
    assert is_in_order(work(world.crm, team="night", page_size=1))
    assert work(world.crm, team="nobody") == []


def test_a_team_may_be_too_large(world):
    for n in range(501):
        world.crm.PutAgent(agent=sample.agent(f"agent-{n}", team="all"))
    with refused("FAILED_PRECONDITION", "TEAM_TOO_LARGE") as caught:
        world.crm.ListWork(team="all")
    assert caught.error.metadata["team"] == "all"
    with refused("FAILED_PRECONDITION", "TEAM_TOO_LARGE"):
        world.crm.GetWorkSummary(team="all")


def test_filters(world, ann):
    case = owned(world, ann)
    _, due = promise(world, ann, case, HOUR)
    assert {one.reason for one in work(ann, reasons=[PROMISE])} == {PROMISE}
    assert {one.reason for one in work(ann, reasons=[CLOCK, ANSWER])} == {CLOCK}
    assert work(ann, due_before=sample.timestamp(due)) == []
    assert [one.reason for one in work(ann, due_before=sample.timestamp(due + 1))] == [PROMISE]
    world.advance(HOUR + 60)
    assert [one.reason for one in work(ann, overdue_only=True)] == [PROMISE]
    assert work(ann, overdue_only=True, due_before=sample.timestamp(due)) == []


@pytest.mark.parametrize("fields, named", [
    ({"owner_id": "ann", "level": 1}, "owner_id"), ({"team": "night", "owner_id": "ann"}, "owner_id"),
    ({"level": 9}, "level"), ({"level": -1}, "level"), ({"owner_id": "an n"}, "owner_id"), ({"team": "x" * 101}, "team"),
    ({"reasons": [99]}, "reasons[0]"), ({"reasons": [CLOCK, 0]}, "reasons[1]"), ({"page_size": -1}, "page_size"),
    ({"page_token": "abcd"}, "page_token"), ({"due_before": {"seconds": -1}}, "due_before"),
])
def test_bad_input(world, fields, named):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ListWork(**fields)
    assert caught.error.fields == [named]


# -- pages -------------------------------------------------------------------------------------------------------------


def test_pages_stay_whole_while_rows_come_and_go(world, ann):
    cases = [owned(world, ann) for _ in range(9)]
    seen, token, done = [], "", iter(cases)
    while True:
        page = ann.ListWork(page_size=2, page_token=token)
        seen += [one.case_id for one in page.items]
        token = page.next_page_token
        if not token:
            break
        steps.reach(ann, next(done, cases[0]))  # its row moves behind all others
        world.advance(1)
        owned(world, ann)
    assert {one.case_id for one in cases} <= set(seen)
    at = {case.case_id: seen.index(case.case_id) for case in cases}
    assert [at[case.case_id] for case in cases] == sorted(at.values())


def test_a_token_is_of_one_list(world, other_world, ann):
    for _ in range(3):
        owned(world, ann)
    token = ann.ListWork(page_size=1).next_page_token
    for caller, fields in ((ann, {"reasons": [CLOCK]}), (ann, {"overdue_only": True}), (ann, {"level": 1}),
                           (other_world.principal("ann"), {})):
        with refused("INVALID_ARGUMENT") as caught:
            caller.ListWork(page_token=token, **fields)
        assert caught.error.fields == ["page_token"]


def many(world, case, number):
    """Copies of a case with its clocks, a second later each, nine hours before; their timers are not armed."""
    due = "x.{} - interval '9 h' + n * interval '1 s'"
    changed = {"case_id": "md5(n::text || %(id)s)::uuid", "next_at": "null",
               **{one: due.format(one) for one in ("owed_at", "next_due_at", "owed_for", "due_at")}}
    for table in ("recovery_case", "case_work", "clock"):
        names = [one for one, in world.cluster.sql(
            "select column_name from information_schema.columns where table_name = %s and table_schema = 'public'"
            " and is_generated = 'NEVER' order by ordinal_position", (table,))]
        world.cluster.sql(f"insert into {table} ({', '.join(names)})"
                          f" select {', '.join(changed.get(one, 'x.' + one) for one in names)}"
                          f" from {table} x, generate_series(1, %(n)s) n where x.case_id = %(id)s",
                          {"id": case.case_id, "n": number})


def test_ten_thousand_rows(world, ann):
    case = owned(world, ann)
    many(world, case, 10_050)
    items = work(ann, page_size=200)
    assert len(items) == len({one.case_id for one in items}) == 10_051 and is_in_order(items)
    assert items[-1].case_id == case.case_id
    total = ann.GetWorkSummary().total
    assert 3600 <= total.overdue < 3700 and total.at_least  # the counting ends behind ten thousand
    assert total.overdue + total.due_today <= 10_000
    assert not ann.GetWorkSummary(level=1).total.at_least


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_names_are_masked_and_nothing_is_recorded(world, ann):
    case = owned(world, ann)
    [row] = work(ann)
    assert row.masked and row.customer_name and row.customer_name != case.customer_name
    assert row.customer_name == world.crm.ListCases(customer_id=case.customer_id).cases[0].customer_name
    records = world.principal("admin").ListAccessRecords(principal="ann").records
    assert "ListWork" not in {one.method for one in records}


# -- counts ------------------------------------------------------------------------------------------------------------


def test_counts_are_those_of_the_list(world, ann):
    first, second, third = (owned(world, ann) for _ in range(3))
    promise(world, ann, first, 10 * 60)
    promise(world, ann, second, 40 * 60)
    promise(world, ann, third, 60)
    world.advance(120)
    summary = ann.GetWorkSummary(time_zone="UTC")
    assert (summary.total.overdue, summary.total.due_in_15_minutes, summary.total.due_in_1_hour) == (1, 1, 2)
    assert summary.total.due_today == len([
        one for one in work(ann) if not one.overdue and one.due_time.seconds < summary.end_of_day.seconds])
    by_reason = {one.reason: one for one in summary.reasons}
    assert set(by_reason) == {CLOCK, PROMISE, ANSWER, OFFER}
    assert (by_reason[PROMISE].overdue, by_reason[PROMISE].due_in_1_hour, by_reason[CLOCK].overdue) == (1, 2, 0)
    assert ann.GetWorkSummary(level=1).total.overdue == 0


def test_today_ends_where_the_reader_is(world, ann):
    for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
        summary = ann.GetWorkSummary(time_zone=zone)
        here = zoneinfo.ZoneInfo(zone)
        now = datetime.datetime.fromtimestamp(summary.server_time.seconds, here)
        end = datetime.datetime.fromtimestamp(summary.end_of_day.seconds, here)
        assert (end.hour, end.minute, end.second) == (0, 0, 0)
        assert end.date() == now.date() + datetime.timedelta(days=1)
    with refused("INVALID_ARGUMENT") as caught:
        ann.GetWorkSummary(time_zone="Mars/Olympus")
    assert caught.error.fields == ["time_zone"]


def test_a_case_of_last_year(world):
    """Nobody looked after it for a year: it has climbed, and what was owed first is still owed."""
    case = world.open()
    for _ in range(6):
        world.advance(61 * 24 * HOUR)
    now = world.get(case)
    assert now.level > 1
    [row] = [one for one in work(world.crm, level=now.level) if one.case_id == case.case_id]
    assert row.overdue and row.clock_kind == v1.CLOCK_KIND_FIRST_RESPONSE
    assert row.owner_id == now.owner.id and work(world.principal(now.owner.id)) == [row]
    assert world.crm.GetWorkSummary(level=now.level).total.overdue == 1
