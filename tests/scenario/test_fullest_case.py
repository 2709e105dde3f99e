# SPDX-License-Identifier: Apache-2.0
"""What the system accepted it can show: the fullest legal case passes through every call that reads, with
clients that take no message above gRPC's usual limit of 4 MiB."""

import json
import subprocess

import pytest

from harness import paths
from harness.api import new_id, v1
from harness.errors import refused

from .support import fullest, sample

MOST = 4_000_000


@pytest.fixture(name="full")
def full_case(world):
    return fullest.open_fullest(world)


def pages(call, field, **of):
    """All parts, page by page."""
    parts, token, n = [], "", 0
    while True:
        page = call(page_token=token, **of)
        assert page.ByteSize() <= MOST
        parts += getattr(page, field)
        token, n = page.next_page_token, n + 1
        if not token:
            return parts, n


def ctl(world, *words):
    """What amendsctl prints, as JSON."""
    done = subprocess.run(
        [paths.program("amendsctl"), f"--intake={world.cluster.replica('intake').address}", "--tenant",
         world.tenant, "--as", "crm", "--json", *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def counts(case):
    return [len(part) for part in (case.signals, case.contacts, case.acts, case.remedies, case.promises,
                                   case.offers, case.clocks)]


ALL = [fullest.SIGNALS, fullest.CONTACTS, fullest.ACTS, fullest.REMEDIES, fullest.PROMISES, fullest.OFFERS,
       fullest.CLOCKS]


def test_both_views_show_all_parts(world, full):
    basic = world.crm.GetCase(case_id=full.case_id, view=v1.CASE_VIEW_BASIC).case
    assert counts(basic) == ALL
    assert len(basic.clocks[-1].pauses) == fullest.PAUSES
    assert basic.texts_left_out and all(one.text_left_out and not one.text for one in basic.signals)
    for view in (v1.CASE_VIEW_UNSPECIFIED, v1.CASE_VIEW_FULL):
        response = world.crm.GetCase(case_id=full.case_id, view=view)
        assert response.ByteSize() <= MOST
        assert counts(response.case) == ALL
        assert response.case.texts_left_out


def test_the_full_view_gives_the_newest_texts(world, full):
    case = world.crm.GetCase(case_id=full.case_id).case
    for parts, text in ((case.signals, "text"), (case.contacts, "note"), (case.acts, "note")):
        shown = [getattr(one, text) != "" for one in parts]
        assert shown[-1], "the newest is there"
        assert shown == sorted(shown), "and the older ones are not"
        assert shown == [not getattr(one, f"{text}_left_out") for one in parts]
        assert all(getattr(one, text) in ("", fullest.LONG_TEXT) for one in parts)


def test_what_has_room_is_given_whole(world):
    case = world.open(description=fullest.LONG_TEXT)
    ann = world.agent("ann-writes", present=False)
    for _ in range(60):
        ann.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_OUTBOUND, channel=v1.CHANNEL_PHONE,
                          outcome=v1.CONTACT_OUTCOME_NO_ANSWER, note=fullest.LONG_TEXT)
    now = world.get(case)
    assert not now.texts_left_out
    assert [one.note for one in now.contacts] == [fullest.LONG_TEXT] * 60
    assert now.signals[0].text == fullest.LONG_TEXT
    basic = world.crm.BatchGetCases(case_ids=[case.case_id], view=v1.CASE_VIEW_BASIC).cases[0]
    assert basic.texts_left_out and basic.contacts[0].note_left_out and not basic.contacts[0].note


def test_all_texts_can_be_paged_through(world, full):
    signals, _ = pages(world.crm.ListSignals, "signals", case_id=full.case_id)
    assert [one.number for one in signals] == list(range(fullest.SIGNALS, 0, -1))
    assert all(one.text == fullest.LONG_TEXT and not one.text_left_out for one in signals)
    contacts, n = pages(world.crm.ListContacts, "contacts", case_id=full.case_id, page_size=500)
    assert n > 1, "a page of long notes is shorter"
    assert all(one.note == fullest.LONG_TEXT for one in contacts)
    acts, _ = pages(world.crm.ListActs, "acts", case_id=full.case_id, page_size=7)
    assert all(one.note == fullest.LONG_TEXT for one in acts)
    case = world.get(full)
    assert [one.contact_id for one in contacts] == [one.contact_id for one in case.contacts][::-1]
    assert [one.act_id for one in acts] == [one.act_id for one in case.acts][::-1]


def test_a_list_is_of_one_case_and_a_token_of_one_list(world, full):
    unknown = "0191a0ae-7c5e-7d3b-9f0a-000000000001"
    token = world.crm.ListSignals(case_id=full.case_id, page_size=1).next_page_token
    for call in (world.crm.ListSignals, world.crm.ListContacts, world.crm.ListActs):
        with refused("NOT_FOUND", "CASE_NOT_FOUND"):
            call(case_id=unknown)
        with refused("INVALID_ARGUMENT"):
            call(case_id="x")
    with refused("INVALID_ARGUMENT"):
        world.crm.ListContacts(case_id=full.case_id, page_token=token)
    small = world.open()
    assert world.crm.ListContacts(case_id=small.case_id).next_page_token == ""


def test_a_batch_says_what_it_had_no_room_for(world, full):
    small = world.open()
    missing = "0191a0ae-7c5e-7d3b-9f0a-000000000001"
    ids = [small.case_id, missing, full.case_id, full.case_id, small.case_id]
    seen, asked = [], 0
    while ids:
        response = world.crm.BatchGetCases(case_ids=ids)
        assert response.ByteSize() <= MOST
        seen += [one.case_id for one in response.cases] + list(response.missing_case_ids)
        assert list(response.unread_case_ids) == ids[len(ids) - len(response.unread_case_ids):]
        ids, asked = list(response.unread_case_ids), asked + 1
    assert sorted(seen) == sorted([small.case_id, missing, full.case_id, full.case_id, small.case_id])
    assert asked > 1


def test_a_batch_ends_before_a_case_that_needs_more_memory(world, full):
    """It would hold the cases before it while it waits for that."""
    world.cluster.sql(f"delete from offer where case_id = '{full.case_id}'")
    world.cluster.sql(f"delete from clock where case_id = '{full.case_id}' and generation > 500")
    small = world.open()
    response = world.crm.BatchGetCases(case_ids=[small.case_id, full.case_id], view=v1.CASE_VIEW_BASIC)
    assert [one.case_id for one in response.cases] == [small.case_id]
    assert list(response.unread_case_ids) == [full.case_id]
    response = world.crm.BatchGetCases(case_ids=[full.case_id, small.case_id], view=v1.CASE_VIEW_BASIC)
    assert [one.case_id for one in response.cases] == [full.case_id, small.case_id]


def test_a_batch_of_small_cases_is_whole(world):
    ids = [world.crm.OpenCase(**sample.claim()).case.case_id for _ in range(20)]
    response = world.crm.BatchGetCases(case_ids=ids)
    assert [one.case_id for one in response.cases] == ids
    assert not response.unread_case_ids


def test_every_other_call_that_reads_shows_the_fullest_case(world, full):
    assert world.crm.GetContactCard(case_id=full.case_id).case_id == full.case_id
    listed, _ = pages(world.crm.ListCases, "cases", customer_id=full.customer_id)
    assert [one.case_id for one in listed] == [full.case_id]
    clock = world.get(full).clocks[0]
    assert world.crm.ExplainDeadline(case_id=full.case_id, clock_id=clock.clock_id).parts
    # No event shows what was written by SQL.
    proof = world.crm.VerifyCaseHistory(case_id=full.case_id)
    assert len(proof.findings) == 100 and proof.events == full.version
    assert v1.HISTORY_FINDING_KIND_EVENT not in {one.kind for one in proof.findings}


def test_amendsctl_shows_the_case_and_all_its_texts(world, full):
    shown = ctl(world, "case", "get", full.case_id)
    assert len(shown["case"]["signals"]) == fullest.SIGNALS and shown["case"]["textsLeftOut"]
    page = ctl(world, "case", "contacts", full.case_id, "--page-size", "5")
    assert [one["note"] for one in page["contacts"]] == [fullest.LONG_TEXT] * 5 and page["nextPageToken"]


def test_a_history_of_large_events_is_paged_by_bytes(world):
    case = world.open(description=fullest.LONG_TEXT, customer_name=fullest.NAME_TEXT)
    fullest.add_events(world, case, 1000)
    before = len(world.history(case))
    events, n = pages(world.crm.GetCaseHistory, "events", case_id=case.case_id, page_size=500)
    assert len(events) == before and before > 1000
    assert n > 2
    assert [one.sequence for one in events] == sorted({one.sequence for one in events})


def test_a_list_of_cases_with_long_descriptions_is_paged_by_bytes(world):
    who = sample.unique("talkative")
    for _ in range(60):
        world.crm.OpenCase(**sample.claim(customer_id=who, description=fullest.LONG_TEXT))
    world.cluster.sql(f"update recovery_case set denial_reason = '{fullest.LONG_TEXT}', denial_disclosed_at = opened_at,"
                      f" earlier_denials = {fullest.EARLIER_DENIALS} where customer_id = '{who}'")
    cases, n = pages(world.crm.ListCases, "cases", customer_id=who, page_size=500)
    assert len(cases) == 60 and n > 1
    assert all(len(one.denials) == fullest.DENIALS for one in cases)


def test_the_fullest_case_can_be_written(world, full):
    """Its answer fits: it leaves out the pauses of clocks that have ended, and says so."""
    ann = world.agent("ann", present=False)
    done = ann.RecordRootCause(case_id=full.case_id, code="process.handover")
    assert done.ByteSize() <= MOST
    assert done.case.root_cause.code == "process.handover"
    assert counts(done.case) == ALL
    left_out = [one for one in done.case.clocks if one.pauses_left_out]
    assert len(left_out) > fullest.CLOCKS // 2 and not any(one.pauses for one in left_out)
    read = {one.clock_id: one for one in world.get(full).clocks}
    assert all(len(read[one.clock_id].pauses) == fullest.PAUSES for one in left_out)
    assert not any(one.pauses_left_out for one in read.values())


def test_the_fullest_case_can_be_opened_again_by_the_same_request(world):
    """A replay shows the case as it is now, whatever it has become."""
    claim = sample.claim(request_id=new_id(), description=fullest.LONG_TEXT)
    case = world.crm.OpenCase(**claim).case
    fullest.fill(world, case)
    again, call = world.crm.OpenCase.with_call(**claim)
    assert dict(call.initial_metadata())["replayed"] == "true"
    assert counts(again.case) == ALL


def test_the_fullest_case_can_be_taken(world, full):
    """RequestAssignment and its repeat show it, too."""
    ann = world.agent("ann")
    request_id = new_id()
    for _ in range(2):
        taken = ann.RequestAssignment(request_id=request_id)
        assert taken.case.case_id == full.case_id
        assert len(taken.case.clocks) >= fullest.CLOCKS


def test_a_write_shows_all_pauses_of_a_usual_case(world):
    case = world.open()
    world.cluster.sql(f"update clock set state = 2, next_at = null, pauses = '1767225600000001-1767225600000011:1' "
                      f"where case_id = '{case.case_id}'")
    ann = world.agent("ann", present=False)
    done = ann.RecordRootCause(case_id=case.case_id, code="process.handover").case
    assert [len(one.pauses) for one in done.clocks] == [1] * len(done.clocks)
    assert not any(one.pauses_left_out for one in done.clocks)
