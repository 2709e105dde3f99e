# SPDX-License-Identifier: Apache-2.0
"""`amends migrate` beside callers: nobody waits for it, and what was interrupted goes on."""

import os
import threading
import time

import pytest

from harness.process import wait_until

from .support import sample
from .support.migration import ALTER, FILL, STEPS, Callers, Migrator, Watch, multiply, write_steps

pytestmark = pytest.mark.skipif(bool(os.environ.get("AMENDS_TEST_PARTITIONED")),
                                reason="PostgreSQL builds no index concurrently on partitioned tables")

CASES = 300_000
READER_S = 12.0
# What a caller may lose to a migration, and to locks of it alone.
CALL_S, LOCK_S = 0.5, 0.3


def open_transaction(cluster, statement):
    """A connection that keeps a transaction open in which it has run this."""
    connection = cluster.postgres.connect(cluster.name)
    connection.autocommit = False
    connection.cursor().execute(statement)
    return connection


def invalid_indexes(cluster):
    return cluster.sql("select count(*) from pg_index where not indisvalid")[0][0]


def assert_done(cluster):
    assert cluster.sql("select count(*) from clock where told_ms = 0")[0][0] == 0
    assert cluster.sql("select indisvalid from pg_index where indexrelid = 'clock_told'::regclass") == [(True,)]
    assert cluster.sql("select max(version) from schema_version") == [(9003,)]
    assert cluster.sql("select count(*) from schema_progress") == [(0,)]


@pytest.fixture
def filled(make_cluster):
    """(cluster, a case of it)"""
    cluster = make_cluster(one_process=True, redis=False)
    return cluster, cluster.intake().OpenCase(**sample.claim()).case


def test_no_caller_waits_for_a_migration_of_many_cases(filled, tmp_path):
    cluster, case = filled
    multiply(cluster, case.case_id, CASES)
    folder = write_steps(tmp_path / "steps")
    with Callers(cluster) as callers:
        time.sleep(3)
        began = time.monotonic()
        reader = open_transaction(cluster, "select count(*) from (select 1 from clock limit 10) c")
        threading.Timer(READER_S, reader.close).start()
        with Watch(cluster) as watch:
            migrator = Migrator(cluster, folder)
            assert migrator.wait() == 0, migrator.output
        ended = time.monotonic()
    # Rows that came after the slices had passed have the default; a second look finds no older one.
    before, during = callers.slowest(until=began), callers.slowest(began, ended)
    print(f"migration {ended - began:.1f} s, slowest call before {before}, during {during},"
          f" longest wait for a lock of it {watch.longest_s:.3f} s in {watch.looks} looks")
    print(migrator.output)
    assert not callers.problems, callers.problems[:3]
    assert ended - began > READER_S
    assert "waiting: 9001_alter.sql" in migrator.output
    assert watch.looks > 50 and watch.longest_s < LOCK_S
    # The machine itself makes some calls slow; what the migration may add to that is bounded.
    assert during[0] < CALL_S + before[0], (before, during)
    left = cluster.sql("select count(*) from clock where told_ms = 0 and case_id in (select case_id from recovery_case"
                       " where opened_at = (select opened_at from recovery_case where case_id = %s))", (case.case_id,))
    assert left == [(0,)]
    assert invalid_indexes(cluster) == 0


def test_a_migration_that_was_killed_goes_on_where_it_was(filled, tmp_path):
    cluster, case = filled
    multiply(cluster, case.case_id, 20_000)
    folder = write_steps(tmp_path / "steps")
    migrator = Migrator(cluster, folder)
    wait_until(lambda: cluster.sql("select to_regclass('schema_progress')")[0][0] and cluster.sql(
        "select 1 from schema_progress where version = 9002 and position <> ''"), "slices under way", 60)
    migrator.kill()
    migrator = Migrator(cluster, folder)
    # Whoever has had a snapshot since before holds up the build of the index, and nobody else.
    wait_until(lambda: cluster.sql("select 1 from schema_version where version = 9001"), "slices again", 60)
    holder = open_transaction(cluster, "set transaction isolation level repeatable read; select count(*) from agent")
    wait_until(lambda: invalid_indexes(cluster) == 1, "the index being built", 60)
    migrator.kill()
    assert "9002_fill.sql goes on where it was interrupted" in migrator.output
    wait_until(lambda: cluster.sql("select count(*) from pg_stat_activity where application_name = 'amends-admin'")
               == [(0,)], "the server ends what its client left", 30)
    assert invalid_indexes(cluster) == 1
    holder.close()
    migrator = Migrator(cluster, folder)
    assert migrator.wait() == 0, migrator.output
    assert "drops the invalid index clock_told" in migrator.output
    assert_done(cluster)


def test_a_step_that_gets_no_lock_gives_up_and_says_what_to_do(filled, tmp_path):
    cluster, _ = filled
    folder = write_steps(tmp_path / "steps", {"9001_alter.sql": ALTER, "9002_fill.sql": FILL})
    holder = open_transaction(cluster, "select count(*) from clock")
    migrator = Migrator(cluster, folder, "--lock-patience-s", "2")
    assert migrator.wait() == 1
    assert "the oldest open transaction: process" in migrator.output
    assert "gave up: 9001_alter.sql got no lock within 2 s" in migrator.output
    holder.close()
    migrator = Migrator(cluster, write_steps(folder, STEPS))
    assert migrator.wait() == 0, migrator.output
    assert_done(cluster)
