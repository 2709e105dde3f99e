# SPDX-License-Identifier: Apache-2.0
"""Decline and expiry: a cool-down, the next best agent; a sole agent is asked again; no breach."""

from harness.api import v1

from .support.redis import both_ways

pytestmark = both_ways
TIMEOUT_S, COOL_DOWN_S = 120, 300


def decline(agent, case, reason="in a call"):
    offer = agent.world.pending(case)
    agent.DeclineOffer(case_id=case.case_id, offer_id=offer.offer_id, reason=reason)
    agent.world.settle()


def asked(world, case):
    """Who was asked, in order."""
    return [one.agent_id for one in sorted(world.get(case).offers, key=lambda one: (
        one.create_time.seconds, one.create_time.nanos))]


def test_after_a_decline_the_next_best_is_asked(world):
    agents = {name: world.agent(name) for name in ("ann", "bob")}
    case = world.open()
    first = world.pending(case).agent_id
    decline(agents[first], case)
    assert {first, world.pending(case).agent_id} == {"ann", "bob"}


def test_after_an_expiry_the_next_best_is_asked(world):
    world.agent("ann")
    world.agent("bob")
    case = world.open()
    first = world.pending(case)
    world.advance(TIMEOUT_S + 1)
    second = world.pending(case)
    assert {first.agent_id, second.agent_id} == {"ann", "bob"}
    states = {one.offer_id: one.state for one in world.get(case).offers}
    assert states[first.offer_id] == v1.OFFER_STATE_EXPIRED


def test_an_offer_expires_after_the_time_that_policy_says(world):
    world.agent("ann")
    case = world.open()
    offer = world.pending(case)
    assert offer.expire_time.seconds - offer.create_time.seconds == TIMEOUT_S
    world.advance(TIMEOUT_S - 5)
    assert world.pending(case).offer_id == offer.offer_id


def test_who_declined_is_left_alone_while_there_are_others(world):
    agents = {name: world.agent(name) for name in ("ann", "bob", "cid")}
    case = world.open()
    for _ in range(2):
        decline(agents[world.pending(case).agent_id], case)
    assert sorted(asked(world, case)) == ["ann", "bob", "cid"]


def test_a_sole_agent_is_asked_again(world):
    ann = world.agent("ann")
    case = world.open()
    decline(ann, case)
    world.advance(COOL_DOWN_S + 1)
    assert world.pending(case).agent_id == "ann"
    assert len(asked(world, case)) >= 2


def test_a_sole_agent_who_lets_it_expire_is_asked_again(world):
    world.agent("ann")
    case = world.open()
    world.advance(TIMEOUT_S + 1)
    world.advance(COOL_DOWN_S + 1)
    assert world.pending(case).agent_id == "ann"


def test_the_steward_stays_accountable_and_nothing_is_breached(world):
    ann = world.agent("ann")
    case = world.open()
    decline(ann, case)
    world.advance(COOL_DOWN_S + 1)
    world.advance(TIMEOUT_S + 1)
    now = world.get(case)
    assert (now.owner.id, now.level) == ("steward", 1)
    assert "CLOCK_BREACHED" not in world.kinds(case)
    offer_clocks = [one for one in now.clocks if one.kind == v1.CLOCK_KIND_OFFER]
    assert all(one.state in (v1.CLOCK_STATE_CANCELLED, v1.CLOCK_STATE_RUNNING) for one in offer_clocks)


def test_who_leaves_three_offers_unanswered_is_away(world):
    """An agent who went home without a word: the case is not offered for ever to somebody who is not there."""
    world.agent("ann")
    case = world.open()
    for _ in range(3):
        assert world.pending(case).agent_id == "ann"
        world.advance(TIMEOUT_S + 1)
    assert world.crm.GetAgent(agent_id="ann").agent.presence == v1.PRESENCE_AWAY
    world.advance(TIMEOUT_S + 1)
    assert world.pending(case) is None
    world.crm.SetPresence(agent_id="ann", presence=v1.PRESENCE_AVAILABLE)
    world.settle()
    assert world.pending(case).agent_id == "ann"


def test_history_has_the_reason_of_a_decline(world):
    ann = world.agent("ann")
    case = world.open()
    decline(ann, case, "language")
    event = next(one for one in world.history(case) if one.kind == v1.EVENT_KIND_OFFER_DECLINED)
    assert (event.actor, event.personal.text, event.detail.offer.agent_id) == ("ann", "language", "ann")
    assert not event.detail.cause, "an agent's words may tell of the customer"


def test_climbing_the_ladder_rescinds_the_offer_of_the_level_below(world):
    ann = world.agent("ann")
    case = world.open(severity=5)  # response due after an hour
    decline(ann, case)
    for _ in range(12):
        world.advance(COOL_DOWN_S)
    now = world.get(case)
    assert now.level == 2
    assert world.pending(case) is None, "a front-line agent holds an offer of level 2"
