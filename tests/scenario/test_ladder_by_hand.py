# SPDX-License-Identifier: Apache-2.0
"""The ladder by hand: EscalateCase and AcknowledgeEscalation."""

import concurrent.futures
import uuid

import pytest

from harness.api import v1
from harness.errors import Error, refused

from .support import sample, steps
from .support.redis import both_ways

pytestmark = both_ways
COST_USD = {2: 20, 3: 80, 4: 400}  # per touch of the level, shipped policy


def escalations(world, case):
    """(cause, from level, to level, actor, cost) of each recorded step."""
    return world.cluster.sql("select cause, from_level, to_level, actor, cost_micros / 1000000"
                             " from escalation where case_id = %s order by at, to_level",
                             (case.case_id,))


def told(world, case):
    return [one for one, in world.cluster.sql(
        "select recipient from notification where case_id = %s order by created_at", (case.case_id,))]


def escalate(agent, case, to_level=0, reason="The customer asks for a manager."):
    return agent.EscalateCase(case_id=case.case_id, reason=reason, to_level=to_level).case


def test_anybody_may_take_a_case_up(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    now = escalate(ann, case)
    assert (now.level, now.owner.id) == (2, "steward-lead")
    assert escalations(world, case) == [(v1.ESCALATION_CAUSE_HAND, 1, 2, "ann", COST_USD[2])]
    assert told(world, case) == ["steward-lead"]
    event = world.history(case)[-1]
    assert (event.kind, event.actor) == (v1.EVENT_KIND_ESCALATED, "ann")
    assert event.detail.from_level == 1
    assert event.detail.escalation.cause == v1.ESCALATION_CAUSE_HAND
    assert event.personal.text == "The customer asks for a manager."
    assert b"manager." not in world.cluster.sql(
        "select public from case_event where case_id = %s order by seq desc limit 1",
        (case.case_id,))[0][0].tobytes()
    assert world.verify(case).intact


def test_levels_may_be_skipped_and_the_cost_adds_up(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    assert escalate(ann, case).owner.id == "ann", "the lead is informed, the owner stays"
    now = escalate(ann, case, to_level=4)
    assert (now.level, now.owner.id) == (4, "steward-executive"), "the executive desk takes over"
    assert [one[4] for one in escalations(world, case)] == [COST_USD[2], COST_USD[4]]


def test_a_level_that_co_owns_joins(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    now = escalate(ann, case, to_level=3)
    assert now.owner.id == "ann"
    joined = [(one.level, one.principal, one.action) for one in now.contributors]
    assert joined == [(3, "steward-manager", v1.LADDER_ACTION_CO_OWN)]
    actions = world.history(case)[-1].detail.escalation.actions
    assert set(actions) == {v1.ESCALATION_ACTION_CLIMB, v1.ESCALATION_ACTION_NOTIFY,
                            v1.ESCALATION_ACTION_CO_OWN}


def test_what_cannot_be_climbed_to(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    escalate(ann, case, to_level=3)
    for level in (1, 2, 3):
        with refused("FAILED_PRECONDITION", "LADDER") as caught:
            escalate(ann, case, to_level=level)
        assert caught.error.metadata["level"] == "3"
    for level in (5, 8):
        with refused("INVALID_ARGUMENT") as caught:
            escalate(ann, case, to_level=level)
        assert caught.error.fields == ["to_level"]
    escalate(ann, case)
    with refused("FAILED_PRECONDITION", "LADDER"):
        escalate(ann, case)
    assert world.get(case).level == 4


@pytest.mark.parametrize("fields", [{"reason": ""}, {"reason": "x" * 501}, {"to_level": -1},
                                    {"to_level": 9}])
def test_what_is_no_request(world, fields):
    ann = world.agent("ann", present=False)
    case = world.open()
    with refused("INVALID_ARGUMENT") as caught:
        escalate(ann, case, **fields)
    assert caught.error.fields == list(fields)


def test_who_may_not_and_what_is_not_there(world, other_world):
    ann = world.agent("ann", present=False)
    case = world.open()
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        escalate(world.crm, case)
    stranger = other_world.agent("ann", present=False)
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        escalate(stranger, case)
    with refused("NOT_FOUND", "CASE_NOT_FOUND"):
        ann.AcknowledgeEscalation(case_id=str(uuid.uuid4()))
    ann.take()
    steps.recover(ann, case)
    steps.resolve(ann, case)
    with refused("FAILED_PRECONDITION", "CASE_STATUS"):
        escalate(ann, case)
    with refused("FAILED_PRECONDITION", "CASE_STATUS"):
        ann.AcknowledgeEscalation(case_id=case.case_id)


def test_a_repeated_request_climbs_once(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    fields = {"request_id": str(uuid.uuid4()), "case_id": case.case_id, "reason": "Asked for."}
    first = ann.EscalateCase(**fields).case
    again = ann.EscalateCase(**fields).case
    assert (first.level, again.level, again.version) == (2, 2, first.version)
    with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        ann.EscalateCase(**{**fields, "reason": "Other."})


def test_of_many_at_once_each_level_is_reached_once(world):
    agents = [world.agent(f"agent{n}", present=False) for n in range(6)]
    case = world.open()

    def try_it(agent):
        try:
            return escalate(agent, case, to_level=3).level
        except Error as error:
            assert error.reason == "LADDER"
            return 0

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(try_it, agents)) == [0] * 5 + [3]
    assert [one[1:3] for one in escalations(world, case)] == [(1, 3)]


# --- acknowledging ---


def test_the_level_takes_notice(world):
    ann, lea = world.agent("ann", present=False), world.agent("lea", level=2, present=False)
    case = world.open()
    escalate(ann, case)
    with refused("PERMISSION_DENIED", "NOT_THE_LEVEL") as caught:
        ann.AcknowledgeEscalation(case_id=case.case_id)
    assert caught.error.metadata["level"] == "2"
    now = lea.AcknowledgeEscalation(case_id=case.case_id).case
    assert now.acknowledger == "lea"
    assert now.acknowledge_time == now.update_time
    assert world.kinds(case)[-1] == "ESCALATION_ACKNOWLEDGED"
    with refused("FAILED_PRECONDITION", "LADDER") as caught:
        lea.AcknowledgeEscalation(case_id=case.case_id)
    assert caught.error.metadata["acknowledger"] == "lea"


def test_the_steward_of_the_level_takes_notice_and_no_other(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    escalate(ann, case, to_level=3)
    for other in ("steward", "steward-lead", "steward-executive", "crm"):
        with refused("PERMISSION_DENIED", "NOT_THE_LEVEL"):
            world.principal(other).AcknowledgeEscalation(case_id=case.case_id)
    manager = world.principal("steward-manager")
    assert manager.AcknowledgeEscalation(case_id=case.case_id).case.acknowledger == manager.id


def test_what_was_not_escalated_is_not_acknowledged(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    with refused("FAILED_PRECONDITION", "LADDER"):
        ann.AcknowledgeEscalation(case_id=case.case_id)


def test_climbing_again_asks_again(world):
    boss = world.agent("boss", level=4, present=False)
    case = world.open()
    escalate(boss, case)
    boss.AcknowledgeEscalation(case_id=case.case_id)
    now = escalate(boss, case)
    assert not now.acknowledger
    assert not now.HasField("acknowledge_time")
    assert boss.AcknowledgeEscalation(case_id=case.case_id).case.acknowledger == "boss"


def test_what_was_climbed_by_hand_counts_for_the_clocks(world):
    """A breach that fell due before the case entered its level was answered by that climb."""
    ann = world.agent("ann", present=False)
    case = world.open()
    world.cluster.clock.advance(8 * sample.HOUR_S - 5)
    escalate(ann, case)
    world.advance(60)
    assert world.get(case).level == 3, "it fell due after the case was taken up"
