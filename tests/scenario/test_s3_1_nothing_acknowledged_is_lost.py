# SPDX-License-Identifier: Apache-2.0
"""S3.1: "no record of the appointment": nothing acknowledged is ever lost; every case can be proved.
Promises are in test_promises.py, faults under load in tests/fault."""

import pytest

from harness.cluster import SERVICES

from .support import sample, steps
from .support.world import World


@pytest.fixture
def killable(make_cluster):
    """A cluster of its own, because its programs are killed."""
    return World(make_cluster(replicas=2), "demo")


def test_an_acknowledged_case_survives_the_death_of_every_process(killable):
    world = killable
    case = world.crm.OpenCase(**sample.claim(description="No record of it.")).case
    before = [one.SerializeToString() for one in world.history(case)]
    for kind in SERVICES:
        for service in world.cluster.replicas_of(kind):
            service.kill()
    for kind in SERVICES:
        for service in world.cluster.replicas_of(kind):
            world.cluster.restart(service)
    assert [one.SerializeToString() for one in world.history(case)][:len(before)] == before
    assert world.get(case).failure.description == "No record of it."
    assert world.verify(case).intact


def test_an_acknowledged_case_survives_a_power_cut_of_the_database(make_cluster):
    world = World(make_cluster(own_postgres=True), "demo")
    case = world.crm.OpenCase(**sample.claim()).case
    ann = world.agent("ann", present=False)
    steps.reach(ann, case, note="Spoke with the customer.")
    world.cluster.postgres.crash()
    world.cluster.postgres.start()
    for kind in SERVICES:
        world.cluster.replica(kind).wait_ready()
    assert world.get(case).contacts[0].note == "Spoke with the customer."
    assert world.verify(case).intact


def test_a_repeated_call_after_a_crash_makes_no_second_case(killable):
    world = killable
    claim = sample.claim(request_id="0191a0ae-7c5e-7d3b-9f0a-000000000001")
    case = world.crm.on("intake", "OpenCase", 0)(**claim).case
    world.cluster.replica("intake", 0).kill()
    again = world.crm.on("intake", "OpenCase", 1)(**claim).case
    world.cluster.restart(world.cluster.replica("intake", 0))
    assert again.case_id == case.case_id
    assert len(world.crm.ListCases().cases) == 1


def test_every_step_of_a_case_can_be_proved(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    steps.recover(ann, case)
    steps.resolve(ann, case)
    steps.close(ann, case)
    proof = world.verify(case)
    assert proof.intact
    assert proof.events == len(world.history(case)) == world.get(case).version
