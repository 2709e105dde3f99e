# SPDX-License-Identifier: Apache-2.0
"""A severity that rises re-dates the clocks whose target goes by it, in the same event: nearer, never into the past,
and the same wherever a deadline is shown."""

import pytest

from harness.api import message, v1
from harness.errors import refused

from .support import sample
from .support.policy import apply, current, edit

MINUTE_S = 60


def us(time):
    return time.seconds * 1_000_000 + time.nanos // 1000


def hours(count):
    return int(count * 3600 * 1_000_000)


def severe(world, who, case_fields, severity):
    """A repeat claim; the case after it."""
    answer = who.OpenCase(**{**case_fields, "severity": severity})
    assert answer.joined
    return answer.case


def clock(case, name):
    return next(one for one in case.clocks if one.name == name)


@pytest.fixture
def fields():
    return sample.claim("billing.overcharge", severity=3)


@pytest.fixture
def case(world, fields):
    opened = world.crm.OpenCase(**fields).case
    world.settle()
    assert [us(clock(opened, name).due_time) - us(opened.open_time) for name in ("first_response", "resolution")] == [
        hours(8), hours(72)]
    return opened


def check_everywhere(world, case):
    """GetCase, the write's answer, what lists and loads go by, and ExplainDeadline agree."""
    shown = {one.clock_id: one for one in world.get(case).clocks}
    assert {one.clock_id: one for one in case.clocks} == shown
    for one in shown.values():
        answer = world.crm.ExplainDeadline(case_id=case.case_id, clock_id=one.clock_id)
        assert (answer.clock, answer.due_time) == (one, one.due_time)
        assert us(answer.parts[-1].end_time) == us(one.due_time)
        assert sum(part.counted_ms for part in answer.parts) == answer.counted_ms == one.target_ms
    due = min(us(one.due_time) for one in shown.values() if one.kind != v1.CLOCK_KIND_OFFER)
    listed = world.cluster.sql("select (extract(epoch from next_due_at) * 1000000)::int8 from case_work"
                               " where case_id = %s", (case.case_id,))
    assert listed == [(due,)]


def test_a_claim_of_an_agent_re_dates_the_clocks_in_its_event(world, fields, case):
    ann = world.agent("ann")
    world.settle()
    now = severe(world, ann, fields, 5)
    at = us(now.update_time)
    first, whole = clock(now, "first_response"), clock(now, "resolution")
    assert us(first.due_time) == us(case.open_time) + hours(1)
    assert us(whole.due_time) == us(case.open_time) + hours(24)
    for one, target, old in ((first, hours(1), hours(8)), (whole, hours(24), hours(72))):
        assert len(one.retargets) == 1
        moved = one.retargets[0]
        assert (us(moved.retarget_time), moved.target_ms * 1000, moved.severity) == (at, target, 5)
        assert us(moved.old_due_time) == us(case.open_time) + old
        assert moved.new_due_time == one.due_time
    event = world.history(case)[-1]
    assert event.kind == v1.EVENT_KIND_SIGNAL_JOINED and len(event.detail.clocks) == 2
    check_everywhere(world, now)


def test_late_a_quarter_of_the_new_target_is_left(world, fields, case):
    ann = world.agent("ann", present=False)
    world.advance(6 * sample.HOUR_S)
    now = severe(world, ann, fields, 5)
    at, first = us(now.update_time), clock(now, "first_response")
    assert us(first.due_time) == at + hours(0.25)
    check_everywhere(world, now)
    world.advance(16 * MINUTE_S)
    breached = clock(world.get(case), "first_response")
    assert breached.state == v1.CLOCK_STATE_BREACHED and breached.breach_time == first.due_time
    assert world.get(case).level == 2
    assert world.verify(case).intact


def test_an_application_raises_it_by_one(world, fields, case):
    assert severe(world, world.crm, fields, 5).severity == 4
    assert severe(world, world.crm, fields, 4).severity == 4
    now = severe(world, world.crm, fields, 5)
    assert now.severity == 5
    assert len(clock(now, "first_response").retargets) == 2
    assert severe(world, world.crm, fields, 1).severity == 5
    check_everywhere(world, world.get(case))


def test_a_promise_admitted_broken_re_dates_them(world, fields, case):
    ann = world.agent("ann")
    world.settle()
    mine = ann.accept(case)
    at = us(mine.update_time) // 1_000_000 + 3 * sample.HOUR_S
    made = ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="-",
                           promise_time=message("google.protobuf.Timestamp")(seconds=at))
    ann.SettlePromise(case_id=case.case_id, promise_id=made.promise_id, outcome=v1.PROMISE_OUTCOME_BROKEN)
    settled = next(one for one in world.history(case) if one.kind == v1.EVENT_KIND_PROMISE_SETTLED)
    assert settled.detail.severity == 4
    moved = [one for one in settled.detail.clocks if one.retargets]
    assert {one.name for one in moved} >= {"resolution"}
    assert all(us(one.due_time) < us(one.retargets[0].old_due_time) for one in moved)


def test_a_migration_to_equal_targets_changes_nothing(world, fields, case):
    ann = world.agent("ann", present=False)
    world.advance(6 * sample.HOUR_S)
    before = severe(world, ann, fields, 5)
    apply(world, edit(current(world).source))
    for dry_run in (True, False):
        page = world.crm.MigrateCases(dry_run=dry_run)
        assert (page.cases, page.changed, page.breaching) == (1, 0, 0)
    after = world.get(case)
    assert after.policy_version == 2
    assert [(one.name, one.due_time, one.retargets) for one in after.clocks] == [
        (one.name, one.due_time, one.retargets) for one in before.clocks]


