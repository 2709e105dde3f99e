# SPDX-License-Identifier: Apache-2.0
"""What is personal lies sealed in the database: nobody reads it there, everybody reads it by a call, and nothing else differs."""

import json
import os
import secrets
import subprocess

import pytest

from harness import paths
from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample, steps
from .support.world import new_tenant

WORD = "Quexaltl"


def key(name):
    return f"{name} {secrets.token_hex(32)}\n"


@pytest.fixture
def master(tmp_path):
    path = tmp_path / "master-keys"
    path.write_text(key("first"))
    return path


def replace(path, text):
    """As orchestrators do it: at once, under the same name."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)


def wait_until_read(cluster, times):
    wait_until(lambda: all(service.log.read_text().count('"event":"master_keys"') >= times for service in cluster.services),
               "the file to be read again")


def amends(*words):
    return subprocess.run([paths.program("amends"), *map(str, words)], capture_output=True, text=True, check=False, timeout=60)


def live(world, customer):
    """A case in whose every text is the word, but for what is looked for: the order and external references."""
    case = world.crm.OpenCase(**sample.claim(order=sample.unique("order"), description=f"{WORD} happened.", customer_id=customer,
                                             customer_name=f"Zoltana {WORD}", customer_contact=f"z@{WORD}.example")).case
    ann = world.agent(sample.unique("ann"), present=False, authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(500))])
    ann.take()
    steps.reach(ann, case, note=WORD)
    steps.say(ann, case, note=WORD)
    ann.RecordRootCause(case_id=case.case_id, code="process.handover", note=WORD)
    for number in range(2):
        steps.deny(ann, case, reason=f"{WORD} {number}")
    steps.propose(ann, case, description=WORD)
    ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description=WORD,
                    promise_time=sample.timestamp(sample.seconds(world.get(case).update_time) + 3600))
    return world.get(case)


def texts_of(case):
    return str(case).count(WORD)


def dump(cluster, database=None):
    """Every row of every table, with what is bytes as text, too."""
    sql = cluster.sql if database is None else lambda text: cluster.postgres.execute(text, database=database)
    for (table,) in sql("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"):
        for (row,) in sql(f"select t::text from {table} t"):
            yield f"{table}: {row}"
            for part in row.split("\\x")[1:]:
                digits = part.split('"')[0].split(",")[0].rstrip(")")
                yield f"{table}: {bytes.fromhex(digits).decode('utf-8', 'replace')}"


def found(cluster):
    return [text[:120] for text in dump(cluster) if WORD in text]


def sealed_cluster(make_cluster, master, **of):
    cluster = make_cluster(options=("--master-keys", master), **of)
    return cluster, new_tenant(cluster, "sealed")


def test_work_lists_show_sealed_names_masked(make_cluster, master):
    _, world = sealed_cluster(make_cluster, master)
    case = live(world, "c-1")
    assert {one.customer_name for one in world.crm.ListWork(owner_id=case.owner.id).items} == {"Z. Q."}


def test_nothing_personal_is_readable_in_the_database(make_cluster, master):
    cluster, world = sealed_cluster(make_cluster, master, replicas=2)
    case = live(world, "c-1")
    assert found(cluster) == []
    for _ in range(4):  # both replicas
        again = world.get(case)
        assert texts_of(again) == texts_of(case) > 9
        assert again.customer_name == f"Zoltana {WORD}"
    assert world.crm.VerifyCaseHistory(case_id=case.case_id).intact
    history = world.crm.GetCaseHistory(case_id=case.case_id, page_size=200).events
    assert sum(WORD in str(event.personal) for event in history) > 6
    assert world.crm.ListCases(customer_id="c-1").cases[0].case_id == case.case_id


def test_sealing_begins_in_a_running_system_and_old_rows_stay_readable(make_cluster, master):
    cluster = make_cluster()
    world = new_tenant(cluster, "later")
    old = live(world, "c-old")
    assert found(cluster)
    for service in cluster.services:
        service.argv += ["--master-keys", master]
        cluster.restart(service)
    new = live(world, "c-new")
    assert texts_of(world.get(old)) == texts_of(old) and texts_of(world.get(new)) == texts_of(new)
    names = dict(cluster.sql("select customer_id, customer_name from recovery_case"))
    assert WORD in names["c-old"] and WORD not in names["c-new"]


def test_a_master_key_is_replaced_while_services_work(make_cluster, master):
    cluster, world = sealed_cluster(make_cluster, master)
    case = live(world, "c-1")
    first, second = master.read_text(), key("second")
    replace(master, first + second)  # all replicas have to know it before one uses it
    wait_until_read(cluster, 2)
    replace(master, second + first)
    wait_until_read(cluster, 3)
    live(world, "c-2")
    assert dict(cluster.sql("select customer_id, master from customer_key")) == {"c-1": "first", "c-2": "second"}
    done = amends("rewrap", "--pg", cluster.postgres.conninfo(cluster.name), "--master-keys", master)
    assert (done.returncode, done.stdout) == (
        0, "1 keys of customers were wrapped under second; 0 cannot be: the file lacks their master keys\n")
    replace(master, second)
    wait_until_read(cluster, 4)
    cluster.restart(cluster.replica("intake"))
    assert texts_of(world.get(case)) == texts_of(case)


def test_a_lost_master_key_is_told_and_shows_nothing_wrong(make_cluster, master):
    cluster, world = sealed_cluster(make_cluster, master)
    case = live(world, "c-1")
    master.write_text(key("other"))
    for service in cluster.services:
        cluster.restart(service)
    with refused("UNAVAILABLE", "CUSTOMER_KEY_LOCKED"):
        world.get(case)
    with refused("UNAVAILABLE", "CUSTOMER_KEY_LOCKED"):
        steps.reach(world.agent("bob", present=False), case)
    assert cluster.replica("intake").metrics()["amends_customer_keys_locked_total"] >= 1
    assert "the file of master keys has no key of this name" in cluster.replica("intake").log.read_text()
    done = amends("rewrap", "--pg", cluster.postgres.conninfo(cluster.name), "--master-keys", master)
    assert done.returncode == 1 and "1 cannot be" in done.stdout
    other = live(world, "c-2")
    assert texts_of(world.get(other)) == texts_of(other), "others' data is not affected"


def test_nobody_loses_words_while_a_key_is_destroyed(make_cluster, master):
    """Old cases are erased before the key goes, so none is reopened; what is opened meanwhile is erased, too, and says so."""
    cluster, world = sealed_cluster(make_cluster, master)
    case = world.crm.OpenCase(**sample.claim(customer_id="c-1", customer_name=WORD, description=WORD)).case
    ann = world.agent("ann", present=False, authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(500))])
    ann.take()
    steps.recover(ann, case)
    steps.resolve(ann, case)
    steps.close(ann, case)
    call = world.client("privacy", "crm").EraseCustomer.future(customer_id="c-1", reason="letter 4711", timeout_s=60)
    wait_until(lambda: not cluster.sql("select 1 from customer_key"), "the key to be destroyed")
    with refused("FAILED_PRECONDITION", "CASE_ERASED"):
        world.crm.ReopenCase(case_id=case.case_id, reason=WORD, expected_version=world.get(case).version)
    meanwhile = world.crm.OpenCase(**sample.claim(customer_id="c-1", customer_name=WORD, description=WORD)).case
    done = call.result()
    assert json.loads(done.certificate.document)["keyDestroyed"] is True
    assert (done.cases, done.erased) == (2, 2)
    for one in (case, meanwhile):
        now = world.get(one)
        assert now.HasField("erase_time") and texts_of(now) == 0
        assert world.crm.VerifyCaseHistory(case_id=one.case_id).intact
    later = world.crm.OpenCase(**sample.claim(customer_id="c-1", customer_name=WORD, description=WORD)).case
    assert world.get(later).customer_name == WORD and not world.get(later).HasField("erase_time")


def test_keys_may_lie_in_a_database_of_their_own(make_cluster, master):
    cluster = make_cluster()
    keys = f"{cluster.name}_keys"
    cluster.postgres.create_database(keys)
    for _ in range(2):
        done = amends("migrate", "--pg", cluster.postgres.conninfo(cluster.name), "--keys-pg", cluster.postgres.conninfo(keys))
        assert done.returncode == 0, done.stderr
    for service in cluster.services:
        service.argv += ["--master-keys", master, "--keys-pg", cluster.postgres.conninfo(keys)]
        cluster.restart(service)
    world = new_tenant(cluster, "apart")
    case = live(world, "c-1")
    assert texts_of(world.get(case)) == texts_of(case)
    assert cluster.sql("select count(*) from customer_key") == [(0,)] and found(cluster) == []
    assert cluster.postgres.execute("select customer_id from customer_key", database=keys) == [("c-1",)]
    cluster.postgres.drop_database(keys)
    assert texts_of(world.get(case)) == texts_of(case), "known keys hold while their database is away"


@pytest.mark.parametrize("text, why", [
    ("", "line 1: there is no key"),
    ("first 00ff", "line 1: behind the name, 64 hexadecimal digits"),
    (None, "No such file or directory"),
])
def test_a_file_that_cannot_be_used_stops_the_start(tmp_path, text, why):
    path = tmp_path / "keys"
    if text is not None:
        path.write_text(text)
    done = subprocess.run([paths.program("amends-intake"), "--master-keys", path, "--listen", "127.0.0.1:0", "--admin", ""],
                          capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1 and why in done.stdout + done.stderr
    assert amends("rewrap", "--master-keys", path).returncode == 2


def erase(world, customer, **of):
    answer = world.crm.EraseCustomer(customer_id=customer, reason="letter 4711", **of)
    return json.loads(answer.certificate.document)


def columns_of(cluster, customer):
    return cluster.sql("select customer_name, customer_contact, description from recovery_case where customer_id = %s", (customer,))


def test_what_copies_hold_of_an_erased_customer_cannot_be_opened(make_cluster, master):
    cluster, world = sealed_cluster(make_cluster, master, replicas=2)
    case, other = live(world, "c-1"), live(world, "c-2")
    copy = columns_of(cluster, "c-1")[0]
    assert all(copy)
    certificate = erase(world, "c-1", include_open=True)
    assert certificate["keyDestroyed"] is True
    assert cluster.sql("select customer_id from customer_key") == [("c-2",)]
    cluster.sql("update recovery_case set customer_name = %s, customer_contact = %s, description = %s where customer_id = 'c-1'", copy)

    def shown():
        again = world.get(case)
        return again.customer_name + again.customer_contact
    wait_until(lambda: not any(shown() for _ in range(4)), "every replica to have no key")
    assert texts_of(world.get(other)) == texts_of(other)
    anew = live(world, "c-1")
    assert texts_of(world.get(anew)) == texts_of(anew), "a customer who comes back has a new key"


def test_the_key_stays_while_a_case_needs_it(make_cluster, master):
    cluster, world = sealed_cluster(make_cluster, master)
    live(world, "c-1")
    with refused("FAILED_PRECONDITION", "CASE_OPEN"):
        erase(world, "c-1")
    assert cluster.sql("select count(*) from customer_key") == [(1,)]


def test_a_case_that_was_erased_and_goes_on_can_be_worked_on(make_cluster, master):
    _, world = sealed_cluster(make_cluster, master)
    case = live(world, "c-1")
    erase(world, "c-1", include_open=True)
    ann = world.agent("ann2", present=False)
    steps.reach(ann, case, note=f"{WORD} again")
    contacts = world.crm.ListContacts(case_id=case.case_id).contacts
    assert [one.note for one in contacts if one.note] == [f"{WORD} again"]
    assert world.crm.VerifyCaseHistory(case_id=case.case_id).intact
