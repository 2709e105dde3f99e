# SPDX-License-Identifier: Apache-2.0
"""The synchronous standby goes: PostgreSQL answers no commit. Everybody is told why, and afterwards
everything goes on."""

import contextlib
import subprocess
import time

import pytest

from harness import paths
from harness.errors import Error, refused
from harness.process import wait_until
from scenario.support import sample

from .aftermath import check
from .load import recovery_seconds

RECOVERED_S = 5.0
AWAY_S = 12.0  # longer than a connection waits for any other answer
OF_INTAKE = "select count(*) from pg_stat_activity where application_name = 'amends-intake'"
GAUGE = "amends_pg_commits_wait"


@contextlib.contextmanager
def without_standby(postgres):
    """Commits wait for a standby that there is not."""
    postgres.execute("alter system set synchronous_standby_names = 'nobody'")
    postgres.execute("select pg_reload_conf()")
    wait_until(lambda: postgres.execute("show synchronous_standby_names") == [("nobody",)], "the setting", 5)
    try:
        yield
    finally:
        postgres.execute("alter system reset synchronous_standby_names")
        postgres.execute("select pg_reload_conf()")


def log_lines(service, word):
    return [line for line in service.log.read_text().splitlines() if word in line]


def refused_for_the_standby(client, request, timeout_s=10):
    """Seconds until the call was refused."""
    started = time.monotonic()
    with refused("UNAVAILABLE", "STANDBY_AWAY") as caught:
        client.OpenCase(request, timeout_s=timeout_s)
    assert caught.error.retry_s == 1
    return time.monotonic() - started


@pytest.fixture
def pair(make_cluster):
    """Two replicas of each service, with a database server of their own."""
    return make_cluster(replicas=2, own_postgres=True)


def test_callers_and_operators_hear_that_commits_wait(pair):
    intake, other = pair.intake(principal="crm", replica=0), pair.intake(principal="crm", replica=1)
    known = intake.OpenCase(**sample.claim()).case.case_id
    requests = [intake.OpenCase.build(**sample.claim()) for _ in range(6)]
    services = pair.replicas_of("intake")
    before = pair.sql(OF_INTAKE)
    with without_standby(pair.postgres):
        # One is committed here and waits; the same customer's claim finds the case held, there and here.
        assert 2 < refused_for_the_standby(intake, requests[0]) < 5
        assert refused_for_the_standby(other, requests[0]) < 5
        assert refused_for_the_standby(intake, requests[0]) < 5
        # A caller with less patience hears it, too.
        assert refused_for_the_standby(intake, requests[1], timeout_s=2.2) < 2.2
        # No connection is free any more: nobody waits for nothing.
        time.sleep(2)
        for request in requests[2:]:
            assert refused_for_the_standby(intake, request) < 0.5
        assert intake.GetCase(case_id=known).case.case_id == known
        assert [service.metrics()[GAUGE] for service in services] == [1, 1]
        time.sleep(AWAY_S)
        assert pair.sql(OF_INTAKE) == before, "connections were given up, and their sessions wait on"
        assert not log_lines(services[0], "outcome_unknown")
    wait_until(lambda: [service.metrics()[GAUGE] for service in services] == [0, 0], "commits to go on", 5)
    cases = {intake.OpenCase(request).case.case_id for request in requests}
    assert len(cases) == len(requests)
    assert {other.OpenCase(request).case.case_id for request in requests} == cases
    assert pair.sql("select count(*) from recovery_case") == [(1 + len(requests),)]
    assert pair.sql("select count(*) from signal") == [(1 + len(requests),)]
    for service in services:
        told = log_lines(service, "commits_wait_for_standby")
        assert len(told) == 1 and "synchronous_standby_names" in told[0] and "error" in told[0]
        assert len(log_lines(service, "commits_go_on")) == 1


def test_policy_is_awaited_on_the_standby_and_leases_are_not(pair):
    policy = pair.policy(principal="crm")
    source = policy.GetPolicy().version.source
    with without_standby(pair.postgres):
        for _ in range(2):  # the first finds out by waiting, the second is told at once
            with refused("UNAVAILABLE", "STANDBY_AWAY"):
                policy.ApplyPolicy(source=source + "\n", expected_version=1, timeout_s=20)
        waiting = pair.postgres.execute("select query from pg_stat_activity where wait_event = 'SyncRep'")
        assert all("policy_version" in query for query, in waiting), waiting
    wait_until(lambda: policy.GetPolicy().version.version == 2, "the policy to be there", 5)


@pytest.mark.own_postgres
def test_a_standby_that_is_away_for_a_while_loses_nothing(load):
    load.more(30)
    with without_standby(load.cluster.postgres):
        load.repeats.clear()
        time.sleep(AWAY_S)
        told = [reason for _, reason in list(load.repeats)]
    assert recovery_seconds(load) <= RECOVERED_S
    assert "STANDBY_AWAY" in told and "CONTENDED" not in told and "OUTCOME_UNKNOWN" not in told, told
    load.more(20)
    check(load)


def test_a_migration_says_that_its_commit_waits(pair):
    argv = [paths.program("amends"), "migrate", "--pg", pair.postgres.conninfo(pair.name),
            "--tenant", "late"]
    with without_standby(pair.postgres):
        run = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for line in run.stdout:
                if "no_answer_yet" in line:
                    break
            assert "synchronous_standby_names" in line and run.poll() is None
        finally:
            if run.poll() is None and "no_answer_yet" not in line:
                run.kill()
    assert run.wait(10) == 0
    run.stdout.close()
    assert pair.sql("select count(*) from tenant where name = 'late'") == [(1,)]


def test_a_commit_that_waits_ends_with_its_process(pair):
    """Nobody may wait for the end of a process whose callers have been answered."""
    intake = pair.intake(principal="crm")
    request = intake.OpenCase.build(**sample.claim())
    with without_standby(pair.postgres):
        refused_for_the_standby(intake, request)
        pair.replica("intake").stop()
        pair.replica("intake").start()
        pair.replica("intake").wait_ready()
        with pytest.raises(Error):
            pair.intake(principal="crm").OpenCase(request, timeout_s=5)
    wait_until(lambda: pair.replica("intake").metrics()[GAUGE] == 0, "commits to go on", 5)
    opened = pair.intake(principal="crm").OpenCase(request).case.case_id
    assert pair.sql("select case_id::text from recovery_case") == [(opened,)]
