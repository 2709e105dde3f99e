# SPDX-License-Identifier: Apache-2.0
"""Policy says how long personal data is kept; a standing job erases it then, and finishes what was begun."""

import pytest

from harness.api import new_id, v1
from harness.errors import refused
from harness.process import wait_until

from .support import sample, steps
from .support.policy import apply, current
from .support.world import new_tenant

YEAR_S = 365 * sample.DAY_S


def keep(world, **years):
    """Applies the shipped bundle with these years."""
    source = current(world).source
    if source == "default":
        source = world.crm.GetPolicy().version.source
    lines = "".join(f"  {key}: {text}\n" for key, text in years.items())
    return apply(world, source.replace("amends: 1", "amends: 2") + f"\nretention:\n{lines}")


def close_one(world):
    case = world.open()
    ann = world.agent("ann", present=False)
    ann.take()
    steps.recover(ann, case)
    steps.resolve(ann, case)
    return steps.close(ann, case)


def is_erased(world, case):
    return world.get(case).HasField("erase_time")


@pytest.fixture(name="kept")
def kept_world(make_cluster):
    """A tenant with a cluster of its own, whose clock may run for years."""
    return new_tenant(make_cluster(replicas={"intake": 1, "assignment": 2, "resolution": 1}), "kept")


def test_ended_cases_are_erased_when_their_time_has_come(kept):
    keep(kept, closed="6y")
    closed, running = close_one(kept), kept.crm.OpenCase(**sample.claim()).case
    kept.advance(6 * YEAR_S - 40 * sample.DAY_S)
    later = close_one(kept)
    assert not is_erased(kept, closed)
    kept.advance(43 * sample.DAY_S)
    wait_until(lambda: is_erased(kept, closed), "the case is erased", 60)
    now = kept.get(closed)
    assert now.customer_name == "" and kept.verify(closed).intact
    last = kept.history(closed)[-1]
    assert (last.kind, last.actor) == (v1.EVENT_KIND_PERSONAL_DATA_ERASED, "amends")
    assert last.detail.erasure.cause == v1.ERASURE_CAUSE_RETENTION and last.detail.erasure.erasure_id == ""
    assert not is_erased(kept, later) and not is_erased(kept, running)
    assert kept.history(closed)[-1].sequence == now.version, "it is erased once"


def test_access_records_go_when_their_time_has_come(kept):
    keep(kept, access_records="2y")
    case = close_one(kept)
    count = "select count(*) from access_record where case_id = %s"
    wait_until(lambda: kept.cluster.sql(count, (case.case_id,))[0][0] > 0, "records", 10)
    kept.advance(2 * YEAR_S + 2 * sample.DAY_S)
    wait_until(lambda: kept.cluster.sql(count, (case.case_id,)) == [(0,)], "no records", 60)
    assert not is_erased(kept, case)


def test_what_a_call_did_not_finish_is_finished(kept):
    customer = "c-many"
    for n in range(60):
        kept.crm.OpenCase(**sample.claim(customer_id=customer, order=f"o-{n}"))
    intake = kept.cluster.replica("intake")
    request = new_id()
    ask = {"customer_id": customer, "reason": "x", "request_id": request, "include_open": True}
    erased = "select count(*) from recovery_case where erased_at is not null"
    call = kept.client("privacy", "crm").EraseCustomer.future(**ask)
    while kept.cluster.sql(erased)[0][0] == 0:
        pass
    intake.kill()
    call.exception()
    kept.cluster.restart(intake)
    kept.advance(62)
    wait_until(lambda: kept.cluster.sql("select count(*) from customer_erasure where ended_at is null") == [(0,)],
               "the erasure is finished", 60)
    assert kept.cluster.sql(erased) == [(60,)]
    assert kept.crm.EraseCustomer(**ask).certificate.document


def test_an_erasure_that_fails_keeps_no_other_one_waiting(kept):
    """The first one fails whenever it is tried, as it would with a damaged row."""
    for customer in ("c-1", "c-2"):
        kept.crm.OpenCase(**sample.claim(customer_id=customer))
    kept.cluster.sql("""create function refuse() returns trigger language plpgsql as
            'begin if new.customer_id = ''c-1'' and new.erased_at is not null then raise ''damaged''; end if; return new; end';
        create trigger refuse before update on recovery_case for each row execute function refuse();
        insert into customer_erasure (tenant_id, erasure_id, request_id, body_hash, customer_id, reason, actor, open_too,
            begun_at) select c.tenant_id, gen_random_uuid(), gen_random_uuid(), '', c.customer_id, 'x', 'crm', true,
            c.opened_at + case c.customer_id when 'c-1' then interval '1 s' else interval '2 s' end from recovery_case c""")
    kept.advance(70)
    unfinished = "select customer_id from customer_erasure where ended_at is null"
    wait_until(lambda: kept.cluster.sql(unfinished) == [("c-1",)], "the second erasure is finished", 60)
    kept.cluster.sql("drop trigger refuse on recovery_case")
    wait_until(lambda: kept.cluster.sql(unfinished) == [], "the first one is finished, too", 60)


def test_wrong_times_are_told(world):
    source = current(world).source
    for text, says in (("6", "6y"), ("0y", "100y"), ("101y", "100y"), ("soon", "forever")):
        with refused("INVALID_ARGUMENT", "POLICY_INVALID") as caught:
            apply(world, source.replace("amends: 1", "amends: 2") + f"\nretention: {{closed: {text}}}\n")
        assert says in str(caught.error)
    with refused("INVALID_ARGUMENT", "POLICY_INVALID") as caught:
        apply(world, source + "\nretention: {closed: 6y}\n")
    assert "amends: 2" in str(caught.error)
    changes = world.crm.ApplyPolicy(source=source.replace("amends: 1", "amends: 2") + "\nretention: {closed: 6y}\n",
                                    dry_run=True).changes
    assert any("retention.closed" in one and "6y" in one for one in changes)
