# SPDX-License-Identifier: Apache-2.0
"""The ladder by clock: a breach climbs one level once, whichever replica fires it."""

import concurrent.futures

from harness.api import v1
from harness.errors import refused

from .support import sample, steps
from .support.redis import both_ways

pytestmark = both_ways
FIRST_RESPONSE_S, RESOLUTION_S = 8 * sample.HOUR_S, 3 * sample.DAY_S  # severity 3
WARNING_S = FIRST_RESPONSE_S * 3 // 4
LEVEL_S = 8 * sample.HOUR_S  # how long level 2 may take


def breaches(world, case):
    """(from level, to level) of each recorded breach, by when it fell due."""
    return world.cluster.sql("select from_level, to_level from escalation"
                             " where case_id = %s and threshold = 100 order by at, due_at", (case.case_id,))


def test_a_breach_climbs_once_with_two_replicas(world):
    cases = [world.open() for _ in range(10)]
    world.advance(FIRST_RESPONSE_S + 1)
    world.advance(60)
    for case in cases:
        assert world.get(case).level == 2
        assert breaches(world, case) == [(1, 2)]
        assert world.kinds(case).count("CLOCK_BREACHED") == 1


def test_nothing_happens_a_moment_before_it_is_due(world):
    case = world.open()
    world.advance(WARNING_S - 30)
    assert world.kinds(case) == ["CASE_OPENED"]
    world.advance(60)
    assert world.kinds(case) == ["CASE_OPENED", "CLOCK_THRESHOLD"]
    world.advance(FIRST_RESPONSE_S - WARNING_S - 60)
    assert world.kinds(case) == ["CASE_OPENED", "CLOCK_THRESHOLD"]
    assert world.get(case).level == 1


def test_breaches_found_together_climb_one_level(world):
    case = world.open()
    world.advance(RESOLUTION_S + 1)
    assert world.get(case).level == 2
    assert breaches(world, case) == [(1, 2), (2, 2)]
    told = [one for one in world.history(case) if one.kind == v1.EVENT_KIND_CLOCK_BREACHED]
    assert [one.detail.climbed for one in told] == [True, False]


def test_breaches_apart_climb_one_level_each(world):
    case = world.open()
    world.advance(FIRST_RESPONSE_S + 1)
    world.advance(LEVEL_S)
    assert world.get(case).level == 3
    assert breaches(world, case) == [(1, 2), (2, 3)]


def test_at_the_top_a_breach_is_only_recorded(world):
    case = world.open()
    world.cluster.sql("update recovery_case set level = 4 where case_id = %s", (case.case_id,))
    world.advance(FIRST_RESPONSE_S + 1)
    assert world.get(case).level == 4
    assert breaches(world, case) == [(4, 4)]
    assert "ESCALATED" not in world.kinds(case)
    assert world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE).state == v1.CLOCK_STATE_BREACHED


def test_the_agent_who_owns_it_keeps_it_when_the_level_is_informed(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    world.advance(FIRST_RESPONSE_S + 1)
    now = world.get(case)
    assert (now.level, now.owner.id) == (2, "ann")
    assert world.kinds(case)[-2:] == ["CLOCK_BREACHED", "ESCALATED"]


def test_the_people_of_the_level_are_notified(world):
    case = world.open()
    world.advance(FIRST_RESPONSE_S + 1)
    rows = world.cluster.sql("select threshold, recipient, state from notification where case_id = %s"
                             " order by threshold", (case.case_id,))
    assert rows == [(75, "steward", 1), (100, "steward-lead", 1)]


def test_severity_sets_the_pace(world):
    grave, slight = world.open(severity=5), world.open(severity=1)
    world.advance(sample.HOUR_S + 1)
    assert (world.get(grave).level, world.get(slight).level) == (2, 1)


def test_a_breach_is_decided_by_timestamps(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    world.advance(FIRST_RESPONSE_S + 10)
    steps.reach(ann, case)
    clock = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
    assert clock.state == v1.CLOCK_STATE_BREACHED, "it stays breached when it is stopped later"
    assert clock.breach_time == clock.due_time
    assert sample.seconds(clock.stop_time) > sample.seconds(clock.due_time)


def test_a_resolved_case_breaches_nothing_any_more(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    steps.recover(ann, case)
    steps.resolve(ann, case)
    world.advance(10 * sample.DAY_S)
    now = world.get(case)
    clocks = [one for one in now.clocks if one.kind != v1.CLOCK_KIND_OFFER]
    assert {one.state for one in clocks} == {v1.CLOCK_STATE_MET, v1.CLOCK_STATE_CANCELLED}
    assert (now.level, now.status) == (1, v1.CASE_STATUS_CLOSED), "the follow-up's window has ended"


def test_response_and_breach_at_the_same_moment_agree(world):
    """Contacts race with the timers of two replicas: the clock's state and its times never disagree."""
    agents = [world.agent(f"agent{n}", present=False) for n in range(4)]
    cases = [world.open() for _ in range(24)]
    world.cluster.clock.advance(FIRST_RESPONSE_S - 1)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = [pool.submit(steps.reach, agents[n % 4], case) for n, case in enumerate(cases)]
        world.cluster.clock.advance(5)
        for one in done:
            one.result()
    world.settle()
    for case in cases:
        clock = world.clock(case, v1.CLOCK_KIND_FIRST_RESPONSE)
        late = sample.seconds(clock.stop_time) > sample.seconds(clock.due_time)
        assert clock.state == (v1.CLOCK_STATE_BREACHED if late else v1.CLOCK_STATE_MET)
        assert world.get(case).level == (2 if late else 1)


def test_a_contact_of_the_future_is_refused(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    with refused("INVALID_ARGUMENT") as caught:
        steps.reach(ann, case, contact_time=sample.timestamp(sample.seconds(case.open_time) + 3600))
    assert caught.error.fields == ["contact_time"]
