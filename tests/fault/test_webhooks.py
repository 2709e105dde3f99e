# SPDX-License-Identifier: Apache-2.0
"""Webhooks while replicas are killed at any moment: every event is delivered, in order for each case."""

import itertools
import random
import threading
import time

import pytest

from harness.process import wait_until
from scenario.support import sample
from scenario.support.receiver import Receiver, in_order
from scenario.support.world import World

OPTIONS = ("--webhook-networks", "127.0.0.0/8", "--webhook-timeout-ms", "1000")


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


def put(world, url, name="crm", replica=0):
    return world.cluster.webhooks(tenant=world.tenant, principal="root", replica=replica).PutWebhook(
        webhook_id=name, url=url)


def stored(world):
    return {(str(case), seq) for case, seq in world.cluster.sql("select case_id, seq from case_event")}


def keys(events):
    return {(one.case, one.sequence) for one in events}


class Callers(threading.Thread):
    """Opens cases of ten customers, again and again, until it is stopped."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.ending = world, threading.Event()

    def run(self):
        for n in itertools.count():
            if self.ending.is_set():
                return
            self.world.crm.OpenCase(**sample.claim(customer_id=f"c-{n % 10}", order="one"))
            time.sleep(0.01)

    def stop(self):
        self.ending.set()
        self.join()


@pytest.mark.parametrize("seed", range(3))
def test_replicas_are_killed_at_any_moment(make_cluster, receiver, seed):
    world = World(make_cluster(replicas={"resolution": 2}, options=OPTIONS), "demo")
    dice = random.Random(seed)
    failing = threading.Event()
    receiver.answer = lambda got: (500, {}, "") if failing.is_set() and dice.random() < 0.3 else (200, {}, "")
    put(world, receiver.url)
    callers = Callers(world)
    callers.start()
    receiver.wait_for(1)
    failing.set()
    for _ in range(4):
        time.sleep(dice.uniform(0.2, 3))
        # Whichever serves the webhook; the other one takes it when the lease has ended.
        victim = dice.choice(world.cluster.replicas_of("resolution"))
        victim.kill()
        time.sleep(dice.uniform(0, 2))
        world.cluster.restart(victim)
    failing.clear()
    callers.stop()
    for _ in range(6):
        world.cluster.clock.advance(120)
        time.sleep(0.5)
    wait_until(lambda: keys(receiver.events()) >= stored(world), "every event", 60)
    assert in_order(receiver.events())


def test_the_other_replica_takes_over(make_cluster, receiver):
    world = World(make_cluster(replicas={"resolution": 2}, options=OPTIONS), "demo")
    put(world, receiver.url)
    world.crm.OpenCase(**sample.claim())
    receiver.wait_for(1)
    served = wait_until(lambda: [one for one in world.cluster.replicas_of("resolution")
                                 if one.metrics()["amends_webhook_served"] == 1], "one to serve it")
    assert len(served) == 1
    served[0].kill()
    world.crm.OpenCase(**sample.claim())
    wait_until(lambda: keys(receiver.events()) >= stored(world), "the other one", 30)
    # One that ends well gives it back at once.
    world.cluster.restart(served[0])
    [other] = [one for one in world.cluster.replicas_of("resolution") if one is not served[0]]
    other.stop()
    other.expected_death = True
    began = time.monotonic()
    world.crm.OpenCase(**sample.claim())
    wait_until(lambda: keys(receiver.events()) >= stored(world), "the first one", 30)
    assert time.monotonic() - began < 8


def test_the_database_is_away_for_a_while(make_cluster, receiver):
    world = World(make_cluster(own_postgres=True, options=OPTIONS), "demo")
    put(world, receiver.url)
    for _ in range(20):
        world.crm.OpenCase(**sample.claim())
    receiver.wait_for(3)
    world.cluster.postgres.kill()
    time.sleep(1)
    world.cluster.postgres.start()
    for one in world.cluster.services:
        one.wait_ready()
    world.crm.OpenCase(**sample.claim())
    wait_until(lambda: keys(receiver.events()) >= stored(world), "every event", 40)
    assert in_order(receiver.events())
