# SPDX-License-Identifier: Apache-2.0
"""Tables that are partitioned by hash of tenant_id: the services neither notice nor need that a tenant's rows lie
in one table. `./dev test --partitioned` runs everything so; this is the part that always runs."""

import subprocess

import pytest

from harness import paths

from .support import sample
from .support.lives import LIVES, live
from .support.world import new_tenant

TENANTS = 5


@pytest.fixture
def worlds(make_cluster):
    cluster = make_cluster(partitioned=True, replicas=2)
    worlds = [new_tenant(cluster, f"tenant{number}") for number in range(TENANTS)]
    for world in worlds:
        world.agent("ann", capacity=100)
    return worlds


def test_tenants_live_in_partitions(worlds):
    cluster = worlds[0].cluster
    cases = {world.tenant: live(world) for world in worlds}
    used = cluster.sql("select count(distinct tableoid) from recovery_case")[0][0]
    assert used > 1, "all tenants fell into one partition"
    for world in worlds:
        listed = world.crm.ListCases(page_size=50).cases
        assert {one.case_id for one in listed} == {one.case_id for one in cases[world.tenant]}
        assert all(world.verify(case).intact for case in cases[world.tenant])
    worlds[0].advance(30 * sample.DAY_S)
    assert cluster.sql("select count(*) from clock where state = 1 and due_at < (select max(at) from case_event)") == [(0,)]
    assert all(not world.crm.AuditCases().findings for world in worlds)
    done = subprocess.run([paths.program("amends"), "check", "--pg", cluster.postgres.conninfo(cluster.name)],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert cluster.sql("select count(*) from recovery_case") == [(TENANTS * LIVES,)]
