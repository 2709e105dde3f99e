# SPDX-License-Identifier: Apache-2.0
"""PauseCase and ResumeCase: clocks stand still for a reason, and not for longer than policy allows."""

import uuid

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, steps
from .support.redis import both_ways

pytestmark = both_ways
RESOLUTION_S = 3 * sample.DAY_S  # severity 3
SINGLE_S = 5 * sample.DAY_S  # the longest pause of the shipped policy


def pause(agent, case, for_s=None, **fields):
    now = agent.world.get(case)
    if for_s is not None:
        fields["resume_time"] = sample.timestamp(sample.seconds(now.update_time) + for_s)
    fields = {"expected_version": now.version, "reason": v1.PAUSE_REASON_AWAITING_CUSTOMER, **fields}
    return agent.PauseCase(case_id=case.case_id, **fields).case


def owned(world):
    """Ann, and a case of hers whose customer was reached."""
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    steps.reach(ann, case)
    return ann, world.get(case)


def resolution(world, case):
    return world.clock(case, v1.CLOCK_KIND_RESOLUTION)


def due(world, case):
    return sample.seconds(resolution(world, case).due_time)


def test_a_pause_moves_the_deadline_by_its_length(world):
    ann, case = owned(world)
    before = due(world, case)
    paused = pause(ann, case, note="In hospital until Friday.")
    assert paused.pause.reason == v1.PAUSE_REASON_AWAITING_CUSTOMER
    assert resolution(world, case).state == v1.CLOCK_STATE_PAUSED
    start = sample.seconds(paused.pause.start_time)
    assert sample.seconds(paused.pause.end_time) == pytest.approx(start + SINGLE_S)
    world.advance(sample.HOUR_S)
    resumed = ann.ResumeCase(case_id=case.case_id).case
    assert not resumed.HasField("pause")
    length = sample.seconds(resumed.update_time) - start
    assert due(world, case) == pytest.approx(before + length, abs=1e-5)
    assert world.kinds(case)[-2:] == ["CASE_PAUSED", "CASE_RESUMED"]
    events = world.history(case)
    assert events[-2].personal.text == "In hospital until Friday."
    assert events[-1].detail.pause.end_time == resumed.update_time
    assert world.verify(case).intact


def test_it_resumes_by_itself(world):
    ann, case = owned(world)
    before = due(world, case)
    pause(ann, case, sample.DAY_S)
    world.advance(sample.DAY_S + 60)
    after = world.get(case)
    assert not after.HasField("pause")
    clock = resolution(world, case)
    assert clock.state == v1.CLOCK_STATE_RUNNING
    length = sample.seconds(clock.pauses[0].end_time) - sample.seconds(clock.pauses[0].start_time)
    assert due(world, case) == pytest.approx(before + length, abs=1e-5)
    last = next(one for one in world.history(case) if one.kind == v1.EVENT_KIND_CASE_RESUMED)
    assert last.actor == "amends"
    with refused("FAILED_PRECONDITION", "PAUSE_STATE"):
        ann.ResumeCase(case_id=case.case_id)


def test_a_paused_case_does_not_breach(world):
    ann, case = owned(world)
    pause(ann, case)
    world.advance(RESOLUTION_S + sample.HOUR_S)
    assert resolution(world, case).state == v1.CLOCK_STATE_PAUSED
    assert world.get(case).level == 1
    world.advance(SINGLE_S)
    assert resolution(world, case).state == v1.CLOCK_STATE_BREACHED


def test_no_longer_than_policy_allows(world):
    ann, case = owned(world)
    with refused("FAILED_PRECONDITION", "PAUSE_LIMIT") as caught:
        pause(ann, case, SINGLE_S + 600)
    assert caught.error.metadata["most_until"].endswith("Z")
    pause(ann, case, SINGLE_S - 600)
    with refused("FAILED_PRECONDITION", "PAUSE_STATE"):
        pause(ann, case, sample.HOUR_S)


@pytest.mark.parametrize("fields, wrong", [
    ({"reason": v1.PAUSE_REASON_UNSPECIFIED}, ["reason"]),
    ({"reason": v1.PAUSE_REASON_POLICY}, ["reason"]),
    ({"reason": 77}, ["reason"]),
    ({"resume_time": sample.timestamp(1e9)}, ["resume_time"]),
    ({"note": "x" * 1001}, ["note"]),
    ({"expected_version": 0}, ["expected_version"]),
])
def test_what_is_no_pause(world, fields, wrong):
    ann, case = owned(world)
    with refused("INVALID_ARGUMENT") as caught:
        pause(ann, case, **fields)
    assert caught.error.fields == wrong


def test_who_may_and_on_which_version(world):
    ann, case = owned(world)
    bob, lea = world.agent("bob", present=False), world.agent("lea", level=2, present=False)
    with refused("PERMISSION_DENIED", "NOT_THE_OWNER"):
        pause(bob, case)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        pause(world.crm, case)
    with refused("ABORTED", "VERSION_MISMATCH"):
        pause(ann, case, expected_version=1)
    pause(lea, case)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        world.crm.ResumeCase(case_id=case.case_id)
    bob.ResumeCase(case_id=case.case_id)


def test_a_repeated_request_pauses_once(world):
    ann, case = owned(world)
    fields = {"request_id": str(uuid.uuid4()), "case_id": case.case_id,
              "expected_version": world.get(case).version, "reason": v1.PAUSE_REASON_FORCE_MAJEURE}
    first = ann.PauseCase(**fields).case
    world.advance(60)
    assert ann.PauseCase(**fields).case.pause == first.pause
    request = str(uuid.uuid4())
    ann.ResumeCase(case_id=case.case_id, request_id=request)
    ann.ResumeCase(case_id=case.case_id, request_id=request)
    assert world.kinds(case).count("CASE_RESUMED") == 1


def test_resolving_ends_the_pause(world):
    ann, case = owned(world)
    pause(ann, case)
    world.advance(sample.HOUR_S)
    steps.recover(ann, case)
    after = steps.resolve(ann, case)
    assert not after.HasField("pause")
    assert resolution(world, case).state == v1.CLOCK_STATE_MET
    with refused("FAILED_PRECONDITION", "CASE_STATUS"):
        pause(ann, case)
    with refused("FAILED_PRECONDITION", "CASE_STATUS"):
        ann.ResumeCase(case_id=case.case_id)
