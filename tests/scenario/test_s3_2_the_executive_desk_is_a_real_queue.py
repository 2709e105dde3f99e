# SPDX-License-Identifier: Apache-2.0
"""S3.2: the executive level is a real queue with an owner, and a case gets there by its clocks. Promises are
in test_promises.py, the clocks of levels in test_thresholds.py. One move of the time lifts a case by one
level at most, so here the last step to the executive desk is made in the database."""

from harness.api import v1

from .support import sample
from .support.redis import both_ways

pytestmark = both_ways


def at_level(world, level):
    """A case that stands at this level."""
    case = world.open()
    world.cluster.sql("update recovery_case set level = %s where case_id = %s", (level, case.case_id))
    return case


def test_an_unanswered_case_climbs_level_by_level(world):
    case = world.open()  # severity 3: response due after 8 hours, resolution after 3 days
    world.advance(8 * sample.HOUR_S + 1)
    assert (world.get(case).level, world.get(case).owner.id) == (2, "steward-lead")
    world.advance(3 * sample.DAY_S)
    assert (world.get(case).level, world.get(case).owner.id) == (3, "steward-manager")


def test_the_executive_desk_becomes_accountable(world):
    case = at_level(world, 3)
    world.advance(8 * sample.HOUR_S + 1)
    now = world.get(case)
    assert (now.level, now.owner.id) == (4, "steward-executive")
    assert world.crm.GetContactCard(case_id=case.case_id).owner_name == "Executive desk"


def test_an_executive_takes_from_that_queue(world):
    case = at_level(world, 3)
    world.advance(8 * sample.HOUR_S + 1)
    front = world.agent("front", present=False, level=1)
    executive = world.agent("executive", present=False, level=4)
    assert not front.RequestAssignment().HasField("case")
    assert executive.take().case_id == case.case_id
    assert world.get(case).owner.id == "executive"


def test_the_executive_desk_takes_over_from_the_agent_below(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    world.cluster.sql("update recovery_case set level = 3 where case_id = %s", (case.case_id,))
    world.advance(8 * sample.HOUR_S + 1)
    assert world.get(case).owner.id == "steward-executive"
    assert world.get(case).status == v1.CASE_STATUS_OPEN
