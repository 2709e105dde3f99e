# SPDX-License-Identifier: Apache-2.0
"""S4.3: a few a month matter too: clocks and escalation work with the shipped policy, on one machine, in
one process, without Redis and with no configuration."""

import pytest

from harness.api import v1

from .support import sample, steps
from .support.world import World


@pytest.fixture
def small(make_cluster):
    """`amends serve`, PostgreSQL, nothing else."""
    return World(make_cluster(one_process=True, redis=False), "demo")


def test_a_fresh_system_without_agents_has_an_owner_for_its_first_case(small):
    case = small.open()
    assert case.owner.id == "steward"
    assert small.crm.GetContactCard(case_id=case.case_id).owner_contact


def test_a_forgotten_case_escalates(small):
    case = small.open()
    small.advance(8 * sample.HOUR_S + 1)
    assert small.get(case).level == 2


def test_a_whole_recovery(small):
    ann = small.agent("ann")
    case = small.open()
    ann.accept(case)
    steps.recover(ann, case)
    steps.resolve(ann, case)
    assert steps.close(ann, case).status == v1.CASE_STATUS_CLOSED
    assert small.verify(case).intact
