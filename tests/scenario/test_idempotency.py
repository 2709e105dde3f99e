# SPDX-License-Identifier: Apache-2.0
"""One request id, one effect: repeated at once, later, at another replica, with another body."""

import concurrent.futures

import pytest

from harness.api import new_id, v1
from harness.errors import refused

from .support import sample, steps


def replayed(call):
    return dict(call.initial_metadata()).get("replayed")


def test_a_hundred_at_once_make_one_case(world):
    claim = sample.claim(request_id=new_id())
    methods = [world.crm.on("intake", "OpenCase", replica) for replica in (0, 1)]
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        done = list(pool.map(lambda n: methods[n % 2].with_call(**claim, timeout_s=30), range(100)))
    assert len({response.case.case_id for response, _ in done}) == 1
    assert sorted(replayed(call) or "" for _, call in done) == [""] + ["true"] * 99
    assert len(world.crm.ListCases().cases) == 1
    assert not any(response.joined for response, _ in done)


def test_a_replay_shows_the_case_as_it_is_now(world):
    claim = sample.claim(request_id=new_id())
    first, call = world.crm.OpenCase.with_call(**claim)
    assert replayed(call) is None
    steps.say(world.agent("ann", present=False), first.case)
    again, call = world.crm.OpenCase.with_call(**claim)
    assert replayed(call) == "true"
    assert again.case.version == first.case.version + 1
    assert len(again.case.acts) == 1


def test_another_body_with_the_same_id_is_refused(world):
    claim = sample.claim(request_id=new_id())
    world.crm.OpenCase(**claim)
    with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        world.crm.OpenCase(**{**claim, "minutes_lost": 5})
    assert len(world.crm.ListCases().cases) == 1


def test_an_id_belongs_to_one_principal(world):
    claim = sample.claim(request_id=new_id())
    world.crm.OpenCase(**claim)
    assert world.principal("web").OpenCase(**claim).joined


def test_an_id_belongs_to_one_tenant(world, other_world):
    claim = sample.claim(request_id=new_id())
    mine, theirs = world.crm.OpenCase(**claim), other_world.crm.OpenCase(**claim)
    assert mine.case.case_id != theirs.case.case_id


def test_an_id_belongs_to_one_method(world):
    request_id = new_id()
    case = world.crm.OpenCase(**sample.claim(request_id=request_id)).case
    ann = world.agent("ann", present=False)
    ann.RecordAct(request_id=request_id, case_id=case.case_id, kind=v1.ACT_KIND_APOLOGY)
    assert len(world.get(case).acts) == 1


def test_a_refused_call_may_be_repeated_with_its_id(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    ann.take()
    request_id = new_id()
    with refused("FAILED_PRECONDITION", "CLOSE_GATE"):
        ann.ResolveCase(request_id=request_id, case_id=case.case_id,
                        expected_version=world.get(case).version)
    steps.recover(ann, case)
    done = ann.ResolveCase(request_id=request_id, case_id=case.case_id,
                           expected_version=world.get(case).version)
    assert done.case.status == v1.CASE_STATUS_RESOLVED


CALLS = {
    "RecordContact": lambda case: {"direction": v1.CONTACT_DIRECTION_OUTBOUND,
                                   "channel": v1.CHANNEL_PHONE, "outcome": v1.CONTACT_OUTCOME_REACHED,
                                   "note": "Carol was told"},
    "RecordAct": lambda case: {"kind": v1.ACT_KIND_THANKS, "note": "Thank you for telling us"},
    "RecordRootCause": lambda case: {"code": "process.handover"},
    "ProposeRemedy": lambda case: {"kind": v1.REMEDY_KIND_GIFT},
    "DenyClaim": lambda case: {"expected_version": case.version, "reason": "Not covered.",
                               "disclosure_channel": v1.CHANNEL_EMAIL,
                               "disclosure_time": case.update_time},
}


@pytest.mark.parametrize("method", CALLS)
def test_every_recording_call_can_be_repeated(world, method):
    ann = world.agent("ann", present=False)
    case = world.open()
    case = ann.take()
    fields = {"request_id": new_id(), "case_id": case.case_id, **CALLS[method](case)}
    first, _ = getattr(ann, method).with_call(**fields)
    again, call = getattr(ann, method).with_call(**fields)
    assert replayed(call) == "true"
    assert again.SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)
    assert world.get(case).version == case.version + 1


def test_a_repeated_assignment_is_the_same_case(world):
    ann = world.agent("ann", present=False)
    for _ in range(2):
        world.open()
    request_id = new_id()
    first = ann.RequestAssignment(request_id=request_id)
    again = ann.RequestAssignment(request_id=request_id)
    assert again.case.case_id == first.case.case_id
    assert again.offer.offer_id == first.offer.offer_id
    assert ann.GetAgent(agent_id="ann").agent.load == 1
