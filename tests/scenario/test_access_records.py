# SPDX-License-Identifier: Apache-2.0
"""Who is shown personal data is recorded; lists and observers see it masked."""

from harness.api import v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample, steps


def records(world, **of):
    """All of them, page by page, newest first."""
    found, token = [], ""
    while True:
        page = world.crm.ListAccessRecords(page_token=token, page_size=2, **of)
        assert len(page.records) <= 2
        found += page.records
        token = page.next_page_token
        if not token:
            return found


def wait_for(world, count, **of):
    wait_until(lambda: len(records(world, **of)) >= count, f"{count} access records", 10)
    return records(world, **of)


def open_quietly(world, **of):
    """A case of which nobody but its opener has read."""
    return world.crm.OpenCase(**sample.claim(**of)).case


def test_what_is_shown_is_recorded(world):
    case = open_quietly(world)
    eve = world.principal("eve")
    eve.GetCase(case_id=case.case_id)
    eve.ListSignals(case_id=case.case_id)
    eve.GetCaseHistory(case_id=case.case_id)
    eve.ListCases(customer_id=case.customer_id)
    found = wait_for(world, 4, principal="eve")
    both = [v1.ACCESSED_FIELDS_CONTACT, v1.ACCESSED_FIELDS_TEXTS]
    assert {one.method: list(one.fields) for one in found} == {
        "GetCase": both, "ListSignals": both[1:], "GetCaseHistory": both, "ListCases": both[1:]}
    assert all((one.case_id, one.customer_id, one.reads) == (case.case_id, case.customer_id, 1) for one in found)
    assert all(one.via == "" and one.HasField("access_time") for one in found)
    assert records(world, principal="crm") == [], "what a caller has just said itself is no look"
    world.crm.OpenCase(**sample.claim(order=case.failure.order_reference, customer_id=case.customer_id))
    joined = wait_for(world, 1, case_id=case.case_id, principal="crm")
    assert [one.method for one in joined] == ["OpenCase"]


