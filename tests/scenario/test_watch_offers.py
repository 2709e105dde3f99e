# SPDX-License-Identifier: Apache-2.0
"""WatchOffers: a snapshot, then changes, once each within a stream, never lost across streams."""

import pytest

from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample
from .support.redis import both_ways
from .support.watch import Watch

pytestmark = both_ways


def test_the_snapshot_has_what_is_pending(world):
    ann = world.agent("ann")
    offers = {world.pending(world.open()).offer_id for _ in range(3)}
    with Watch(ann).ready() as watch:
        assert {one.offer_id for one in watch.snapshot} == offers
        assert len(watch.snapshot) == 3


def test_an_empty_snapshot_ends_too(world):
    with Watch(world.agent("ann")).ready() as watch:
        assert watch.snapshot == []


@pytest.mark.parametrize("replica", [0, 1])
def test_a_new_offer_comes_with_its_case(world, replica):
    ann = world.agent("ann")
    with Watch(ann, replica).ready() as watch:
        case = world.open()
        watch.wait(lambda one: one.messages)
        message = watch.messages[0]
        assert message.case.case_id == message.offer.case_id == case.case_id
        assert message.case.failure.description == case.failure.description


def test_every_change_comes_once_in_order(world):
    ann = world.agent("ann")
    with Watch(ann).ready() as watch:
        case = world.open()
        offer = world.pending(case).offer_id
        watch.wait(lambda one: len(one.messages) == 1)
        ann.accept(case)
        watch.wait(lambda one: len(one.messages) == 2)
        world.settle()
        assert watch.seen() == [(offer, "PENDING"), (offer, "ACCEPTED")]


def test_decline_and_expiry_are_seen(world):
    ann = world.agent("ann")
    world.agent("bob", present=False)
    with Watch(ann).ready() as watch:
        case = world.open()
        offer = world.pending(case)
        watch.wait(lambda one: one.messages)
        ann.DeclineOffer(case_id=case.case_id, offer_id=offer.offer_id)
        watch.wait(lambda one: (offer.offer_id, "DECLINED") in one.seen())
        other = world.open()
        second = world.pending(other).offer_id
        watch.wait(lambda one: (second, "PENDING") in one.seen())
        world.cluster.clock.advance(121)
        watch.wait(lambda one: (second, "EXPIRED") in one.seen())


def test_two_streams_of_one_agent_see_the_same(world):
    ann = world.agent("ann")
    with Watch(ann, 0).ready() as one, Watch(ann, 1).ready() as two:
        for _ in range(5):
            world.crm.OpenCase(**sample.claim())
        for watch in (one, two):
            watch.wait(lambda watch: len(watch.messages) >= 5)
        assert sorted(one.seen()) == sorted(two.seen())


def test_after_a_reconnect_nothing_is_missing(world):
    ann = world.agent("ann", capacity=100)
    with Watch(ann, 0).ready():
        before = world.pending(world.open()).offer_id
    while_away = world.pending(world.open()).offer_id
    with Watch(ann, 1).ready() as watch:
        assert {one.offer_id for one in watch.snapshot} == {before, while_away}


def test_offers_made_while_the_snapshot_is_sent_come_once(world):
    ann = world.agent("ann", capacity=100)
    for _ in range(20):
        world.crm.OpenCase(**sample.claim())
    with Watch(ann) as watch:
        for _ in range(20):
            world.crm.OpenCase(**sample.claim())
        world.settle()
        watch.wait(lambda one: len(one.messages) >= 40)
        assert len(watch.seen()) == len(set(watch.seen())) == 40


def test_an_agent_sees_own_offers_only(world):
    ann, bob = world.agent("ann"), world.agent("bob")
    with Watch(ann).ready() as watch, Watch(bob).ready() as others:
        for _ in range(6):
            world.crm.OpenCase(**sample.claim())
        # Two replicas that match at once need not give each agent as many.
        wait_until(lambda: len(watch.messages) + len(others.messages) >= 6, "six offers")
        watch.wait(lambda one: len(one.messages) >= 1)
        others.wait(lambda one: len(one.messages) >= 1)
        assert {one.offer.agent_id for one in watch.messages} == {"ann"}
        assert {one.offer.agent_id for one in others.messages} == {"bob"}


def test_only_an_agent_has_offers(world):
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        next(world.crm.WatchOffers())


def streams_open(world):
    return sum(service.metrics()["amends_assignment_offer_streams"]
               for service in world.cluster.replicas_of("assignment"))


def presence(agent):
    return v1.Presence.Name(agent.GetAgent(agent_id=agent.id).agent.presence).removeprefix("PRESENCE_")


def test_an_agent_whose_streams_are_gone_is_away(world):
    ann = world.agent("ann")
    with Watch(ann, 0).ready(), Watch(ann, 1).ready():
        open_before = streams_open(world)
    wait_until(lambda: streams_open(world) == open_before - 2, "the streams to be gone")
    world.advance(20)
    assert presence(ann) == "AVAILABLE"
    world.advance(20)
    assert presence(ann) == "AWAY"
    assert world.pending(world.open()) is None


def test_an_agent_who_still_has_a_stream_is_not_away(world):
    ann = world.agent("ann")
    with Watch(ann, 1).ready():
        with Watch(ann, 0).ready():
            open_before = streams_open(world)
        wait_until(lambda: streams_open(world) == open_before - 1, "the stream to be gone")
        for _ in range(5):
            world.advance(9)
        assert presence(ann) == "AVAILABLE"
