# SPDX-License-Identifier: Apache-2.0
"""The history proves itself: whatever was altered in the database is found; what was erased is told."""

import hashlib
import struct

import pytest

from harness.api import v1

from .support import steps


@pytest.fixture
def case(world):
    """A case with a handful of events."""
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    steps.recover(ann, case)
    return world.get(case)


def alter(world, statement, case, *parameters):
    """Changes the database behind the product's back."""
    world.cluster.sql(statement, (*parameters, case.case_id))


def test_an_untouched_history_is_intact(world, case):
    proof = world.verify(case)
    assert (proof.intact, proof.events, proof.erased, proof.problem) == (True, case.version, 0, "")
    assert proof.head_hash == world.history(case)[-1].hash


def test_events_are_numbered_without_a_gap_and_linked(world, case):
    events = world.history(case)
    assert [one.sequence for one in events] == list(range(1, len(events) + 1))
    assert events[0].previous_hash == bytes(32)
    assert [one.previous_hash for one in events[1:]] == [one.hash for one in events[:-1]]


def test_anybody_can_compute_the_hashes(world, case):
    """As event.proto documents it, from nothing but what the calls give."""
    events = world.crm.GetCaseHistory(case_id=case.case_id, detail_bytes=True).events
    previous = bytes(32)
    for event in events:
        micros = event.event_time.seconds * 1_000_000 + event.event_time.nanos // 1000
        parts = [world.tenant.encode(), case.case_id.encode(), struct.pack(">q", event.sequence),
                 struct.pack(">q", micros), struct.pack(">i", event.kind), event.actor.encode(),
                 hashlib.sha256(event.detail_bytes).digest(), event.private_digest]
        text = previous + b"".join(struct.pack(">I", len(part)) + part for part in parts)
        assert hashlib.sha256(text).digest() == event.hash
        assert type(event.detail).FromString(event.detail_bytes) == event.detail
        previous = event.hash
    assert any(event.private_digest for event in events)
    assert previous == world.verify(case).head_hash


def test_the_bytes_come_when_they_are_asked_for(world, case):
    assert not any(event.detail_bytes for event in world.history(case))


@pytest.mark.parametrize("column,value", [
    ("public", b"\x08\x01"), ("actor", "mallory"), ("at", "2020-01-01"), ("kind", 1),
    ("private_digest", bytes(32)), ("prev_hash", bytes(32)), ("hash", bytes(32)),
])
def test_an_altered_event_is_found(world, case, column, value):
    alter(world, f"update case_event set {column} = %s where seq = 3 and case_id = %s", case, value)
    proof = world.verify(case)
    assert not proof.intact
    assert proof.first_bad_sequence == 3
    assert proof.problem


def test_a_deleted_last_event_is_found(world, case):
    alter(world, "delete from case_event_private where seq = %s and case_id = %s", case, case.version)
    alter(world, "delete from case_event where seq = %s and case_id = %s", case, case.version)
    proof = world.verify(case)
    assert not proof.intact
    assert proof.first_bad_sequence == case.version


def test_a_deleted_event_in_the_middle_is_found(world, case):
    alter(world, "delete from case_event_private where seq = 4 and case_id = %s", case)
    alter(world, "delete from case_event where seq = 4 and case_id = %s", case)
    proof = world.verify(case)
    assert not proof.intact
    assert proof.first_bad_sequence == 4


def test_altered_words_are_found(world, case):
    alter(world, "update case_event_private set body = body || '\\x00' where seq = 1 and case_id = %s",
          case)
    assert not world.verify(case).intact


def test_a_moved_head_is_found(world, case):
    alter(world, "update recovery_case set last_hash = %s where case_id = %s", case, bytes(32))
    assert not world.verify(case).intact


def test_a_deleted_personal_part_is_found(world, case):
    """It was not erased: no event says so."""
    alter(world, "delete from case_event_private where seq = 1 and case_id = %s", case)
    proof = world.verify(case)
    assert (proof.intact, proof.erased, proof.first_bad_sequence) == (False, 1, 1)
    assert "no event says that it was erased" in proof.problem
    [finding] = proof.findings
    assert finding.kind == v1.HISTORY_FINDING_KIND_PERSONAL_PART
    first = world.history(case)[0]
    assert first.erased
    assert not first.HasField("personal")


def test_public_parts_have_no_personal_data(world, case):
    """What people said and who the customer is lie in the erasable part only."""
    raw = world.cluster.sql("select public from case_event where case_id = %s", (case.case_id,))
    everything = b"".join(bytes(row[0]) for row in raw)
    for words in ("Charged twice for one phone.", "Jo Doe", "+1 555 0100", "We are sorry."):
        assert words.encode() not in everything
    assert world.history(case)[0].personal.customer_name == "Jo Doe"


def test_the_version_is_the_last_event(world, case):
    assert case.version == world.history(case)[-1].sequence


def test_history_comes_in_pages(world, case):
    seen, token = [], ""
    while True:
        page = world.crm.GetCaseHistory(case_id=case.case_id, page_size=2, page_token=token)
        assert 0 < len(page.events) <= 2
        seen += [one.sequence for one in page.events]
        token = page.next_page_token
        if not token:
            break
    assert seen == list(range(1, case.version + 1))


def test_times_never_run_backwards(world, case):
    times = [(one.event_time.seconds, one.event_time.nanos) for one in world.history(case)]
    assert times == sorted(times)


def test_every_change_of_a_case_writes_an_event(world):
    case = world.open()
    ann = world.agent("ann")
    world.settle()
    ann.accept(case)
    assert world.kinds(case) == ["CASE_OPENED", "OFFER_MADE", "OWNER_CHANGED"]
    offer = world.history(case)[1].detail
    assert offer.offer.state == v1.OFFER_STATE_PENDING
    assert offer.clocks[0].kind == v1.CLOCK_KIND_OFFER
