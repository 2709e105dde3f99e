# SPDX-License-Identifier: Apache-2.0
"""S1.1: exactly one accountable owner at every instant, chosen by skill and authority, whom the customer
can be told. Transfers between agents, and going up when there were too many, come with TransferCase."""

from harness.api import v1

from .support import sample
from .support.redis import both_ways

pytestmark = both_ways


def test_the_steward_is_accountable_until_somebody_accepts(world):
    case = world.open()
    assert (case.owner.kind, case.owner.id) == (v1.OWNER_KIND_STEWARD, "steward")
    assert case.status == v1.CASE_STATUS_OPEN


def test_who_accepts_is_the_owner(world):
    ann = world.agent("ann")
    case = world.open()
    mine = ann.accept(case)
    assert (mine.owner.kind, mine.owner.id) == (v1.OWNER_KIND_AGENT, "ann")
    assert mine.owner.assignment_generation == case.owner.assignment_generation + 1
    assert mine.status == v1.CASE_STATUS_IN_PROGRESS


def test_history_names_one_owner_after_every_change(world):
    ann = world.agent("ann")
    case = world.open()
    ann.accept(case)
    owners = [one.detail.owner for one in world.history(case) if one.detail.HasField("owner")]
    assert [one.id for one in owners] == ["steward", "ann"]
    assert [one.assignment_generation for one in owners] == [1, 2]


def test_the_owner_has_the_skill(world):
    world.agent("driver", skills=["delivery"])
    world.agent("cashier", skills=["billing"])
    assert world.pending(world.open("billing.overcharge")).agent_id == "cashier"
    assert world.pending(world.open("delivery.late")).agent_id == "driver"


def test_the_owner_speaks_the_language(world):
    world.agent("ann", languages=["en"])
    world.agent("joerg", languages=["de"])
    assert world.pending(world.open(language="de-AT")).agent_id == "joerg"


def test_the_owner_has_the_authority(world):
    world.agent("novice", level=1)
    world.agent("lead", level=2)
    case = world.open(stake=sample.usd(400))
    assert world.pending(case).agent_id == "lead"


def test_a_case_that_nobody_can_take_stays_with_the_steward(world):
    world.agent("driver", skills=["delivery"])
    case = world.open("billing.overcharge")
    assert world.pending(case) is None
    assert case.owner.id == "steward"


def test_the_card_names_the_steward_then_the_agent(world):
    ann = world.agent("ann", display_name="Ann Lee", public_contact="ann@example.org")
    case = world.open()
    desk = world.crm.GetContactCard(case_id=case.case_id)
    assert (desk.owner_kind, desk.owner_name) == (v1.OWNER_KIND_STEWARD, "Recovery desk")
    assert desk.owner_contact and desk.hours
    ann.accept(case)
    card = world.crm.GetContactCard(case_id=case.case_id)
    assert (card.owner_kind, card.owner_name, card.owner_contact) == (
        v1.OWNER_KIND_AGENT, "Ann Lee", "ann@example.org")


def test_an_agent_without_a_contact_is_reached_at_the_desk(world):
    ann = world.agent("ann", display_name="Ann Lee")
    case = world.open()
    desk = world.crm.GetContactCard(case_id=case.case_id)
    ann.accept(case)
    card = world.crm.GetContactCard(case_id=case.case_id)
    assert (card.owner_kind, card.owner_name) == (v1.OWNER_KIND_AGENT, "Ann Lee")
    assert (card.owner_contact, card.hours) == (desk.owner_contact, desk.hours)


def test_going_up_the_ladder_hands_the_card_to_the_next_desk(world):
    case = world.open()
    world.advance(9 * sample.HOUR_S)
    assert world.crm.GetContactCard(case_id=case.case_id).owner_name == "Recovery desk, team lead"
