# SPDX-License-Identifier: Apache-2.0
"""Among those who fit: level fit, then load, then longest idle. The most urgent case first."""

from harness.api import v1

from .support import sample
from .support.redis import both_ways

pytestmark = both_ways


def test_the_agent_of_the_level_goes_before_one_above(world):
    world.agent("manager", level=3)
    world.agent("front", level=1)
    assert world.pending(world.open()).agent_id == "front"


def test_the_less_loaded_agent_is_asked(world):
    ann, bob = world.agent("ann"), world.agent("bob")
    first = world.open()
    busy = ann if world.pending(first).agent_id == "ann" else bob
    busy.accept(first)
    assert world.pending(world.open()).agent_id != busy.id


def test_the_longest_idle_of_equals_is_asked(world):
    world.agent("early")
    world.advance(60)
    world.agent("late")
    assert world.pending(world.open()).agent_id == "early"


def test_the_gravest_case_is_taken_first(world):
    world.open(severity=1)
    grave = world.open(severity=5)
    world.open(severity=2)
    ann = world.agent("ann", present=False)
    assert ann.take().case_id == grave.case_id


def test_age_beats_severity_in_the_end(world):
    old = world.open(severity=1)
    world.advance(9 * sample.HOUR_S)  # more than the largest boost
    world.open(severity=5)
    ann = world.agent("ann", present=False)
    assert ann.take().case_id == old.case_id


def test_of_equals_the_oldest_is_taken_first(world):
    cases = []
    for _ in range(5):
        cases.append(world.open())
        world.advance(1)
    ann = world.agent("ann", present=False)
    assert [ann.take().case_id for _ in cases] == [case.case_id for case in cases]


def test_an_agent_of_a_lower_level_does_not_get_what_went_up(world):
    case = world.open()
    world.advance(9 * sample.HOUR_S)
    world.agent("front", level=1)
    world.settle()
    assert world.pending(case) is None
    world.agent("lead", level=2)
    world.settle()
    assert world.pending(case).agent_id == "lead"


def test_a_skill_learned_later_counts(world):
    case = world.open("billing.overcharge")
    world.agent("ann", skills=["delivery"])
    world.settle()
    assert world.pending(case) is None
    world.crm.PutAgent(agent=sample.agent("ann", skills=["billing", "delivery"]))
    world.settle()
    assert world.pending(case).agent_id == "ann"


def test_a_shallow_skill_counts_as_policy_asks(world):
    world.agent("novice", skills=[("billing", 1)])
    assert world.pending(world.open("billing.overcharge")).agent_id == "novice"


def test_one_offer_at_a_time(world):
    for name in ("ann", "bob", "cid"):
        world.agent(name)
    case = world.open()
    pending = [one for one in world.get(case).offers if one.state == v1.OFFER_STATE_PENDING]
    assert len(pending) == 1
