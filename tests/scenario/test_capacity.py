# SPDX-License-Identifier: Apache-2.0
"""Capacity is an admission rule: no admission passes it, under any concurrency."""

import concurrent.futures

import pytest

from harness.api import v1
from harness.errors import Error, refused

from .support import sample, steps
from .support.redis import both_ways

pytestmark = both_ways


def load(agent):
    return agent.GetAgent(agent_id=agent.id).agent.load


def waiting(world, count):
    cases = [world.crm.OpenCase(**sample.claim()).case for _ in range(count)]
    world.settle()
    return cases


def test_an_offer_holds_its_weight(world):
    ann = world.agent("ann", capacity=2)
    waiting(world, 5)
    assert load(ann) == 2
    states = [case.status for case in world.crm.ListCases().cases]
    assert states == [v1.CASE_STATUS_OPEN] * 5


def test_an_agent_without_room_is_told_so(world):
    ann = world.agent("ann", capacity=1, present=False)
    waiting(world, 2)
    ann.take()
    with refused("FAILED_PRECONDITION", "NO_CAPACITY"):
        ann.RequestAssignment()


def test_concurrent_requests_never_pass_the_capacity(world):
    ann = world.agent("ann", capacity=5, present=False)
    waiting(world, 20)

    def ask(turn):
        try:
            return ann.on("assignment", "RequestAssignment", turn)(timeout_s=30).HasField("case")
        except Error as error:
            assert error.reason == "NO_CAPACITY", str(error)
            return False

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        got = sum(pool.map(ask, range(40)))
    assert got == load(ann) == 5


def test_many_agents_at_once_share_the_cases_without_doubles(world):
    agents = [world.agent(f"agent{n}", capacity=3, present=False) for n in range(8)]
    waiting(world, 20)

    def ask(turn):
        try:
            response = agents[turn % 8].on("assignment", "RequestAssignment", turn // 8)(timeout_s=30)
            return response.case.case_id or None
        except Error as error:
            assert error.reason == "NO_CAPACITY", str(error)
            return None

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        got = [case for case in pool.map(ask, range(48)) if case]
    assert len(got) == len(set(got)) == 20
    assert all(load(agent) <= 3 for agent in agents)


def test_nothing_waits_is_an_empty_answer(world):
    ann = world.agent("ann", present=False)
    assert not ann.RequestAssignment().HasField("case")


def test_offer_only_leaves_the_decision_to_the_agent(world):
    ann = world.agent("ann", present=False)
    (case,) = waiting(world, 1)
    asked = ann.RequestAssignment(offer_only=True)
    assert asked.offer.state == v1.OFFER_STATE_PENDING
    assert asked.offer.pulled
    assert world.get(case).owner.id == "steward"
    assert ann.accept(case).owner.id == "ann"


def test_waiting_for_the_customer_frees_the_place(world):
    ann = world.agent("ann", capacity=1, present=False)
    first, second = waiting(world, 2)
    mine = ann.take()
    steps.reach(ann, mine)
    steps.say(ann, mine)
    steps.find_cause(ann, mine)
    remedy = steps.propose(ann, mine)
    assert world.get(mine).status == v1.CASE_STATUS_AWAITING_CUSTOMER
    assert load(ann) == 0
    assert ann.take().case_id in {first.case_id, second.case_id} - {mine.case_id}
    steps.answer(ann, mine, remedy, v1.CUSTOMER_ANSWER_COUNTERED)
    assert load(ann) == 2, "a case that resumes may leave an agent above capacity"


def test_freed_room_triggers_matching_at_once(world):
    ann = world.agent("ann", capacity=1)
    first, second = waiting(world, 2)
    offered = first if world.pending(first) else second
    other = second if offered is first else first
    ann.accept(offered)
    assert world.pending(other) is None
    steps.recover(ann, offered)
    steps.resolve(ann, offered)
    world.settle()
    assert world.pending(other).agent_id == "ann"


@pytest.mark.parametrize("presence", ["AWAY", "OFFLINE"])
def test_who_is_not_at_work_is_offered_nothing(world, presence):
    ann = world.agent("ann")
    ann.SetPresence(presence=v1.Presence.Value(f"PRESENCE_{presence}"))
    (case,) = waiting(world, 1)
    assert world.pending(case) is None
    ann.SetPresence(presence=v1.PRESENCE_AVAILABLE)
    world.settle()
    assert world.pending(case).agent_id == "ann"


def test_a_lowered_capacity_blocks_new_offers_only(world):
    ann = world.agent("ann", capacity=3, present=False)
    waiting(world, 3)
    ann.take()
    ann.take()
    world.crm.PutAgent(agent=sample.agent("ann", capacity=1))
    assert load(ann) == 2
    with refused("FAILED_PRECONDITION", "NO_CAPACITY") as caught:
        ann.RequestAssignment()
    assert (caught.error.metadata["capacity"], caught.error.metadata["load"]) == ("1", "2")


def test_an_agent_with_no_capacity_is_offered_nothing(world):
    world.agent("ann", capacity=0)
    (case,) = waiting(world, 1)
    assert world.pending(case) is None
