# SPDX-License-Identifier: Apache-2.0
"""A customer's personal data is erased everywhere, and everything still proves itself."""

import hashlib
import json
import threading

import grpc
import pytest

from harness.api import new_id, v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample, steps

def mark(world):
    """A word that occurs nowhere else: it is in all that the customer and the agents say."""
    return f"Quex{world.tenant}x"


def claim(world, customer, order="order", **of):
    word = mark(world)
    return sample.claim(order=f"{order} {word}", description=f"{word} happened to me.", customer_id=customer,
                        customer_name=f"Zoltana {word}", customer_contact=f"zoltana@{word}.example", **of)


def live(world, customer, order="order"):
    """A case with every kind of words, closed."""
    case = world.crm.OpenCase(**claim(world, customer, order)).case
    word = mark(world)
    world.crm.OpenCase(**claim(world, customer, order))
    ann = world.agent(f"ann-{sample.unique('a')}", present=False,
                      authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(500))])
    ann.take()
    steps.reach(ann, case, note=word)
    steps.say(ann, case, note=word)
    ann.RecordRootCause(case_id=case.case_id, code="process.handover", note=word)
    for _ in range(2):
        steps.deny(ann, case, reason=f"{word} {sample.unique('why')}")
    remedy = steps.propose(ann, case, description=word)
    steps.answer(ann, case, remedy)
    steps.report(ann, case, remedy, reference=sample.unique("rf"))
    kept = ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description=word,
                           promise_time=sample.timestamp(sample.seconds(world.get(case).update_time) + 3600))
    ann.SettlePromise(case_id=case.case_id, promise_id=kept.promise_id, outcome=v1.PROMISE_OUTCOME_KEPT, note=word)
    steps.reach(ann, case, note=word)
    steps.resolve(ann, case)
    return steps.close(ann, case)


