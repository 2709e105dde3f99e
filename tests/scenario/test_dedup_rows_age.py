# SPDX-License-Identifier: Apache-2.0
"""Request ids are remembered for 30 days, then forgotten in slices."""

from harness.api import new_id
from harness.process import wait_until

from .support import sample


def test_request_ids_are_forgotten_after_30_days(world):
    old, young = new_id(), new_id()
    for request_id in (old, young):
        world.crm.OpenCase(**sample.claim(request_id=request_id))

    def kept():
        rows = world.cluster.sql("select request_id::text from dedup where method = 1")
        return {row[0] for row in rows}

    age = "update dedup set created_at = created_at - interval '31 days' where request_id = %s"
    world.cluster.sql(age, (old,))
    wait_until(lambda: kept() == {young}, "the old request id to be forgotten")
