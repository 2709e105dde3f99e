# SPDX-License-Identifier: Apache-2.0
"""A backup that is older than an erasure: what was erased stays erased when it is restored."""

import json

import pytest

from harness.errors import refused
from harness.process import wait_until

from .support.world import new_tenant
from .test_sealing import WORD, amends, dump, key, live, texts_of


@pytest.fixture(params=[False, True], ids=["plain", "sealed"])
def options(request, tmp_path):
    path = tmp_path / "master-keys"
    path.write_text(key("first"))
    return ("--master-keys", path) if request.param else ()


def restore_copy(cluster, copy):
    """In the place of the database; the services are down."""
    cluster.postgres.drop_database(cluster.name)
    cluster.postgres.create_database(cluster.name, template=copy)


def test_what_was_erased_stays_erased_when_an_older_copy_is_restored(make_cluster, options, tmp_path):
    cluster = make_cluster(options=options)
    world, journal, copy = new_tenant(cluster, "restored"), tmp_path / "journal", f"{cluster.name}_copy"
    erased, kept = live(world, "c-1"), live(world, "c-2")
    for service in cluster.services:
        service.stop()
    cluster.postgres.create_database(copy, template=cluster.name)
    for service in cluster.services:
        service.start().wait_ready()
    world.crm.EraseCustomer(customer_id="c-1", reason="letter 4711", include_open=True)
    done = amends("erasures", "--pg", cluster.postgres.conninfo(cluster.name), "--out", journal)
    assert (done.returncode, done.stdout) == (0, "wrote 1 erasures\n")
    line = json.loads(journal.read_text())
    assert line["customerId"] == "c-1" and WORD not in journal.read_text() and journal.stat().st_mode & 0o777 == 0o600

    for service in cluster.services:
        service.stop()
    restore_copy(cluster, copy)
    before = dict(cluster.sql("select name, epoch from tenant"))
    for again in (1, 1):  # it may be repeated
        done = amends("restore", "--pg", cluster.postgres.conninfo(cluster.name), "--erasures", journal)
        assert (done.returncode, done.stdout) == (
            0, f"1 erasures read, {again} done again, 0 of tenants that are not here; start the services now\n")
    assert cluster.sql("select epoch from tenant where name = 'restored'") == [(before["restored"] + 2,)]
    found = [text for text in dump(cluster) if WORD in text]
    assert not [text for text in found if erased.case_id in text], "nothing of the erased customer is readable"
    assert options or found, "the other customer's words are there"

    for service in cluster.services:
        service.start().wait_ready()
    shown = world.get(erased)
    assert shown.customer_name + shown.customer_contact == "" and texts_of(shown) == 0
    assert texts_of(world.get(kept)) == texts_of(kept)
    cluster.advance(180)
    wait_until(lambda: cluster.sql("select ended_at is not null from customer_erasure") == [(True,)],
               "the services to finish the erasure", 60)
    assert world.crm.VerifyCaseHistory(case_id=erased.case_id).intact
    assert world.crm.VerifyCaseHistory(case_id=kept.case_id).intact


def test_a_journal_that_is_none_is_refused(make_cluster, tmp_path):
    cluster = make_cluster()
    journal = tmp_path / "journal"
    journal.write_text('{"tenant": "nobody", "erasureId": "x"}\nno line of a journal\n')
    done = amends("restore", "--pg", cluster.postgres.conninfo(cluster.name), "--erasures", journal)
    assert done.returncode == 1 and '"line":2' in done.stdout + done.stderr
    assert "1 of tenants that are not here; it is not finished" in done.stdout
    assert amends("restore", "--pg", "x").returncode == 2
    assert amends("restore", "--erasures", tmp_path / "none").returncode == 1
    assert amends("erasures", "--pg", cluster.postgres.conninfo(cluster.name), "--out", tmp_path / "no" / "f").returncode == 1
    with refused("NOT_FOUND", "CUSTOMER_NOT_FOUND"):
        cluster.privacy(principal="crm").EraseCustomer(request_id="01a22ba9-4d8f-72d5-8ea7-0a12ce5ca27f",
                                                       customer_id="c-9", reason="none")
