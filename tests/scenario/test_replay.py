# SPDX-License-Identifier: Apache-2.0
"""What was done once is answered again whenever it is repeated: every command of the contract, after all instants in
it have passed and with its case in another state."""

import pytest

from harness.api import new_id, v1

from .support import sample
from .support.world import KINDS, service

# These have no request id: they are conditional on a version, say how a thing is to be, or send what may come twice.
WITHOUT_REQUEST_ID = {"PutAgent", "SetPresence", "ApplyPolicy", "MigrateCases", "RevokeApiKey",
                      "AcknowledgeNotification", "PutWebhook", "DeleteWebhook", "TestWebhook", "Redeliver", "ReportBounce"}
READS = ("Get", "List", "BatchGet", "Verify", "Explain", "Audit", "Watch", "Diff", "Compare", "Stream", "Count", "Export", "Read",
         "Route")


def commands():
    """Names of the calls with a request id."""
    return {method.name for kind in KINDS for method in service(kind).methods
            if "request_id" in method.input_type.fields_by_name}


def test_every_call_is_a_command_or_a_read():
    names = {method.name for kind in KINDS for method in service(kind).methods}
    rest = {name for name in names - commands() - WITHOUT_REQUEST_ID if not name.startswith(READS)}
    assert not rest, "a call that writes needs a request id, or a reason here"


class Tape:
    """Calls, as they were made."""

    def __init__(self, world):
        self.world, self.calls = world, []

    def __call__(self, who, method, **fields):
        fields = {"request_id": new_id(), **fields}
        response, call = getattr(who, method).with_call(**fields)
        assert "replayed" not in dict(call.initial_metadata())
        self.calls.append((who, method, fields, response))
        return response


def now_s(world, case):
    return sample.seconds(world.get(case).update_time)


def in_s(world, case, seconds):
    return sample.timestamp(now_s(world, case) + seconds)


def promises(do, world, ann, case):
    """One that is kept, one that is renegotiated, one in local time that is admitted broken."""
    first = do(ann, "MakePromise", case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="-",
               promise_time=in_s(world, case, 2 * sample.HOUR_S))
    do(ann, "SettlePromise", case_id=case.case_id, promise_id=first.promise_id, outcome=v1.PROMISE_OUTCOME_KEPT,
       keep_time=in_s(world, case, 1))
    second = do(ann, "MakePromise", case_id=case.case_id, kind=v1.PROMISE_KIND_VISIT, description="-",
                promise_time=in_s(world, case, 2 * sample.HOUR_S))
    third = do(ann, "SettlePromise", case_id=case.case_id, promise_id=second.promise_id, customer_consented=True,
               outcome=v1.PROMISE_OUTCOME_RENEGOTIATED, promise_time=in_s(world, case, 3 * sample.HOUR_S))
    do(ann, "SettlePromise", case_id=case.case_id, promise_id=third.promise_id, outcome=v1.PROMISE_OUTCOME_BROKEN)
    day = in_s(world, case, 2 * sample.DAY_S).ToDatetime()
    last = do(ann, "MakePromise", case_id=case.case_id, kind=v1.PROMISE_KIND_OTHER, description="-",
              local_time=f"{day:%Y-%m-%dT}12:00")
    do(ann, "SettlePromise", case_id=case.case_id, promise_id=last.promise_id, outcome=v1.PROMISE_OUTCOME_KEPT)