def test_the_timers_of_all_replicas_follow(world, fields, case):
    """The members that Redis holds are those of the new instant; nothing fires at the old one."""
    ann = world.agent("ann", present=False)
    severe(world, ann, fields, 5)
    world.advance(sample.HOUR_S + MINUTE_S)
    assert clock(world.get(case), "first_response").state == v1.CLOCK_STATE_BREACHED
    kinds = world.kinds(case)
    world.advance(7 * sample.HOUR_S)
    assert world.kinds(case).count("CLOCK_BREACHED") == kinds.count("CLOCK_BREACHED")


# --- by hand ---


@pytest.fixture
def ann(world):
    return world.agent("ann", present=False)


def move(who, world, case, one, due_s, **other):
    return who.RetargetClock(**{"case_id": case.case_id, "clock_id": one.clock_id, "reason": "They are on holiday.",
                                "due_time": sample.timestamp(due_s), "expected_version": world.get(case).version,
                                **other}).case


def test_more_time_by_hand(world, ann, case, fields):
    case = ann.take()
    one = clock(case, "resolution")
    due_s = sample.seconds(one.due_time) + 10 * sample.DAY_S
    moved = move(ann, world, case, one, due_s)
    shown = clock(moved, "resolution")
    assert us(shown.due_time) == us(sample.timestamp(due_s))
    check_everywhere(world, moved)
    told = world.history(case)[-1]
    assert (told.kind, told.actor, told.personal.text) == (
        v1.EVENT_KIND_CLOCK_RETARGETED, "ann", "They are on holiday.")
    assert [one.name for one in told.detail.clocks] == ["resolution"]
    assert [(one.event_sequence, one.old_due_time) for one in shown.retargets] == [(told.sequence, one.due_time)]
    assert world.cluster.sql("select recipient from notification where case_id = %s and kind = 5",
                             (case.case_id,)) == [("steward",)]
    # Another look and a migration to the same targets leave it there; a graver case brings it nearer.
    apply(world, edit(current(world).source, 1))
    world.crm.MigrateCases()
    assert clock(world.get(case), "resolution").due_time == shown.due_time
    world.advance(5 * sample.DAY_S)
    assert clock(world.get(case), "resolution").state == v1.CLOCK_STATE_RUNNING
    graver = severe(world, world.crm, fields, 4)
    assert clock(graver, "resolution").due_time.seconds < shown.due_time.seconds
    assert world.verify(case).intact


def test_less_time_by_hand_is_told_to_nobody_else(world, ann, case):
    case = ann.take()
    one = clock(case, "resolution")
    moved = move(ann, world, case, one, sample.seconds(one.due_time) - 50 * 3600)
    assert us(clock(moved, "resolution").due_time) == us(one.due_time) - hours(50)
    check_everywhere(world, moved)
    assert world.cluster.sql("select 1 from notification where case_id = %s and kind = 5", (case.case_id,)) == []
    world.advance(23 * 3600)
    assert clock(world.get(case), "resolution").state == v1.CLOCK_STATE_BREACHED


def test_who_may_move_it_and_when(world, ann, case):
    bob = world.agent("bob", present=False)
    case = ann.take()
    one, now_s = clock(case, "resolution"), sample.seconds(case.open_time)
    with refused("PERMISSION_DENIED", "NOT_THE_OWNER"):
        move(bob, world, case, one, now_s + sample.DAY_S)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        move(world.crm, world, case, one, now_s + sample.DAY_S)
    with refused("INVALID_ARGUMENT") as caught:
        move(ann, world, case, one, now_s - 1, reason="", clock_id="x")
    assert caught.error.fields == ["clock_id", "due_time", "reason"]
    with refused("NOT_FOUND", "CLOCK_NOT_FOUND"):
        move(ann, world, case, one, now_s + sample.DAY_S, clock_id=case.case_id)
    with refused("ABORTED", "VERSION_MISMATCH"):
        move(ann, world, case, one, now_s + sample.DAY_S, expected_version=1)
    with refused("FAILED_PRECONDITION", "DUE_LIMIT") as caught:
        move(ann, world, case, one, now_s + 61 * sample.DAY_S)
    assert caught.error.metadata["most_until"]
    lena = world.agent("lena", level=3, present=False)
    assert move(lena, world, case, one, now_s + sample.DAY_S).version == case.version + 1


def test_what_is_not_moved(world, ann, case):
    case = ann.take()
    now_s = sample.seconds(case.open_time)
    promise = ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_ANSWER, description="An answer.",
                              promise_time=sample.timestamp(now_s + 9 * sample.DAY_S)).case
    with refused("FAILED_PRECONDITION", "CLOCK_STATE") as caught:
        move(ann, world, case, world.clock(promise, v1.CLOCK_KIND_PROMISE), now_s + sample.DAY_S)
    assert "SettlePromise" in str(caught.error)
    ann.PauseCase(case_id=case.case_id, expected_version=world.get(case).version,
                  reason=v1.PAUSE_REASON_CUSTOMER_ASKED)
    one = clock(world.get(case), "resolution")
    with refused("FAILED_PRECONDITION", "CLOCK_STATE"):
        move(ann, world, case, one, now_s + sample.DAY_S)
    ann.ResumeCase(case_id=case.case_id)
    move(ann, world, case, one, now_s + 3600)
    world.advance(2 * 3600)
    assert clock(world.get(case), "resolution").state == v1.CLOCK_STATE_BREACHED
    boss = world.agent("boss", level=4, present=False)
    with refused("FAILED_PRECONDITION", "CLOCK_STATE") as caught:
        move(boss, world, case, one, now_s + 5 * sample.DAY_S)
    assert "stays late" in str(caught.error)
