# SPDX-License-Identifier: Apache-2.0
"""Thresholds and their actions, level clocks, and answers that are late: by a bundle, through the timers."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, steps
from .support.policy import apply
from .support.redis import both_ways

pytestmark = both_ways
HOUR_S = sample.HOUR_S
# Ten hours to resolve, with something at every step; nothing else hurries.
STEPS = """amends: 1
clocks:
  steps:
    kind: resolution
    target: 10h
    thresholds:
      - {at: 10%, raise_priority: 30m}
      - {at: 20%, notify: [owner, next]}
      - {at: 30%, do: raise_severity}
      - {at: 40%, do: reassign, notify: owner}
      - {at: 50%, do: co_own}
      - {at: 60%, do: take_over}
      - {at: 100%, do: climb, notify: [owner, steward]}
      - {at: 150%, do: climb}
  follow_up: {kind: follow_up, target: 7d}
"""


def steps_of(world, case):
    """(threshold, from level, to level) of each recorded step."""
    return world.cluster.sql("select threshold, from_level, to_level from escalation where case_id = %s"
                             " order by at, threshold", (case.case_id,))


def told(world, case):
    """{threshold: recipients} of the notifications."""
    rows = world.cluster.sql("select threshold, recipient from notification where case_id = %s"
                             " order by threshold, created_at, recipient", (case.case_id,))
    return {at: [who for each, who in rows if each == at] for at, _ in rows}


def test_every_threshold_does_its_part_once(world):
    apply(world, STEPS)
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    boost = world.get(case).boost_ms
    world.advance(HOUR_S + 1)
    assert world.get(case).boost_ms == boost + 30 * 60 * 1000
    world.advance(HOUR_S)
    assert told(world, case) == {20: ["ann", "steward-lead"]}
    world.advance(HOUR_S)
    assert world.get(case).severity == case.severity + 1
    world.advance(HOUR_S)
    now = world.get(case)
    assert (now.owner.id, now.status) == ("steward", v1.CASE_STATUS_OPEN)
    assert (told(world, case)[40], told(world, case)[0]) == (["steward"], ["ann"])  # the desk is to act, and she is not
    world.advance(HOUR_S)
    assert [(one.principal, one.action) for one in world.get(case).contributors] == [
        ("steward", v1.LADDER_ACTION_CO_OWN)]
    world.advance(HOUR_S)
    assert [(one.principal, one.action) for one in world.get(case).contributors] == [
        ("steward", v1.LADDER_ACTION_TAKE_OVER)]
    world.advance(4 * HOUR_S)
    now = world.get(case)
    assert (now.level, now.owner.id) == (2, "steward-lead")
    assert world.clock(case, v1.CLOCK_KIND_RESOLUTION).state == v1.CLOCK_STATE_BREACHED
    world.advance(5 * HOUR_S)
    assert world.get(case).level == 3
    assert steps_of(world, case) == [(at, 1, 1) for at in (10, 20, 30, 40, 50, 60)] + [
        (100, 1, 2), (150, 2, 3)]
    assert world.kinds(case).count("CLOCK_THRESHOLD") == 7
    assert world.kinds(case).count("CLOCK_BREACHED") == 1
    world.advance(2 * HOUR_S)
    assert len(steps_of(world, case)) == 8
    assert world.verify(case).intact


LAST_HOURS = """amends: 2
clocks:
  steps:
    kind: resolution
    target: 10h
    thresholds:
      - {at: 50%, notify: owner}
      - {at: -2h, do: raise_severity}
      - {at: -30m, notify: [owner, next]}
      - {at: 100%, do: climb}
  follow_up: {kind: follow_up, target: 7d}
