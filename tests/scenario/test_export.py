# SPDX-License-Identifier: Apache-2.0
"""A customer gets a copy of everything, which a stranger can verify with nothing but the document."""

import base64
import hashlib
import json
import pathlib
import stat
import struct
import subprocess

import pytest

from harness import paths
from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import fullest, sample, steps


def export(world, customer, **of):
    pieces = [one.data for one in world.crm.ExportCustomer(customer_id=customer, **of)]
    assert all(0 < len(piece) <= 256 << 10 for piece in pieces)
    return json.loads(b"".join(pieces)), pieces


def unpack(text):
    return base64.b64decode(text)


def check_events(tenant, case):
    """As the document itself says; no code of ours is used."""
    before, erased = bytes(32), 0
    for number, event in enumerate(case["events"], 1):
        assert int(event["sequence"]) == number
        digest = unpack(event.get("privateDigest", ""))
        if "private" in event:
            assert hashlib.sha256(unpack(event["salt"]) + unpack(event["private"])).digest() == digest
        elif digest:
            erased += 1
        parts = [tenant.encode(), case["case"]["caseId"].encode(), struct.pack(">q", number),
                 struct.pack(">q", event["atMicros"]), struct.pack(">i", event["kindNumber"]), event["actor"].encode(),
                 hashlib.sha256(unpack(event["public"])).digest(), digest]
        text = before + b"".join(struct.pack(">I", len(part)) + part for part in parts)
        assert base64.b64encode(before).decode() == event["previousHash"]
        before = hashlib.sha256(text).digest()
        assert before == unpack(event["hash"])
    assert case["lastSequence"] == len(case["events"]) and unpack(case["lastHash"]) == before
    return erased


def verify(document):
    return [check_events(document["tenant"], case) for case in document["cases"]]


def test_everything_is_there_and_proves_itself(world):
    customer = sample.unique("customer")
    one = world.open(customer_id=customer, description="It broke.")
    two = world.open(customer_id=customer)
    ann = world.agent("ann", present=False)
    ann.take()
    steps.recover(ann, one)
    world.open()  # somebody else's
    document, _ = export(world, customer)
    assert (document["format"], document["tenant"], document["customerId"]) == ("amends-export-1", world.tenant, customer)
    assert document["exportedBy"] == "crm" and "SHA-256" in document["verification"]
    assert [case["case"]["caseId"] for case in document["cases"]] == [one.case_id, two.case_id]
    assert document["caseCount"] == 2
    assert verify(document) == [0, 0]
    first = document["cases"][0]
    assert first["case"]["customerName"] == "Jo Doe" and first["case"]["failure"]["description"] == "It broke."
    assert [act["note"] for act in first["acts"]] == ["We are sorry."]
    assert first["signals"][0]["text"] == "It broke."
    assert first["clocks"] and first["remedies"] and not first["promises"]
    assert first["events"][0]["personal"]["customerName"] == "Jo Doe"
    assert first["events"][0]["detail"]["customerId"] == customer


def test_what_was_erased_is_told(world):
    customer = sample.unique("customer")
    world.open(customer_id=customer)
    world.crm.EraseCustomer(customer_id=customer, reason="x", include_open=True)
    document, _ = export(world, customer)
    assert verify(document) == [1]
    assert document["cases"][0]["events"][0]["erased"] is True
    assert document["cases"][0]["case"]["eraseTime"]


def test_amendsctl_writes_it_into_a_file_of_its_owner(world, tmp_path):
    case = world.open()
    file = tmp_path / "export.json"

    def run(customer):
        return subprocess.run(
            [paths.program("amendsctl"), "--tenant", world.tenant, "--intake", world.cluster.replica("intake").address,
             "--out", file, "customer", "export", customer], capture_output=True, text=True, check=False, timeout=60)

    assert run("nobody").returncode == 3 and not file.exists()
    done = run(case.customer_id)
    assert done.returncode == 0 and not done.stdout, done
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert case.case_id in str(json.loads(file.read_text()))
    again = run(case.customer_id)
    assert again.returncode == 1 and "is there already" in again.stderr, again


def test_an_unknown_customer_has_none(world, other_world):
    customer = sample.unique("customer")
    other_world.open(customer_id=customer)
    for one, reason in ((customer, "CUSTOMER_NOT_FOUND"), ("", "INVALID_ARGUMENT")):
        with refused("NOT_FOUND" if one else "INVALID_ARGUMENT", reason):
            list(world.crm.ExportCustomer(customer_id=one))


def test_an_export_is_recorded_before_it_is_answered(world):
    customer = sample.unique("customer")
    world.open(customer_id=customer)
    stream = world.crm.ExportCustomer(customer_id=customer)
    next(stream)
    rows = world.cluster.sql("select principal, method, fields from access_record where customer_id = %s"
                             " and method = 'ExportCustomer'", (customer,))
    assert rows == [("crm", "ExportCustomer", 1 << v1.ACCESSED_FIELDS_EXPORT)]
    stream.cancel()


@pytest.mark.parametrize("cases", [300])
def test_the_largest_customer_needs_little_memory(make_cluster, cases):
    """Hundreds of cases and the fullest legal one: the service grows by less than one read may hold."""
    from .support.world import new_tenant
    cluster = make_cluster()
    world = new_tenant(cluster, "large")
    customer = "c-large"
    full = fullest.open_fullest(world)
    cluster.sql("update recovery_case set customer_id = %s where case_id = %s", (customer, full.case_id))
    for n in range(cases):
        world.crm.OpenCase(**sample.claim(customer_id=customer, order=f"o-{n}", description=fullest.LONG_TEXT))
    service = cluster.replica("intake")

    def peak_kb():
        text = pathlib.Path(f"/proc/{service.pid}/status").read_text(encoding="ascii")
        return int(text.split("VmHWM:")[1].split()[0])

    list(world.client("intake", "crm").ListCases(customer_id=customer).cases)
    before = peak_kb()
    document, pieces = export(world, customer, timeout_s=60)
    assert document["caseCount"] == cases + 1
    assert len(document["cases"][0]["clocks"]) == fullest.CLOCKS
    assert all(one["text"] == fullest.LONG_TEXT for one in document["cases"][0]["signals"])
    total = sum(map(len, pieces))
    grown = peak_kb() - before
    print(f"{total} bytes exported, {grown} KB more memory at the most")
    assert total > 10 << 20 and grown < 48 << 10


def test_a_client_that_does_not_read_gives_its_memory_back(make_cluster):
    """There is memory for one large read: what somebody else reads comes when the export was given up."""
    from .support.world import new_tenant
    cluster = make_cluster(options=("--max-unread-ms", 500, "--max-read-bytes", 64 << 20))
    one, two = new_tenant(cluster, "one"), new_tenant(cluster, "two")
    full = fullest.open_fullest(one)
    other = two.open()
    service = cluster.replica("intake")
    stuck = one.crm.ExportCustomer(customer_id=full.customer_id)
    next(stuck)  # and then no more
    assert service.metrics()['amends_reads_held_bytes{size="large"}'] == 32 << 20
    document, _ = export(two, other.customer_id, timeout_s=30)
    assert document["caseCount"] == 1
    with refused("RESOURCE_EXHAUSTED") as caught:
        list(stuck)
    assert caught.error.message.startswith("READER_STALLED: "), caught.error
    wait_until(lambda: service.metrics()['amends_reads_held_bytes{size="large"}'] == 0, "nothing to be held")
    assert service.metrics()["amends_rpc_given_up_total"] == 1
