# SPDX-License-Identifier: Apache-2.0
"""What somebody sees who may only observe: cases as they go on, and no personal data, in no answer at all."""

import pytest

from harness import api
from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample
from .support.keys import calls, new_key

WORD = "quexalot"  # in all that the customer and the agents say


class Caller:
    """Whoever has a key of these roles."""

    def __init__(self, cluster, roles, name, metadata=()):
        self._cluster, self._key, self._metadata = cluster, new_key(cluster, roles, principal=name), metadata

    def __getattr__(self, method):
        kind = next(kind for kind in ("intake", "assignment", "resolution", "history", "privacy", "work")
                    if method in api.service(f"amends.v1.{kind.capitalize()}Service").methods_by_name)
        return getattr(calls(self._cluster, self._key, kind, metadata=self._metadata), method)


@pytest.fixture(scope="module")
def shared(environment):
    from harness.cluster import Cluster
    with Cluster(environment, auth="required") as cluster:
        yield cluster


@pytest.fixture
def admin(shared):
    return Caller(shared, "admin", "admin")


@pytest.fixture
def case(shared):
    """A case with every kind of words."""
    crm, ann = Caller(shared, "client", "crm"), Caller(shared, "agent", "ann")
    opened = crm.OpenCase(**sample.claim(order=WORD, description=WORD, customer_name=f"Zoltana {WORD}",
                                         customer_contact=f"zoltana@{WORD}.example")).case
    crm.PutAgent(agent=sample.agent("ann", authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(500))]))
    of = {"case_id": opened.case_id}
    ann.RequestAssignment()
    ann.RecordContact(**of, direction=v1.CONTACT_DIRECTION_OUTBOUND, channel=v1.CHANNEL_PHONE,
                      outcome=v1.CONTACT_OUTCOME_REACHED, note=WORD)
    ann.RecordAct(**of, kind=v1.ACT_KIND_APOLOGY, note=WORD)
    ann.RecordRootCause(**of, code="process.handover", note=WORD)
    ann.ProposeRemedy(**of, kind=v1.REMEDY_KIND_REFUND, amount=sample.usd(40), description=WORD)
    ann.MakePromise(**of, kind=v1.PROMISE_KIND_CALL_BACK, description=WORD,
                    promise_time=sample.timestamp(sample.seconds(opened.open_time) + 3600))
    now = ann.GetCase(**of).case
    return ann.DenyClaim(**of, expected_version=now.version, reason=WORD, disclosure_channel=v1.CHANNEL_LETTER,
                         disclosure_time=now.update_time).case


def everything(caller, case):
    """The answer of every call about the case that an observer may make."""
    of = {"case_id": case.case_id}
    return {
        "GetCase": caller.GetCase(**of), "BatchGetCases": caller.BatchGetCases(case_ids=[case.case_id]),
        "ListSignals": caller.ListSignals(**of), "ListContacts": caller.ListContacts(**of),
        "ListActs": caller.ListActs(**of), "ListCases": caller.ListCases(customer_id=case.customer_id),
        "GetCaseHistory": caller.GetCaseHistory(**of), "VerifyCaseHistory": caller.VerifyCaseHistory(**of),
        "GetContactCard": caller.GetContactCard(**of),
        "GetCase by reference": caller.GetCase(case_id=case.reference),
        "ListCases by reference": caller.ListCases(reference=case.reference),
        "ListWork": caller.ListWork(owner_id=case.owner.id),
        "ExplainDeadline": caller.ExplainDeadline(**of, clock_id=case.clocks[0].clock_id),
    }


def telling(answers):
    return {method for method, answer in answers.items() if WORD.lower() in str(answer).lower() or "Zoltana" in str(answer)}


def test_the_words_are_there_for_an_agent(shared, case):
    seen = everything(Caller(shared, "agent", "ben"), case)
    assert telling(seen) == {"GetCase", "BatchGetCases", "ListSignals", "ListContacts", "ListActs", "ListCases",
                             "GetCaseHistory", "GetCase by reference", "ListCases by reference"}


@pytest.mark.parametrize("roles", ["observer", "observer,operator", "observer,admin", "observer,admin,operator"])
def test_an_observer_sees_no_personal_data(shared, case, admin, roles):
    """Roles that may not read cases themselves add nothing."""
    name = sample.unique("eve")
    seen = everything(Caller(shared, roles, name), case)
    assert telling(seen) == set()
    shown = seen["GetCase"].case
    assert shown.masked and shown.customer_name == "Z. q." and shown.customer_contact == "z***@q***.example"
    assert all(one.masked for one in (*shown.signals, *shown.contacts, *shown.acts))
    assert all(one.masked for one in seen["GetCaseHistory"].events if one.private_digest)
    assert not admin.ListAccessRecords(principal=name).records


@pytest.mark.parametrize("order", [WORD, "no-such-order"])
def test_an_observer_does_not_find_cases_by_a_hidden_order(shared, case, order):
    """An empty list would tell, too: that no case has the order."""
    with refused("PERMISSION_DENIED", "ROLE_MISSING") as caught:
        Caller(shared, "observer,admin", "eve").ListCases(order_reference=order)
    assert set(caught.error.metadata["roles_needed"].split(", ")) == {"AGENT", "SUPERVISOR", "CLIENT", "GATEWAY"}
    assert set(caught.error.metadata["roles"].split(", ")) == {"OBSERVER", "ADMIN"}
    found = Caller(shared, "observer,agent", "ann").ListCases(order_reference=order, customer_id=case.customer_id).cases
    assert [one.case_id for one in found] == ([case.case_id] if order == WORD else [])


def test_a_role_that_reads_shows_everything_to_who_also_observes(shared, case):
    seen = everything(Caller(shared, "observer,supervisor", "sue"), case)
    assert "GetCase" in telling(seen) and not seen["GetCase"].case.masked


def test_who_called_for_whom_is_in_the_record(shared, case, admin):
    name = sample.unique("gate")
    gate = Caller(shared, "gateway", name, metadata=[("amends-on-behalf-of", "agent:ann")])
    gate.GetCase(case_id=case.case_id)

    def told():
        return [one for one in admin.ListAccessRecords(case_id=case.case_id).records if one.via == name]

    wait_until(told, "the record", 10)
    assert [(one.principal, one.method) for one in told()] == [("ann", "GetCase")]


def test_an_observer_does_not_read_who_read(shared, case):
    with refused("PERMISSION_DENIED", "ROLE_MISSING"):
        Caller(shared, "observer", "eve").ListAccessRecords()
