# SPDX-License-Identifier: Apache-2.0
"""Webhooks whose receivers are away or slow: what is kept for them, and what they take from others."""

import time

from harness.process import wait_until

from .support import sample
from .support.receiver import Receiver, in_order
from .test_webhooks import all_events, cases, claim, hook, keys, put, receiver, world  # pylint: disable=unused-import


def test_what_was_erased_while_the_receiver_was_away_is_not_told(world, receiver):
    receiver.answer = lambda got: (500, {}, "what of Ada?")
    put(world, receiver, include_personal=True)
    [case] = cases(world, 1)
    wait_until(lambda: hook(world).failures > 0, "the pause")
    assert any(b"Ada" in one.body for one in receiver.got)
    world.crm.EraseCustomer(customer_id=case.customer_id, reason="letter", include_open=True)
    receiver.answer = lambda got: (200, {}, "")
    for _ in range(4):
        world.cluster.advance(60)
    assert keys(receiver.events()) == set(all_events(world))
    assert in_order(receiver.events())
    assert not any(b"Ada" in one.body for one in receiver.taken())
    logs = "".join(one.log.read_text() for one in world.cluster.services)
    assert '"event":"paused"' in logs and "Ada" not in logs


def test_many_events_wait_for_a_receiver_that_was_away(world, receiver):
    """More than the window has, among them one that is never taken at first."""
    put(world, receiver)
    [bad] = cases(world, 1)
    receiver.wait_for(len(all_events(world)))
    receiver.answer = lambda got: (500, {}, "no")
    claim(world, bad.customer_id)
    for n in range(620):
        world.crm.OpenCase(**sample.claim(customer_id=f"many-{n}", order="order"))
    wait_until(lambda: hook(world).failures > 1, "the second pause")
    receiver.answer = lambda got: (500, {}, "no") if got.case == bad.case_id else (200, {}, "")
    for _ in range(6):
        world.cluster.advance(60)
    wanted = {key for key in all_events(world) if key[0] != bad.case_id or key[1] == 1}
    assert len(wanted) > 600
    assert keys(receiver.events()) >= wanted - {(bad.case_id, 1)}
    receiver.answer = lambda got: (200, {}, "")
    for _ in range(6):
        world.cluster.advance(600)
    assert keys(receiver.events()) == set(all_events(world))


def test_slow_receivers_leave_room_for_others(world, receiver):
    """Each of them takes everything, but late: together they could hold all requests that may be under way."""
    cases(world, 24)
    world.settle()
    receiver.answer = lambda got: time.sleep(8) or (200, {}, "")
    for n in range(40):
        put(world, receiver, f"slow-{n}", start="EARLIEST")
    wait_until(lambda: receiver.most_at_once > 300, "the slow ones")
    with Receiver() as quick:
        put(world, quick, "quick", start="EARLIEST")
        quick.wait_for(24, 4)
        assert receiver.most_at_once < 512
