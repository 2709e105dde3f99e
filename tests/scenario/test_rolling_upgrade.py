# SPDX-License-Identifier: Apache-2.0
"""An upgrade that rolls: replicas of the last release and of this one work on one database before, while
and after it is migrated. Nothing is lost, whoever wrote it."""

import subprocess

import pytest

from harness import last_release, paths
from harness.api import v1
from harness.cluster import SERVICES, migrate
from harness.process import wait_until

from .support import erased_lives, sample
from .support.lives import live
from .support.migration import Callers, Migrator, write_steps
from .support.world import World

# Longer than any first response and resolution of the shipped policy, holidays included.
LATE_S = 30 * sample.DAY_S

# Clocks that ought to have fired and have not (1 = running), whether a timer knows them or not.
SILENT = """select case_id, clock_id, kind, due_at, next_at from clock
    where state = 1 and due_at < to_timestamp(%s)"""
# Open cases (below 4) of which no breach (7) was ever told.
UNTOLD = """select c.case_id from recovery_case c where c.status < 4 and c.opened_at < to_timestamp(%s)
    and not exists (select 1 from case_event e where e.case_id = c.case_id and e.kind = 7)"""


@pytest.fixture(scope="module")
def old():
    """The build of the last release."""
    try:
        return last_release.build()
    except last_release.NoHistory as reason:
        pytest.skip(str(reason))


@pytest.fixture
def world(make_cluster, old):
    cluster = make_cluster(build=old)
    world = World(cluster, "demo")
    world.agent("ann", capacity=100)
    return world


def join(world, build=None):
    """One replica more of every service."""
    joined = [world.cluster.add(kind, build) for kind in reversed(SERVICES)]
    for service in joined:
        service.wait_ready()
    return joined


def leave(world, services):
    for service in services:
        world.cluster.remove(service)


def audit(world, cases, *builds):
    """Everything that was acknowledged is there, verifies on every replica, and breaks no rule of any release."""
    world.settle()
    for case in cases:
        for replica in range(len(world.cluster.replicas_of("intake"))):
            proof = world.crm.on("intake", "VerifyCaseHistory", replica)(case_id=case.case_id)
            assert proof.intact and proof.events > 0, (case.case_id, proof)
    for build in builds:
        done = subprocess.run([paths.program("amends", build), "check", "--pg",
                               world.cluster.postgres.conninfo(world.cluster.name)],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert not world.crm.AuditCases().findings


def assert_all_fired(world):
    """After every deadline: each open case has been told of one, and no clock is silent."""
    world.advance(LATE_S)
    now = sample.seconds(world.open().open_time)
    assert not world.cluster.sql(SILENT, (now - 60,))
    assert not world.cluster.sql(UNTOLD, (now - 60,))


def test_old_and_new_replicas_lose_nothing(world, old, tmp_path):
    cluster = world.cluster
    old_ones = list(cluster.services)
    before = live(world)
    # While it is migrated: to this release's schema, and by a step of each kind beyond it.
    with Callers(cluster, 2) as callers:
        migrator = Migrator(cluster, write_steps(tmp_path / "steps"))
        while_migrating = live(world)
        assert migrator.wait() == 0, migrator.output
    assert not callers.problems, callers.problems[:3]
    new_ones = join(world)
    beside = live(world) + live(world)
    audit(world, before + while_migrating + beside, old, None)
    # What the old ones wrote fires when only new ones are left ...
    leave(world, old_ones)
    assert_all_fired(world)
    alone = live(world)
    # ... every case has its reference, whoever opened it ...
    wait_until(lambda: not cluster.sql("select 1 from recovery_case where reference = '' limit 1"), "references", 60)
    # ... and what the new ones wrote when an upgrade is taken back.
    join(world, old)
    leave(world, new_ones)
    assert_all_fired(world)
    audit(world, before + while_migrating + beside + alone, old, None)


def test_old_replicas_work_on_cases_of_new_ones(world, old):
    """Each case is worked on by both in turn, also after its personal data was erased, and verifies at the new one."""
    migrate(world.cluster.postgres, world.cluster.name, world.tenant)
    join(world)
    for erase_before in ((), (), (3,), (10,), (17,), (22,), (25,)):
        life = erased_lives.Life(world, replica=1)
        done, problems = erased_lives.run(life, erase_before)
        assert not problems, (erase_before, done, problems)
        life.erase()
        assert life.verify().intact
        rest = world.crm.on("privacy", "ExportCustomer", 1)(customer_id=life.customer)
        assert erased_lives.WORD.encode() not in b"".join(one.data for one in rest)


def test_work_lists_beside_replicas_of_the_last_release(world):
    """What the old ones wrote is listed, what they did is not listed any more, whoever opened the case."""
    ann, old, new = world.principal("ann"), 0, 1

    def listed():
        return {(one.case_id, one.reason) for one in ann.on("work", "ListWork", new)(page_size=200).items}

    def opened(replica):
        case = world.crm.on("intake", "OpenCase", replica)(**sample.claim()).case
        world.settle()
        offer = world.pending(case)
        ann.on("assignment", "AcceptOffer", replica)(case_id=case.case_id, offer_id=offer.offer_id)
        return case.case_id

    def promised(case_id, replica):
        due = sample.seconds(world.get(v1.Case(case_id=case_id)).update_time) + sample.HOUR_S
        return ann.on("resolution", "MakePromise", replica)(
            case_id=case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="We call.",
            promise_time=sample.timestamp(due)).promise_id

    before = opened(old)
    kept_before = promised(before, old)
    migrate(world.cluster.postgres, world.cluster.name, world.tenant)
    join(world)
    clock, promise = v1.WORK_REASON_CLOCK, v1.WORK_REASON_PROMISE
    assert listed() == {(before, clock), (before, promise)}
    ann.on("resolution", "SettlePromise", old)(case_id=before, promise_id=kept_before, outcome=v1.PROMISE_OUTCOME_KEPT)
    assert listed() == {(before, clock)}
    by_old, by_new = opened(old), opened(new)
    kept = promised(by_new, new)
    promised(by_old, old)  # told by its clock, for that is the earliest of a row that knows no more
    assert listed() == {(before, clock), (by_old, promise), (by_new, clock), (by_new, promise)}
    ann.on("resolution", "SettlePromise", old)(case_id=by_new, promise_id=kept, outcome=v1.PROMISE_OUTCOME_KEPT)
    assert listed() == {(before, clock), (by_old, promise), (by_new, clock)}