def test_every_filter_narrows(world):
    one, two = open_quietly(world), open_quietly(world)
    for who in ("eve", "max"):
        for case in (one, two):
            world.principal(who).GetCase(case_id=case.case_id)
    wait_for(world, 4)
    assert {(r.principal, r.case_id) for r in records(world, customer_id=one.customer_id)} == {
        ("eve", one.case_id), ("max", one.case_id)}
    assert {(r.principal, r.case_id) for r in records(world, principal="max")} == {
        ("max", one.case_id), ("max", two.case_id)}
    everything = records(world)
    times = [(r.access_time.seconds, r.access_time.nanos) for r in everything]
    assert times == sorted(times, reverse=True)
    middle = everything[len(everything) // 2].access_time
    late, early = records(world, time_from=middle), records(world, time_until=middle)
    assert len(late) + len(early) == len(everything) and late and early
    assert all((r.access_time.seconds, r.access_time.nanos) >= (middle.seconds, middle.nanos) for r in late)


def test_the_same_reads_of_a_second_are_one_record(world):
    case = open_quietly(world)
    for _ in range(20):
        world.principal("eve").on("intake", "GetCase", 0)(case_id=case.case_id)
    wait_until(lambda: sum(one.reads for one in records(world, principal="eve")) == 20, "20 reads", 10)
    assert len(records(world, principal="eve")) <= 5


def test_an_agent_is_recorded_for_what_calls_that_write_show(world):
    case = open_quietly(world)
    ann = world.agent("ann", present=False)
    ann.take()
    steps.reach(ann, case)
    assert {"RequestAssignment", "RecordContact"} <= {one.method for one in wait_for(world, 2, principal="ann")}


def test_nothing_personal_is_not_recorded(world):
    case = world.crm.OpenCase(**sample.claim(order="")).case
    eve = world.principal("eve")
    world.crm.EraseCustomer(customer_id=case.customer_id, reason="x", include_open=True)
    eve.GetCase(case_id=case.case_id)
    eve.GetContactCard(case_id=case.case_id)
    eve.VerifyCaseHistory(case_id=case.case_id)
    max_ = world.principal("max")
    other = open_quietly(world)
    max_.GetCase(case_id=other.case_id)
    wait_for(world, 1, principal="max")
    assert records(world, principal="eve") == []


def test_numbers_have_no_gap(world):
    for _ in range(5):
        world.principal("eve").on("intake", "GetCase", 0)(case_id=open_quietly(world).case_id)
    wait_for(world, 5, principal="eve")
    rows = world.cluster.sql("select writer, count(*), min(number), max(number) from access_record group by writer")
    assert rows
    for _, count, first, last in rows:
        assert (first, last) == (1, count)


def test_lists_show_names_masked(world):
    case = open_quietly(world, customer_name="Zoë Ångström", customer_contact="zoe@example.org")
    listed = world.crm.ListCases(customer_id=case.customer_id).cases[0]
    assert (listed.customer_name, listed.customer_contact, listed.masked) == ("Z. Å.", "z***@e***.org", True)
    assert listed.failure.description
    got = world.get(case)
    assert (got.customer_name, got.masked) == ("Zoë Ångström", False)


def test_records_of_another_tenant_are_not_shown(world, other_world):
    world.get(open_quietly(world))
    wait_for(world, 1)
    assert records(other_world) == []
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ListAccessRecords(case_id="x", page_size=-1, page_token="x")
    assert set(caught.error.fields) == {"case_id", "page_size", "page_token"}


def test_a_process_that_crashed_leaves_a_gap_and_one_that_ended_none(make_cluster):
    from .support.world import new_tenant
    cluster = make_cluster()
    world = new_tenant(cluster, "gaps")
    case = open_quietly(world)
    world.get(case)
    wait_for(world, 1)
    intake, resolution = cluster.replica("intake"), cluster.replica("resolution")
    wait_until(lambda: cluster.sql("select count(*) from access_writer")[0][0] == 3, "three writers", 10)
    # What was shown just before an orderly end is there.
    world.principal("eve").GetCase(case_id=case.case_id)
    intake.stop()
    assert cluster.sql("select count(*) from access_record where principal = 'eve'") == [(1,)]
    assert cluster.sql("select count(*) from access_writer where ended_at is not null") == [(1,)]
    resolution.kill()
    cluster.restart(intake)
    assert not world.crm.ListAccessRecords().gaps
    cluster.sql("update access_writer set written_at = written_at - interval '2 minutes' where ended_at is null"
                " and written_at = (select min(written_at) from access_writer where ended_at is null)")
    gaps = world.crm.ListAccessRecords().gaps
    assert len(gaps) == 1 and gaps[0].HasField("from_time")
    cluster.restart(resolution)


def test_without_a_record_nothing_is_shown(make_cluster):
    """The buffer is bounded: while nothing can be written, reads go on to the bound and are refused then."""
    from .support.world import new_tenant
    cluster = make_cluster(own_postgres=True)
    world = new_tenant(cluster, "full")
    opens = world.crm.on("intake", "OpenCase")
    for call in [opens.future(**sample.claim()) for _ in range(400)]:
        call.result()
    case = open_quietly(world)
    world.crm.GetCase(case_id=case.case_id)
    wait_for(world, 1)
    cluster.sql("alter table access_record rename to hidden")
    shown = 0
    with refused("UNAVAILABLE", "ACCESS_UNRECORDED"):
        for n in range(200):
            shown += len(world.principal(f"eve-{n}").ListCases(page_size=500).cases)
    assert shown > 8192 / 2
    with refused("UNAVAILABLE", "ACCESS_UNRECORDED") as caught:
        world.principal("late").GetCase(case_id=case.case_id)
    assert caught.error.retry_s
    with refused("UNAVAILABLE", "ACCESS_UNRECORDED"):
        open_quietly(world)
    cluster.sql("alter table hidden rename to access_record")
    wait_until(lambda: cluster.sql("select count(*) from access_record")[0][0] >= shown, "records", 60)
    world.principal("late").GetCase(case_id=case.case_id)
