# SPDX-License-Identifier: Apache-2.0
"""`pytestmark = both_ways`: every test of the module once with Redis, once from PostgreSQL alone."""

import pytest

both_ways = pytest.mark.parametrize("redis", [True, False], ids=["redis", "no_redis"], scope="module")
