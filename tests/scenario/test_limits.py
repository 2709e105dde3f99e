# SPDX-License-Identifier: Apache-2.0
"""What is bounded has an option, and says so when its bound is reached."""

from harness.api import v1
from harness.errors import refused

from .support import sample


def test_a_request_has_a_largest_size(make_cluster):
    crm = make_cluster(options=["--max-message-bytes", "4096"]).intake(principal="crm")
    claim = sample.claim()
    claim["failure"].description = "x" * 3000
    assert crm.OpenCase(**claim).case.status == v1.CASE_STATUS_OPEN
    with refused("RESOURCE_EXHAUSTED"):
        crm.GetCase(case_id="x" * 5000)


def test_policy_has_room_whatever_the_limit(make_cluster):
    cluster = make_cluster(options=["--max-message-bytes", "4096"])
    crm, policy = cluster.intake(principal="crm"), cluster.policy(principal="crm")
    case = crm.OpenCase(**sample.claim()).case
    version = policy.GetPolicy().version
    source = version.source + "# a comment\n" * 30000
    assert policy.ApplyPolicy(source=source, expected_version=1).version.version == 2
    assert policy.GetPolicy().version.source == source
    assert policy.MigrateCases().cases == 1
    for clock in case.clocks:
        assert crm.ExplainDeadline(case_id=case.case_id, clock_id=clock.clock_id).parts


def test_a_principal_has_a_share_of_the_streams(make_cluster):
    cluster = make_cluster(options=["--max-streams-principal", "1"])
    cluster.assignment(principal="crm").PutAgent(
        agent=v1.Agent(agent_id="ann", display_name="Ann", level=1, capacity=1))
    ann = cluster.assignment(principal="ann")
    first = ann.WatchOffers(timeout_s=30)
    assert next(first).snapshot_complete
    with refused("RESOURCE_EXHAUSTED", "OVERLOADED"):
        next(ann.WatchOffers(timeout_s=30))
    first.cancel()
