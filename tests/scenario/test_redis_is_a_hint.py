# SPDX-License-Identifier: Apache-2.0
"""Redis may forget everything, or go: clocks fire, cases find agents, from PostgreSQL alone."""

import pytest

from .support import sample
from .support.world import World

FIRST_RESPONSE_S = 8 * sample.HOUR_S


@pytest.fixture
def own(make_cluster):
    """A cluster of its own, because its Redis is harmed."""
    return World(make_cluster(replicas=2), "demo")


def forget(redis):
    redis.cli("flushall")


def go(redis):
    redis.kill()


def restart(redis):
    redis.kill()
    redis.start()


@pytest.mark.parametrize("harm", [forget, go, restart])
def test_a_clock_that_redis_lost_breaches_all_the_same(own, harm):
    case = own.open()
    own.advance(FIRST_RESPONSE_S - 60)  # near enough that Redis has it
    harm(own.cluster.redis)
    own.advance(61)
    assert own.get(case).level == 2
    assert own.kinds(case).count("CLOCK_BREACHED") == 1


@pytest.mark.parametrize("harm", [forget, go, restart])
def test_a_waiting_case_that_redis_lost_is_offered_all_the_same(own, harm):
    case = own.open()
    harm(own.cluster.redis)
    own.agent("ann")
    own.settle()
    assert own.pending(case).agent_id == "ann"


@pytest.mark.parametrize("harm", [forget, go, restart])
def test_a_case_that_comes_afterwards_is_offered_too(own, harm):
    own.agent("ann")
    harm(own.cluster.redis)
    assert own.pending(own.open()).agent_id == "ann"