def recovery(do, world, ann, lena, case):
    """From the pause to the next round."""
    of = {"case_id": case.case_id}
    do(ann, "RetargetClock", **of, expected_version=world.get(case).version, reason="The customer is away.",
       clock_id=world.clock(case, v1.CLOCK_KIND_RESOLUTION).clock_id, due_time=in_s(world, case, sample.DAY_S))
    do(ann, "PauseCase", **of, expected_version=world.get(case).version, reason=v1.PAUSE_REASON_CUSTOMER_ASKED,
       resume_time=in_s(world, case, sample.HOUR_S))
    do(ann, "ResumeCase", **of)
    do(ann, "EscalateCase", **of, reason="Grave.")
    do(lena, "AcknowledgeEscalation", **of)
    do(ann, "RecordContact", **of, direction=v1.CONTACT_DIRECTION_OUTBOUND, channel=v1.CHANNEL_PHONE,
       outcome=v1.CONTACT_OUTCOME_REACHED, contact_time=in_s(world, case, 1))
    letter = do(ann, "RecordContact", **of, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_LETTER)
    do(ann, "CorrectContact", **of, contact_id=letter.contact_id, asks=v1.CONTACT_ASK_NOTHING)
    do(ann, "RecordAct", **of, kind=v1.ACT_KIND_APOLOGY)
    do(ann, "RecordRootCause", **of, code="process.handover")
    remedy = do(ann, "ProposeRemedy", **of, kind=v1.REMEDY_KIND_GIFT).remedy
    do(ann, "RecordCustomerResponse", **of, remedy_id=remedy.remedy_id, answer=v1.CUSTOMER_ANSWER_ACCEPTED)
    do(ann, "ReportFulfilment", **of, remedy_id=remedy.remedy_id, outcome=v1.FULFILMENT_OUTCOME_FULFILLED,
       external_reference="R-1")
    for method in ("ResolveCase", "CloseCase"):
        do(ann, method, **of, expected_version=world.get(case).version)
    do(ann, "ReopenCase", **of, expected_version=world.get(case).version, reason="It broke again.")


def play(do, world):
    ann, lena = world.agent("ann", present=False), world.agent("lena", level=3, present=False)
    claim = sample.claim()
    claim["failure"].occurred_time.CopyFrom(sample.timestamp(sample.seconds(world.open().open_time) - 60))
    denied = do(ann, "RequestAssignment").case
    do(ann, "DenyClaim", case_id=denied.case_id, expected_version=world.get(denied).version, reason="Not covered.",
       disclosure_channel=v1.CHANNEL_EMAIL, disclosure_time=in_s(world, denied, 1))
    case = do(world.crm, "OpenCase", **claim).case
    world.settle()
    offer = do(lena, "RequestAssignment", offer_only=True).offer
    do(lena, "DeclineOffer", case_id=case.case_id, offer_id=offer.offer_id, reason="Away.")
    offer = do(ann, "RequestAssignment", offer_only=True).offer
    do(ann, "AcceptOffer", case_id=case.case_id, offer_id=offer.offer_id)
    do(world.crm, "OpenCase", **claim)
    promises(do, world, ann, case)
    recovery(do, world, ann, lena, case)
    other = world.crm.OpenCase(**sample.claim()).case
    do(world.crm, "EraseCustomer", customer_id=other.customer_id, reason="-", include_open=True)
    key = do(world.crm, "CreateApiKey", principal="till", roles=[v1.ROLE_CLIENT]).api_key
    do(world.crm, "RotateApiKey", key_id=key.key_id)
    return [denied, case]


IDS = ("promise_id", "successor_id", "contact_id")
ROWS = {"case": "case_id", "offer": "offer_id", "remedy": "remedy_id"}


def made(response):
    """What the call made or decided on."""
    ids = {field.name for field in response.DESCRIPTOR.fields}
    return {**{name: getattr(response, name) for name in IDS if name in ids},
            **{name: getattr(getattr(response, name), key) for name, key in ROWS.items() if name in ids}}


@pytest.mark.replicas(2)
def test_every_command_is_answered_again_whenever_it_is_repeated(world):
    do = Tape(world)
    cases = play(do, world)
    assert {method for _, method, _, _ in do.calls} == commands(), "the walk leaves out a command"
    world.advance(40 * sample.DAY_S)
    before = [world.get(one).version for one in cases]
    for who, method, fields, first in do.calls:
        again, call = getattr(who, method).with_call(**fields)
        assert dict(call.initial_metadata()).get("replayed") == "true", method
        assert made(again) == made(first), method
    assert [world.get(one).version for one in cases] == before
    assert all(world.verify(one).intact for one in cases)
