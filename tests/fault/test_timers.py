# SPDX-License-Identifier: Apache-2.0
"""Clocks that fall due while something breaks: every step is recorded, and once.

Time is moved to a moment before the first deadline and then runs by itself, so that the clocks fall
due one after the other, by the timers and not by a moved clock, and the fault strikes among them.
"""

import concurrent.futures
import random
import subprocess
import time

import pytest

from harness import paths
from harness.process import wait_until
from scenario.support import sample

CASES = 60
SPREAD_S = 1.0  # about so long it takes until all of them are due
BEFORE_S = 0.5
DONE_S = 30

FIRST_RESPONSE = 1

LATE = "select count(*) from clock where next_at <= clock_timestamp() + %s * interval '1 us'"

# Clocks of the round that did not say at 100 % of their target that they breached, once.
WRONG = """select k.case_id, k.clock_id, k.state, k.due_at, count(e.threshold) from clock k
    left join escalation e on (e.tenant_id, e.case_id, e.clock_id, e.instance, e.threshold)
        = (k.tenant_id, k.case_id, k.clock_id, k.instance, 100)
    where k.kind = 1 and k.due_at <= clock_timestamp() + %s * interval '1 us'
    group by k.tenant_id, k.case_id, k.clock_id, k.state, k.due_at
    having count(e.threshold) <> 1 or k.state <> 3"""

# Cases whose history does not tell of each recorded step of a clock once.
UNTOLD = """select c.case_id, e.breached, h.breached, e.others, h.others from recovery_case c,
    lateral (select count(*) filter (where threshold = 100) breached,
        count(*) filter (where threshold <> 100) others
        from escalation e where e.case_id = c.case_id and cause = 1) e,
    lateral (select count(*) filter (where kind = 7) breached, count(*) filter (where kind = 18) others
        from case_event v where v.case_id = c.case_id) h
    where (e.breached, e.others) is distinct from (h.breached, h.others)"""


class Herd:
    """Cases whose first responses are due within a second or two."""

    def __init__(self, cluster, seed):
        self.cluster = cluster
        self.chance = random.Random(seed)
        self.cases = []

    def rise(self, cases=CASES):
        """Opens them, and moves time to a moment before the first is due."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            opened = list(pool.map(self._open, range(cases)))
        self.cases += opened
        due = self.cluster.sql(
            "select extract(epoch from min(due_at) - clock_timestamp())::float8 from clock"
            " where kind = %s and case_id = any (%s::uuid[])", (FIRST_RESPONSE, opened))[0][0]
        self.cluster.advance(due - self.cluster.clock.offset_us / 1e6 - BEFORE_S)

    def _open(self, turn):
        opened = self.cluster.intake(replica=turn % 2).OpenCase(**sample.claim(severity=3))
        time.sleep(SPREAD_S * 4 / CASES)
        return opened.case.case_id

    def strike(self):
        """A moment at which some have been fired and some have not."""
        time.sleep(self.chance.uniform(0, BEFORE_S + SPREAD_S))

    def settle(self):
        """All are due by themselves, and nothing is left of them."""
        left = lambda: self.cluster.sql(LATE, (self.cluster.clock.offset_us,))[0][0]  # noqa: E731
        wait_until(lambda: self._behind() and left() == 0, "every clock that is due to be fired", DONE_S,
                   0.05)

    def _behind(self):
        """The last first response of the herd is due."""
        return self.cluster.sql(
            "select max(due_at) <= clock_timestamp() + %s * interval '1 us' from clock"
            " where kind = %s", (self.cluster.clock.offset_us, FIRST_RESPONSE))[0][0]

    def reconnected(self):
        """All services have the database again."""
        for service in self.cluster.services:
            service.wait_ready()

    def check(self):
        self.settle()
        self.cluster.settle()
        offset_us = self.cluster.clock.offset_us
        assert self.cluster.sql("select count(*) from recovery_case")[0][0] == len(self.cases)
        assert self.cluster.sql(WRONG, (offset_us,)) == []
        assert self.cluster.sql(UNTOLD) == []
        for case_id in self.cases[::10]:
            assert self.cluster.intake().VerifyCaseHistory(case_id=case_id).intact
        audit = self.cluster.assignment().AuditCases(page_size=5000)
        assert (list(audit.findings), audit.cases) == ([], len(self.cases))
        done = subprocess.run([paths.program("amends"), "check", "--pg",
                               self.cluster.postgres.conninfo(self.cluster.name)],
                              capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def herd(make_cluster, request):
    own = request.node.get_closest_marker("own_postgres") is not None
    return Herd(make_cluster(replicas=2, own_postgres=own), request.node.name)


@pytest.mark.parametrize("seed", range(2))
def test_a_replica_killed_while_it_fires_loses_no_step(herd, seed):
    herd.chance.seed(seed)
    for turn in range(2):
        herd.rise()
        herd.strike()
        killed = herd.cluster.replica("assignment", turn % 2)
        killed.kill()
        herd.settle()
        herd.cluster.restart(killed)
    herd.check()


def test_both_replicas_killed_while_they_fire_lose_no_step(herd):
    for _ in range(2):
        herd.rise()
        herd.strike()
        for replica in herd.cluster.replicas_of("assignment"):
            replica.kill()
        for replica in herd.cluster.replicas_of("assignment"):
            herd.cluster.restart(replica)
        herd.settle()
    herd.check()


def test_an_emptied_redis_loses_no_step(herd):
    for _ in range(2):
        herd.rise()
        herd.strike()
        herd.cluster.redis.cli("flushall")
        herd.settle()
    herd.check()


def test_a_redis_that_lost_half_of_its_keys_loses_no_step(herd):
    for _ in range(2):
        herd.rise()
        herd.strike()
        keys = herd.cluster.redis.cli("keys", "*")
        herd.cluster.redis.cli("del", *herd.chance.sample(keys, (len(keys) + 1) // 2))
        herd.settle()
    herd.check()


def test_claims_of_a_replica_that_stands_still_are_fired_by_others(herd):
    """What it does when it goes on is too late, and changes nothing."""
    for turn in range(2):
        herd.rise()
        herd.strike()
        still = herd.cluster.replica("assignment", turn)
        still.pause()
        herd.settle()
        still.resume()
    herd.check()


@pytest.mark.own_postgres
def test_both_stores_restarted_while_clocks_fall_due_lose_no_step(herd):
    for _ in range(2):
        herd.rise()
        herd.strike()
        herd.cluster.postgres.crash()
        herd.cluster.redis.kill()
        herd.cluster.postgres.start()
        herd.cluster.redis.start()
        herd.settle()
        herd.reconnected()
    herd.check()


@pytest.mark.own_postgres
def test_a_database_restarted_while_clocks_fall_due_loses_no_step(herd):
    for _ in range(2):
        herd.rise()
        herd.strike()
        herd.cluster.postgres.crash()
        herd.cluster.postgres.start()
        herd.settle()
        herd.reconnected()
    herd.check()


def test_a_clock_that_steps_back_and_forth_repeats_no_step(herd):
    herd.rise()
    herd.strike()
    herd.cluster.clock.advance(-sample.HOUR_S)
    herd.cluster.settle()
    herd.cluster.clock.advance(sample.HOUR_S)
    herd.settle()
    before = herd.cluster.sql("select * from escalation order by case_id, clock_id, threshold")
    herd.cluster.advance(-2 * sample.HOUR_S)
    herd.cluster.advance(2 * sample.HOUR_S)
    after = herd.cluster.sql("select * from escalation order by case_id, clock_id, threshold")
    assert set(before) <= set(after)
    herd.check()
