# SPDX-License-Identifier: Apache-2.0
"""A clock that cannot be fired is tried less and less often, is told, and holds up nobody."""

import time

from harness.api import v1
from harness.process import wait_until

from .support import sample

STUCK = 40


def counted(world, name):
    return sum(replica.metrics().get(name, 0) for replica in world.cluster.replicas_of("assignment"))


def put_back(world):
    return counted(world, "amends_assignment_clocks_put_back_total")


def follow(world, cases, version):
    """Pins the cases to that policy version; 99 is one that this program cannot compile."""
    world.cluster.sql("insert into policy_version select tenant_id, 99, 'no such source', opened_at, 'test'"
                      " from recovery_case where case_id = %s on conflict do nothing", (cases[0].case_id,))
    world.cluster.sql("update recovery_case set policy_version = %s where case_id = any (%s::uuid[])",
                      (version, [one.case_id for one in cases]))


def due(world, case):
    """How many clocks of the case are due and were not fired."""
    return world.cluster.sql("select count(*) from clock where case_id = %s and next_at <= clock_timestamp()"
                             " + %s * interval '1 microsecond'", (case.case_id, world.cluster.clock.offset_us))[0][0]


def overdue(world):
    return {one.case_id: one.detail for replica in (0, 1)
            for one in world.crm.on("assignment", "AuditCases", replica)().findings
            if one.kind == v1.AUDIT_FINDING_KIND_OVERDUE_CLOCK}


def test_clocks_that_cannot_be_fired_hold_up_nobody(world):
    stuck = [world.open() for _ in range(STUCK)]
    other = world.open()
    follow(world, stuck, 99)
    try:
        world.cluster.clock.advance(3 * sample.DAY_S)
        wait_until(lambda: due(world, other) == 0, "the clocks of the case behind them are fired")
        wait_until(lambda: put_back(world) >= STUCK, "the others are put back")
        before = put_back(world)
        time.sleep(4)  # of real time: what is tried again and again, is tried now
        assert put_back(world) - before <= 4 * STUCK * 2
        found = wait_until(lambda: {id: why for id, why in overdue(world).items() if "DEFECT" in why}, "told by the audit")
        assert set(found) <= {one.case_id for one in stuck}
    finally:
        follow(world, stuck, 1)
    world.advance(600)
    assert all(due(world, one) == 0 for one in stuck)
    assert counted(world, "amends_assignment_clocks_stuck") == 0