def dump(world):
    """Every row of every table as text, and Redis, and the logs."""
    tables = world.cluster.sql("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
    texts = []
    for (table,) in tables:
        rows = world.cluster.sql(f"select t::text from {table} t")
        for (row,) in rows:
            texts.append(f"{table}: {row}")
            for part in row.split("\\x")[1:]:  # bytes are shown as hex
                digits = part.split('"')[0].split(",")[0].rstrip(")")
                texts.append(f"{table}: {bytes.fromhex(digits).decode('utf-8', 'replace')}")
    redis = world.cluster.redis
    for key in filter(None, redis.cli("keys", "*")):
        kind = redis.cli("type", key)[0]
        read = {"string": ("get",), "zset": ("zrange",), "hash": ("hgetall",), "set": ("smembers",),
                "list": ("lrange",), "stream": ("xrange",)}[kind]
        rest = {"zset": ("0", "-1"), "list": ("0", "-1"), "stream": ("-", "+")}.get(kind, ())
        texts.append(f"redis {key}: {redis.cli(*read, key, *rest)}")
    for service in world.cluster.services:
        texts.append(f"{service.name}: {service.log.read_text(errors='replace')}")
    return texts


def found(world):
    return [text[:200] for text in dump(world) if mark(world).lower() in text.lower()]


def erase(world, customer, **of):
    return world.crm.EraseCustomer(customer_id=customer, reason="letter 4711", **of)


def check_certificate(world, response, customer, case_ids):
    document = json.loads(response.certificate.document)
    assert document["customerId"] == customer and document["tenant"] == world.tenant
    assert document["reason"] == "letter 4711" and document["erasedBy"] == "crm"
    assert document["cases"] == len(case_ids) and document["erasureId"] == response.erasure_id
    assert "signal.body" in document["erased"]
    lines = ""
    for case_id in case_ids:
        events = world.history(v1.Case(case_id=case_id))
        seq = max(one.sequence for one in events if one.kind == v1.EVENT_KIND_PERSONAL_DATA_ERASED)
        lines += f"{case_id} {seq}\n"
    assert document["casesSha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert (response.certificate.signature, response.certificate.algorithm) == (b"", "")
    return document


def test_nothing_of_the_customer_stays(world):
    customer = sample.unique("customer")
    case = live(world, customer)
    before = world.verify(case)
    assert found(world), "the words are there"
    response = erase(world, customer)
    assert (response.cases, response.erased, response.open) == (1, 1, 0)
    assert found(world) == []
    proof = world.verify(case)
    assert proof.intact and proof.events == before.events + 1
    assert proof.erased > 5
    now = world.get(case)
    assert now.HasField("erase_time") and now.customer_id == customer
    assert (now.customer_name, now.customer_contact, now.failure.description, now.root_cause.note) == ("",) * 4
    assert now.root_cause.code == "process.handover" and now.HasField("denial")
    assert [(one.reason, one.HasField("disclosure_time")) for one in now.denials] == [("", True), ("", True)]
    assert all(one.erased for one in world.history(case) if one.kind == v1.EVENT_KIND_CASE_OPENED)
    last = world.history(case)[-1]
    assert last.kind == v1.EVENT_KIND_PERSONAL_DATA_ERASED and last.actor == "crm"
    assert (last.detail.erasure.cause, last.detail.erasure.erasure_id) == (v1.ERASURE_CAUSE_REQUEST, response.erasure_id)
    check_certificate(world, response, customer, [case.case_id])


def test_the_customer_begins_anew(world):
    customer = sample.unique("customer")
    case = live(world, customer)
    erase(world, customer)
    again = world.crm.OpenCase(**claim(world, customer))
    assert not again.joined and again.case.case_id != case.case_id and again.case.earlier_case_id == ""
    assert world.get(case).status == v1.CASE_STATUS_CLOSED
    with refused("FAILED_PRECONDITION", "CASE_ERASED"):
        world.crm.ReopenCase(case_id=case.case_id, reason="again", expected_version=world.get(case).version)


def test_a_late_word_is_kept_until_the_next_erasure(world):
    customer = sample.unique("customer")
    case = live(world, customer)
    first = erase(world, customer)
    late = world.agent("late", present=False)
    late.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL,
                       outcome=v1.CONTACT_OUTCOME_REACHED, note=mark(world))
    assert world.get(case).contacts[-1].note == mark(world), "an erased case does not come back, but keeps the word"
    assert world.get(case).status == v1.CASE_STATUS_CLOSED
    again = erase(world, customer)
    assert (again.cases, again.erased) == (1, 1) and again.erasure_id != first.erasure_id
    assert found(world) == []
    assert erase(world, customer).erased == 0, "without anything new nothing is written"
    assert world.verify(case).intact


def test_a_repeat_gives_the_same_certificate(world):
    customer = sample.unique("customer")
    live(world, customer)
    request = new_id()
    first = erase(world, customer, request_id=request)
    again, call = world.crm.on("privacy", "EraseCustomer").with_call(customer_id=customer, reason="letter 4711",
                                                                    request_id=request)
    assert ("replayed", "true") in call.initial_metadata()
    assert again.certificate == first.certificate and again.erased == 0
    with refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        world.crm.EraseCustomer(customer_id=customer, reason="another", request_id=request)


def test_a_dry_run_writes_nothing(world):
    customer = sample.unique("customer")
    case = live(world, customer)
    open_case = world.crm.OpenCase(**claim(world, customer, order="o-2")).case
    plan = erase(world, customer, dry_run=True, request_id="")
    assert (plan.cases, plan.erased, plan.open) == (2, 2, 1)
    assert list(plan.open_case_ids) == [open_case.case_id] and not plan.HasField("certificate")
    assert not world.get(case).HasField("erase_time")
    assert world.cluster.sql("select count(*) from customer_erasure where customer_id = %s", (customer,)) == [(0,)]


def test_open_cases_are_named_and_erased_only_when_asked(world):
    customer = sample.unique("customer")
    live(world, customer)
    open_case = world.open(**claim(world, customer, order="o-2"))
    with refused("FAILED_PRECONDITION", "CASE_OPEN") as caught:
        erase(world, customer)
    assert caught.error.metadata == {"cases": "1", "case_ids": open_case.case_id}
    done = erase(world, customer, include_open=True)
    assert (done.cases, done.erased, done.open) == (2, 2, 1)
    assert found(world) == []
    now = world.get(open_case)
    assert now.status == v1.CASE_STATUS_OPEN and now.HasField("erase_time")
    # It goes on without its data, and the customer's next claim is a new case.
    assert not world.crm.OpenCase(**claim(world, customer, order="o-2")).joined
    ann = world.agent("ann-goes-on", present=False)
    ann.take()
    assert world.verify(open_case).intact


def test_another_tenant_is_not_touched(world, other_world):
    customer = sample.unique("customer")
    case, other = live(world, customer), live(other_world, customer)
    erase(world, customer)
    assert other_world.get(other).customer_name == f"Zoltana {mark(other_world)}"
    with refused("NOT_FOUND", "CUSTOMER_NOT_FOUND"):
        erase(world, "nobody")
    assert world.get(case).customer_name == ""
    other_world.crm.EraseCustomer(customer_id=customer, reason="x")


COPY = """insert into recovery_case select (x.r).* from (select jsonb_populate_record(
    c, jsonb_build_object('case_id', gen_random_uuid())) as r from recovery_case c where c.case_id = %s) x"""


def test_a_case_whose_transaction_ends_late_is_erased(world):
    """It was opened before the erasure began, and is committed when a walk would long be over."""
    customer = sample.unique("customer")
    case = live(world, customer)
    connection = world.cluster.postgres.connect(world.cluster.name)
    with connection.cursor() as late:
        late.execute("begin")
        late.execute(COPY, (case.case_id,))
        call = world.client("privacy", "crm").EraseCustomer.future(customer_id=customer, reason="letter 4711")
        wait_until(lambda: world.cluster.sql("select 1 from customer_erasure where customer_id = %s", (customer,)),
                   "the erasure to begin")
        with pytest.raises(grpc.FutureTimeoutError):
            call.result(timeout=1)
        late.execute("commit")
    connection.close()
    done = call.result(timeout=30)
    assert (done.cases, done.erased) == (2, 2)
    assert json.loads(done.certificate.document)["cases"] == 2
    assert found(world) == []


def test_a_backup_does_not_hold_an_erasure_up(world):
    customer = sample.unique("customer")
    live(world, customer)
    connection = world.cluster.postgres.connect(world.cluster.name)
    with connection.cursor() as backup:
        backup.execute("begin isolation level repeatable read")
        backup.execute("select count(*) from recovery_case")
        assert erase(world, customer).erased == 1
        backup.execute("commit")
    connection.close()


def test_a_vacuum_does_not_hold_an_erasure_up(world):
    """It has the lock that vacuum, analyze and the making of an index have, for hours on a large table."""
    customer = sample.unique("customer")
    live(world, customer)
    connection = world.cluster.postgres.connect(world.cluster.name)
    with connection.cursor() as vacuum:
        vacuum.execute("begin")
        vacuum.execute("lock table recovery_case in share update exclusive mode")
        assert erase(world, customer).erased == 1
        vacuum.execute("commit")
    connection.close()


def test_everything_that_is_wrong_is_told(world):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.EraseCustomer(request_id="x", customer_id="", reason="")
    assert set(caught.error.fields) == {"request_id", "customer_id", "reason"}
    with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
        world.principal("amends").EraseCustomer(customer_id="c", reason="x")


def test_an_interrupted_erasure_goes_on(make_cluster):
    """A replica dies in the middle; the repeat at another one finishes, and so does the service by itself."""
    from .support.world import new_tenant
    cluster = make_cluster(replicas={"intake": 2, "assignment": 1, "resolution": 1})
    world = new_tenant(cluster, "interrupted")
    customer, cases = "c-many", 120
    for n in range(cases):
        world.crm.OpenCase(**claim(world, customer, order=f"order-{n}"))
    request = new_id()
    ask = {"customer_id": customer, "reason": "letter 4711", "request_id": request, "include_open": True}
    victim = cluster.replica("intake", 0)

    def count():
        return cluster.sql("select count(*) from recovery_case where erased_at is not null")[0][0]

    call = world.client("privacy", "crm", 0).EraseCustomer.future(**ask)
    while count() == 0:
        pass
    victim.kill()
    call.exception()
    assert 0 < count() <= cases
    done = world.client("privacy", "crm", 1).EraseCustomer(timeout_s=60, **ask)
    assert done.cases == cases and count() == cases
    world_1 = world.client("intake", "crm", 1)
    assert json.loads(done.certificate.document)["cases"] == cases
    assert world_1.VerifyCaseHistory(case_id=done.open_case_ids[0]).intact
    cluster.restart(victim)
    assert found(world) == []
