# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the fault tests: two replicas of each service, under load.

    def test_something(load):        load.cluster; the fault happens in the test, then check(load)
    @own_postgres                    with a database server that the test may stop
"""

import pytest

from .load import Load


@pytest.fixture
def load(make_cluster, request):
    own = request.node.get_closest_marker("own_postgres") is not None
    with Load(make_cluster(replicas=2, own_postgres=own)) as running:
        yield running
