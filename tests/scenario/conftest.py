# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the scenarios.

    def test_something(world):     a tenant of its own in the module's cluster: two replicas of each service
    pytestmark = both_ways         in a module: everything once with Redis, once without
"""

import itertools

import pytest

from harness.cluster import Cluster

from .support.world import new_tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def redis():
    """Whether the module's cluster has Redis; modules marked with `both_ways` have it both ways."""
    return True


@pytest.fixture(scope="module")
def shared(environment, redis):
    """The module's cluster. Its clock only moves on; every test has a tenant of its own."""
    with Cluster(environment, replicas=2, redis=redis) as cluster:
        yield cluster


@pytest.fixture
def world(shared, request):
    request.node.clusters = [shared]  # a failed test shows its logs
    return new_tenant(shared, f"tenant{next(_numbers)}")


@pytest.fixture
def other_world(shared):
    """A second tenant in the same cluster."""
    return new_tenant(shared, f"tenant{next(_numbers)}")