"""


def test_a_time_before_the_deadline(world):
    apply(world, LAST_HOURS)
    assert "at: -30m" in world.crm.GetPolicy().version.source
    case = world.open()
    world.advance(8 * HOUR_S + 1)
    assert world.get(case).severity == case.severity + 1
    clock = world.clock(case, v1.CLOCK_KIND_RESOLUTION)
    assert (clock.fired_percent, clock.fired_before.seconds) == (0, 2 * HOUR_S)
    assert clock.due_time.seconds - clock.next_time.seconds == HOUR_S // 2
    answer = world.crm.ExplainDeadline(case_id=case.case_id, clock_id=clock.clock_id, before={"seconds": HOUR_S // 2})
    assert (answer.due_time, answer.counted_ms) == (clock.next_time, 19 * HOUR_S * 500)
    world.advance(2 * HOUR_S)
    assert world.clock(case, v1.CLOCK_KIND_RESOLUTION).fired_percent == 100
    assert set(steps_of(world, case)) == {(50, 1, 1), (-2 * HOUR_S, 1, 1), (-HOUR_S // 2, 1, 1), (100, 1, 2)}
    shown = [one.detail.escalation for one in world.history(case) if one.detail.escalation.HasField("before")]
    assert [(one.threshold, one.before.seconds) for one in shown] == [(0, 2 * HOUR_S), (0, HOUR_S // 2)]
    assert world.verify(case).intact


def test_a_time_before_needs_the_second_format(world):
    with refused("INVALID_ARGUMENT", "POLICY_INVALID") as caught:
        apply(world, LAST_HOURS.replace("amends: 2", "amends: 1"))
    assert "needs `amends: 2`" in str(caught.error)


def test_a_case_goes_back_to_a_policy_of_shares(world):
    apply(world, LAST_HOURS)
    case = world.open()
    world.advance(9.75 * HOUR_S)
    apply(world, STEPS)
    world.crm.MigrateCases()
    clock = world.clock(case, v1.CLOCK_KIND_RESOLUTION)
    assert (clock.fired_percent, clock.HasField("fired_before")) == (60, False)
    world.advance(HOUR_S)
    assert set(steps_of(world, case)) == {(50, 1, 1), (-2 * HOUR_S, 1, 1), (-HOUR_S // 2, 1, 1), (100, 1, 2)}


def test_found_together_each_is_recorded_and_one_climbs(world):
    apply(world, STEPS)
    case = world.open()
    world.advance(20 * HOUR_S)
    recorded = steps_of(world, case)
    assert [at for at, _, _ in recorded] == [10, 20, 30, 40, 50, 60, 100, 150]
    assert [(before, after) for _, before, after in recorded if after > before] == [(1, 2)]
    assert world.get(case).level == 2


def test_who_took_over_may_decide(world):
    apply(world, STEPS)
    ann = world.agent("ann", present=False)
    case = world.open()
    desk = world.principal("steward")
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        steps.deny(desk, case)
    world.advance(6 * HOUR_S + 1)
    ann.take()
    assert steps.deny(desk, case).denial.actor == "steward"
    steps.recover(ann, case)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        steps.resolve(world.principal("steward-lead"), case)
    assert steps.resolve(desk, case).status == v1.CASE_STATUS_RESOLVED
    assert world.history(case)[-1].actor == "steward"


# --- level clocks of the shipped bundle: 8 h, 8 h, 24 h ---


def level_clocks(world, case):
    return sorted((one.name, one.instance, one.state) for one in world.get(case).clocks
                  if one.kind == v1.CLOCK_KIND_LEVEL)


def escalate(agent, case, to_level):
    return agent.EscalateCase(case_id=case.case_id, reason="Asked for.", to_level=to_level).case


def test_a_level_that_keeps_silent_is_left(world):
    ann = world.agent("ann", present=False)
    case = world.open(severity=1)
    escalate(ann, case, 2)
    assert level_clocks(world, case) == [("level.2", 1, v1.CLOCK_STATE_RUNNING)]
    world.advance(8 * HOUR_S + 1)
    assert world.get(case).level == 3
    world.advance(8 * HOUR_S)
    assert world.get(case).level == 4
    assert world.get(case).owner.id == "steward-executive"


def test_notice_stops_the_levels_clock(world):
    ann, boss = world.agent("ann", present=False), world.agent("boss", level=3, present=False)
    case = world.open(severity=1)
    escalate(ann, case, 3)
    boss.AcknowledgeEscalation(case_id=case.case_id)
    assert level_clocks(world, case) == [("level.3", 1, v1.CLOCK_STATE_MET)]
    world.advance(10 * HOUR_S)
    assert world.get(case).level == 3


def test_progress_stops_the_levels_clock(world):
    ann = world.agent("ann", present=False)
    case = world.open(severity=1)
    escalate(ann, case, 2)
    steps.reach(ann, case)
    assert level_clocks(world, case) == [("level.2", 1, v1.CLOCK_STATE_MET)]


def test_at_the_top_it_goes_round_until_somebody_takes_notice(world):
    ann = world.agent("ann", present=False)
    case = world.open(severity=1)
    escalate(ann, case, 4)
    for instance in (2, 3, 4):
        world.advance(24 * HOUR_S + 1)
        assert level_clocks(world, case) == [("level.4", instance, v1.CLOCK_STATE_RUNNING)]
    recorded = world.cluster.sql(
        "select e.instance from escalation e join clock c using (tenant_id, case_id, clock_id)"
        " where e.case_id = %s and c.kind = %s and e.threshold = 100 order by 1",
        (case.case_id, v1.CLOCK_KIND_LEVEL))
    assert recorded == [(1,), (2,), (3,)]
    world.principal("steward-executive").AcknowledgeEscalation(case_id=case.case_id)
    assert level_clocks(world, case) == [("level.4", 4, v1.CLOCK_STATE_MET)]


# --- messages to the executives are answered ---


def write_in(agent, case, **fields):
    return agent.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND,
                               channel=v1.CHANNEL_LETTER, **fields).case


@pytest.mark.parametrize("addressed, reached", [(0, 2), (4, 4)])
def test_a_late_answer_climbs_to_whom_the_customer_wrote(world, addressed, reached):
    ann = world.agent("ann", present=False)
    case = world.open(severity=1)
    ann.take()
    steps.reach(ann, case)
    write_in(ann, case, addressed_level=addressed)
    world.advance(8 * HOUR_S + 1)
    now = world.get(case)
    assert now.level == reached
    breach = next(one for one in world.history(case) if one.kind == v1.EVENT_KIND_CLOCK_BREACHED)
    assert breach.detail.climbed
    assert (breach.detail.escalation.from_level, breach.detail.escalation.to_level) == (1, reached)


def test_an_answer_in_time_climbs_nowhere(world):
    ann = world.agent("ann", present=False)
    case = world.open(severity=1)
    ann.take()
    steps.reach(ann, case)
    write_in(ann, case, addressed_level=4)
    world.advance(7 * HOUR_S)
    steps.reach(ann, case)
    world.advance(7 * HOUR_S)
    assert world.get(case).level == 1


def test_whom_a_customer_can_write_to(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    for level in (5, 8, 9, -1):
        with refused("INVALID_ARGUMENT") as caught:
            write_in(ann, case, addressed_level=level)
        assert caught.error.fields == ["addressed_level"]
    with refused("INVALID_ARGUMENT") as caught:
        steps.reach(ann, case, addressed_level=2)
    assert caught.error.fields == ["addressed_level"]
    assert not world.get(case).contacts
