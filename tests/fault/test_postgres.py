# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL stops, dies, hangs, throws everybody out; it comes back, and everything with it."""

import time

import pytest

from .aftermath import check
from .load import FIRST_RESPONSE_S, recovery_seconds

pytestmark = pytest.mark.own_postgres
HANG_S = 3.0
RECOVERED_S = 5.0


def test_an_immediate_stop_loses_nothing(load):
    load.more(30)
    load.cluster.postgres.crash()
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    load.cluster.postgres.start()  # returns when sessions are accepted
    assert recovery_seconds(load) <= RECOVERED_S
    load.more(20)
    check(load)


def test_a_killed_postmaster_loses_nothing(load):
    load.more(30)
    load.cluster.postgres.kill()
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    load.cluster.postgres.start()
    assert recovery_seconds(load) <= RECOVERED_S
    load.more(20)
    check(load)


def test_a_server_that_is_away_for_a_while_loses_nothing(load):
    """Long enough for every back-off to be at its longest."""
    load.more(20)
    load.cluster.postgres.crash()
    time.sleep(2 * HANG_S)
    load.cluster.postgres.start()
    assert recovery_seconds(load) <= RECOVERED_S
    load.more(20)
    check(load)


def test_a_server_that_hangs_loses_nothing(load):
    load.more(30)
    load.cluster.postgres.pause()
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    time.sleep(HANG_S)
    load.cluster.postgres.resume()
    assert recovery_seconds(load) <= RECOVERED_S
    load.more(20)
    check(load)


def test_terminated_sessions_lose_nothing(load):
    for turn in range(8):
        load.more(8)
        load.cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity"
                         " where application_name like 'amends-%%' and pid <> pg_backend_pid()", ())
        if turn == 3:
            load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    assert recovery_seconds(load) <= RECOVERED_S
    check(load)
