# SPDX-License-Identifier: Apache-2.0
"""The short reference of a case: a customer is told it, a clerk types it, and every call that reads finds the case by it."""

import time

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample
from .support.world import new_tenant

ALPHABET = "0123456789CDFHJKMPRTWXY"


def typed(reference):
    """As a person types it who heard it: small letters, a gap, the letter O for a zero."""
    return f"{reference[:4]}-{reference[4:]} ".lower().replace("0", "o").replace("1", "l")


def test_a_case_shows_its_reference_everywhere(world):
    opened = world.crm.OpenCase(**sample.claim()).case
    reference = opened.reference
    assert len(reference) == 8 and set(reference) <= set(ALPHABET)
    assert world.get(opened).reference == reference
    assert [one.reference for one in world.crm.ListCases().cases] == [reference]
    assert world.crm.GetContactCard(case_id=opened.case_id).reference == reference
    joined = world.crm.OpenCase(**sample.claim(customer_id=opened.customer_id, order=opened.failure.order_reference))
    assert joined.joined and joined.case.reference == reference


def test_every_call_that_reads_finds_it(world):
    case = world.crm.OpenCase(**sample.claim()).case
    crm, said = world.crm, typed(case.reference)
    assert crm.GetCase(case_id=said).case.case_id == case.case_id
    card = crm.GetContactCard(case_id=said)
    assert (card.case_id, card.reference) == (case.case_id, case.reference)
    assert crm.ListSignals(case_id=said).signals
    assert not crm.ListContacts(case_id=said).contacts
    assert not crm.ListActs(case_id=said).acts
    assert crm.VerifyCaseHistory(case_id=said).intact
    clock = world.get(case).clocks[0]
    assert crm.ExplainDeadline(case_id=said, clock_id=clock.clock_id).clock.clock_id == clock.clock_id
    first = crm.GetCaseHistory(case_id=said, page_size=1)
    # A page token is of the case, however it was named.
    assert crm.GetCaseHistory(case_id=case.case_id, page_token=first.next_page_token).events


def test_a_typing_error_is_told(world):
    reference = world.crm.OpenCase(**sample.claim()).case.reference
    other = ALPHABET[(ALPHABET.index(reference[0]) + 1) % len(ALPHABET)]
    swapped = next((reference[:i] + reference[i + 1] + reference[i] + reference[i + 2:]
                    for i in range(7) if reference[i] != reference[i + 1]))
    for wrong in (other + reference[1:], swapped):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
            world.crm.GetCase(case_id=wrong)
        assert caught.error.violations == [("case_id", "is neither the id of a case (a UUID) nor its reference: "
                                            "one character of the reference is wrong, or two changed places")]
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        world.crm.GetCase(case_id=reference[:-1] + "U")
    assert "CDFHJKMPRTWXY" in caught.error.violations[0][1]
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        world.crm.GetCase(case_id=reference[:-1])
    assert "8 characters" in caught.error.violations[0][1]


def test_another_tenant_does_not_find_it(world):
    case = world.crm.OpenCase(**sample.claim()).case
    other = new_tenant(world.cluster, sample.unique("other"))
    for call in ("GetCase", "GetContactCard", "ListSignals", "GetCaseHistory"):
        with refused("NOT_FOUND", "CASE_NOT_FOUND") as caught:
            getattr(other.crm, call)(case_id=case.reference)
        assert caught.error.message == f"no case has the reference {case.reference}"


def forget(world, cases):
    """The cases as a replica of the last release writes them."""
    ids = ", ".join(f"'{one.case_id}'" for one in cases)
    world.cluster.sql(f"delete from case_reference where case_id in ({ids})")
    world.cluster.sql(f"update recovery_case set reference = '' where case_id in ({ids})")


@pytest.mark.replicas(2)
def test_cases_of_the_last_release_get_one(world):
    cases = [world.crm.OpenCase(**sample.claim()).case for _ in range(30)]
    forget(world, cases)
    before = {one.case_id: one for one in cases}
    deadline = time.monotonic() + 30
    while True:
        now = [world.get(one) for one in cases]
        if all(one.reference for one in now):
            break
        assert time.monotonic() < deadline, "the standing job gave no reference"
        time.sleep(0.2)
    for one in now:
        assert one.reference == before[one.case_id].reference, "it follows from the id"
        assert one.version == before[one.case_id].version, "no event tells it"
        assert world.crm.GetCase(case_id=one.reference).case.case_id == one.case_id
        assert world.verify(one).intact


def test_a_forged_reference_is_found(world):
    case = world.crm.OpenCase(**sample.claim()).case
    world.cluster.sql(f"update recovery_case set reference = 'CCCCCCCC' where case_id = '{case.case_id}'")
    found = world.verify(case)
    assert not found.intact
    assert [(one.row, one.field) for one in found.findings] == [("case", "reference")]
    world.cluster.sql(f"update recovery_case set reference = '{case.reference}' where case_id = '{case.case_id}'")


def test_an_agent_and_a_steward_are_on_the_card(world):
    ann = world.agent("ann")
    case = world.open()
    ann.accept(case)
    card = world.crm.GetContactCard(case_id=case.reference)
    assert (card.owner_kind, card.reference) == (v1.OWNER_KIND_AGENT, case.reference)
