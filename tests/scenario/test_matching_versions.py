# SPDX-License-Identifier: Apache-2.0
"""Matching knows the tenant's current policy, the decision goes by the case's own version: a difference holds up nobody."""

from harness.api import v1
from harness.process import wait_until

from .support import policy, sample
from .support.world import World


def test_who_fits_only_by_the_current_policy_does_not_keep_the_case_from_others(make_cluster):
    world = World(make_cluster(), "demo")
    case = world.crm.OpenCase(**sample.claim(stake=sample.usd(300))).case
    other = world.crm.OpenCase(**sample.claim(stake=sample.usd(20))).case
    # By the new version the front line may give as much as this case is about; by the case's it may not.
    source = policy.current(world).source
    assert source.count("authority: {all: 100,") == 1
    policy.apply(world, source.replace("authority: {all: 100,", "authority: {all: 500,"))
    world.cluster.restart(world.cluster.replica("assignment"))  # it begins with the new version
    world.agent("ann", level=1, capacity=1)
    world.agent("lea", level=2, capacity=1)
    offers = wait_until(lambda: [world.pending(one) for one in (case, other)]
                        if world.pending(case) and world.pending(other) else None, "both cases are offered")
    assert [one.agent_id for one in offers] == ["lea", "ann"]
    assert [one.state for one in offers] == [v1.OFFER_STATE_PENDING] * 2
