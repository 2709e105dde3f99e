# SPDX-License-Identifier: Apache-2.0
"""A gateway calls for an agent, or for a customer: rules look at who acts, history names both, and request ids are
the caller's. The harness's callers have all roles; roles themselves are tested in test_roles.py."""

import pytest

from harness.api import new_id, v1
from harness.errors import refused

from .support import sample, steps
from .support.ctl import ask, ctl  # pylint: disable=unused-import


def actors(world, case):
    """(kind, actor, via) of all events."""
    return [(v1.EventKind.Name(one.kind).removeprefix("EVENT_KIND_"), one.actor, one.via)
            for one in world.history(case)]


def contact(direction=v1.CONTACT_DIRECTION_INBOUND, **fields):
    return {"direction": direction, "channel": v1.CHANNEL_EMAIL, "outcome": v1.CONTACT_OUTCOME_REACHED,
            "note": "Where is my money?", **fields}


# -- for an agent ------------------------------------------------------------------------------------------------------

def test_a_crm_works_for_its_agent(world, ctl):
    world.agent("ann", present=False)
    case = world.open()
    ann = world.principal("crm").behalf_of("agent:ann")
    case = ann.take()
    assert case.owner.id == "ann"
    ann.RecordAct(case_id=case.case_id, kind=v1.ACT_KIND_APOLOGY, note="Sorry.")
    told = actors(world, case)
    assert ("OWNER_CHANGED", "ann", "crm") in told and ("ACT_RECORDED", "ann", "crm") in told
    assert ("CASE_OPENED", "crm", "") in told
    assert world.get(case).acts[0].actor == "ann"
    assert world.verify(case).intact
    lines = ctl("case", "history", case.case_id).stdout.splitlines()
    assert any("ann via crm" in line and "ACT_RECORDED" in line for line in lines)


def test_the_event_is_hashed_with_who_called(world):
    """Detail and event say the same, and the chain covers the detail."""
    world.agent("ann", present=False)
    world.open()
    case = world.principal("crm").behalf_of("agent:ann").take()
    changed = next(one for one in world.history(case) if one.kind == v1.EVENT_KIND_OWNER_CHANGED)
    assert changed.via == changed.detail.via == "crm"


def test_what_the_agent_may_not_do_the_crm_may_not_do_for_them(world):
    world.agent("ann", present=False)
    world.agent("bob", present=False)
    case = world.open()
    world.principal("ann").take()
    with refused("PERMISSION_DENIED", "NOT_THE_OWNER"):
        steps.deny(world.crm.behalf_of("agent:bob"), case)
    with refused("FAILED_PRECONDITION", "BEYOND_AUTHORITY"):
        steps.propose(world.crm.behalf_of("agent:ann"), case, amount=sample.usd(1_000_000))
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        steps.say(world.crm.behalf_of("agent:nobody"), case)
    with refused("PERMISSION_DENIED", "ROLE_MISSING") as caught:
        world.crm.behalf_of("agent:ann").PutAgent(agent=sample.agent("eve"))
    assert caught.error.metadata["roles_needed"] == "CLIENT, ADMIN"


def test_offers_of_the_agent_are_watched_for_them(world):
    world.agent("ann")
    stream = world.crm.behalf_of("agent:ann").WatchOffers()
    case = world.open()
    told = next(message for message in stream if message.HasField("offer"))
    assert (told.case.case_id, told.offer.agent_id) == (case.case_id, "ann")
    stream.cancel()


# -- for a customer ----------------------------------------------------------------------------------------------------

def test_a_mail_gateway_opens_a_case_and_records_what_the_customer_writes(world):
    mail = world.principal("mailgw").behalf_of("customer:EMAIL")
    case = mail.OpenCase(**sample.claim()).case
    assert case.signals[0].reporter == "customer:email"
    mail.RecordContact(case_id=case.case_id, **contact())
    assert actors(world, case)[0] == ("CASE_OPENED", "customer:email", "mailgw")
    assert ("CONTACT_RECORDED", "customer:email", "mailgw") in actors(world, case)
    assert world.verify(case).intact


def test_a_customer_is_no_agent(world):
    customer = world.principal("mailgw").behalf_of("customer:email")
    case = customer.OpenCase(**sample.claim()).case
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        customer.RecordContact(case_id=case.case_id, **contact(v1.CONTACT_DIRECTION_OUTBOUND))
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        steps.say(customer, case)
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):  # in its own name the gateway records nothing
        world.principal("mailgw").RecordContact(case_id=case.case_id, **contact())


def test_no_agent_has_the_name_of_a_customer(world):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.PutAgent(agent=sample.agent("customer:email"))
    assert caught.error.violations[0][0] == "agent.agent_id"


# -- requests ----------------------------------------------------------------------------------------------------------

def test_a_request_id_is_the_callers(world):
    world.agent("ann", present=False)
    world.agent("bob", present=False)
    case = world.open()
    fields = {"request_id": new_id(), "case_id": case.case_id, "kind": v1.ACT_KIND_APOLOGY, "note": "Sorry."}
    ann = world.crm.behalf_of("agent:ann")
    ann.RecordAct(**fields)
    _, call = ann.RecordAct.with_call(**fields)
    assert ("replayed", "true") in call.initial_metadata()
    with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        world.crm.behalf_of("agent:bob").RecordAct(**fields)
    world.principal("ann").RecordAct(**fields)  # her own request, of the same id
    assert [one.actor for one in world.get(case).acts] == ["ann", "ann"]


def test_the_next_case_is_given_once_for_an_agent(world):
    world.agent("ann", present=False)
    world.open(), world.open()  # pylint: disable=expression-not-assigned
    ann, request_id = world.crm.behalf_of("agent:ann"), new_id()
    first = ann.RequestAssignment(request_id=request_id).case
    assert ann.RequestAssignment(request_id=request_id).case.case_id == first.case_id
    assert ann.RequestAssignment().case.case_id != first.case_id


@pytest.mark.parametrize("behalf", ["ann", "agent:", "agent:a b", "customer", "customer:pigeon", "agent:customer:web"])
def test_other_words_are_refused(world, behalf):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.behalf_of(behalf).ListCases()
    assert caught.error.violations[0][0] == "amends-on-behalf-of"


def test_nobody_acts_as_the_system(world):
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        world.crm.behalf_of("agent:amends").OpenCase(**sample.claim())
