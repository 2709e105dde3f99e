# SPDX-License-Identifier: Apache-2.0
"""kill -9 of services, as a crash or the OOM killer would."""

import pytest

from harness.cluster import SERVICES

from .aftermath import check
from .load import FIRST_RESPONSE_S


@pytest.mark.parametrize("kind", SERVICES)
def test_a_killed_service_loses_nothing(load, kind):
    first, second = load.cluster.replicas_of(kind)
    load.more(20)
    first.kill()
    load.more(10)
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    load.cluster.restart(first)
    second.kill()
    load.more(10)
    load.cluster.restart(second)
    check(load)


@pytest.mark.parametrize("kind", SERVICES)
def test_a_service_that_is_away_altogether_loses_nothing(load, kind):
    load.more(20)
    for replica in load.cluster.replicas_of(kind):
        replica.kill()
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    if kind != "intake":
        load.more(20)
    for replica in load.cluster.replicas_of(kind):
        load.cluster.restart(replica)
    load.more(20)
    check(load)


def test_all_processes_killed_at_once_lose_nothing(load):
    load.more(30)
    for service in load.cluster.services:
        service.kill()
    load.cluster.clock.advance(FIRST_RESPONSE_S + 1)
    for service in load.cluster.services:
        service.start()
    for service in load.cluster.services:
        service.wait_ready()
    load.more(20)
    check(load)
