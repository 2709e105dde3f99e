# SPDX-License-Identifier: Apache-2.0
"""What ListCases finds: by level, owner, order, external reference and what is due, in the order that was asked for; and how
few cases it looks at for a filter that few of them pass."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, steps

# The default first response and more, and less than the resolution.
LATE_S = 26 * 3600


def listed(world, **filters):
    """All pages; a page may be empty."""
    found, token = [], ""
    while True:
        page = world.crm.ListCases(page_token=token, **filters)
        found += page.cases
        token = page.next_page_token
        if not token:
            return found


def ids(world, **filters):
    return [one.case_id for one in listed(world, **filters)]


def claims(world, count, **of):
    return [world.crm.OpenCase(**sample.claim(**of)).case for _ in range(count)]


def test_by_order_reference(world):
    first, second = claims(world, 2, order="A-17")
    claims(world, 3)
    assert ids(world, order_reference="A-17", page_size=1) == [second.case_id, first.case_id]
    assert ids(world, order_reference="A-17", customer_id=first.customer_id) == [first.case_id]
    assert ids(world, order_reference="A-1") == []


def test_by_the_reference_of_any_signal(world):
    first = world.crm.OpenCase(**sample.claim(customer_id="c-1", order="1", external_reference="crm-1")).case
    other = world.crm.OpenCase(**sample.claim(external_reference="crm-2")).case
    for _ in range(3):
        world.crm.OpenCase(**sample.claim(customer_id="c-1", order="1", external_reference="crm-2"))
    assert ids(world, external_reference="crm-1") == [first.case_id]
    assert ids(world, external_reference="crm-2", page_size=1) == [other.case_id, first.case_id]
    assert ids(world, external_reference="crm-2", customer_id="c-1") == [first.case_id]
    assert ids(world, external_reference="crm") == []


def test_by_level_and_kind_of_owner(world):
    ann = world.agent("ann", present=False)
    first, second = claims(world, 2)
    taken = ann.take()
    waiting = next(one for one in (first, second) if one.case_id != taken.case_id)
    ann.EscalateCase(case_id=waiting.case_id, to_level=2, reason="Beyond me.")
    assert ids(world, level=2) == [waiting.case_id]
    assert ids(world, level=1) == ids(world, owner_kind=v1.OWNER_KIND_AGENT) == [taken.case_id]
    assert ids(world, owner_kind=v1.OWNER_KIND_STEWARD) == [waiting.case_id]
    assert ids(world, level=2, owner_kind=v1.OWNER_KIND_AGENT) == []
    assert ids(world, level=2, statuses=[v1.CASE_STATUS_OPEN]) == [waiting.case_id]
    assert ids(world, level=2, failure_code="billing", open_time_from=waiting.open_time) == [waiting.case_id]


def test_rows_tell_what_is_next_due(world):
    case = claims(world, 1)[0]
    row = listed(world)[0]
    due = {one.kind: one.due_time for one in world.get(case).clocks if one.state == v1.CLOCK_STATE_RUNNING}
    assert row.next_due.due_time == due[row.next_due.kind] == min(due.values(), key=sample.seconds)
    assert not world.get(case).HasField("next_due"), "the clocks tell it"


def test_overdue_until_somebody_acts_and_soonest_first(world):
    ann = world.agent("ann", present=False)
    late, answered = claims(world, 2)
    world.advance(LATE_S)
    fresh = claims(world, 1)[0]
    assert set(ids(world, overdue=True)) == {late.case_id, answered.case_id}
    assert ids(world, overdue=True, customer_id=late.customer_id) == [late.case_id]
    steps.reach(ann, answered)
    assert ids(world, overdue=True) == [late.case_id]
    rows = listed(world, order=v1.CASE_ORDER_DUE_FIRST, page_size=1)
    assert rows[0].case_id == late.case_id and {one.case_id for one in rows} == {
        late.case_id, answered.case_id, fresh.case_id}
    dues = [sample.seconds(one.next_due.due_time) for one in rows]
    assert dues == sorted(dues)
    assert ids(world, order=v1.CASE_ORDER_DUE_FIRST, overdue=True) == [late.case_id]


def test_by_reference_and_by_the_beginning_of_an_id(world):
    first, second = claims(world, 2)
    claims(world, 2)
    assert ids(world, reference=first.reference.lower()) == [first.case_id]
    assert ids(world, reference=first.reference, customer_id=second.customer_id) == []
    world.cluster.sql(f"update case_reference set reference = '000000X0' where case_id = '{second.case_id}'")
    assert ids(world, reference=second.reference) == []
    for prefix in (first.case_id, first.case_id.replace("-", ""), first.case_id[:34], first.case_id.upper()):
        assert first.case_id in ids(world, case_id_prefix=prefix)
    common = [one for one in ids(world) if one.startswith(first.case_id[:8])]
    assert ids(world, case_id_prefix=first.case_id[:8], page_size=1) == sorted(common, reverse=True)


@pytest.mark.parametrize("request_fields,fields,words", [
    ({"order": v1.CASE_ORDER_DUE_FIRST, "customer_id": "c"}, ["order"], "together with customer_id; it goes with owner_id"),
    ({"order": v1.CASE_ORDER_DUE_FIRST, "external_reference": "c"}, ["order"], "together with external_reference"),
    ({"level": 2, "status": v1.CASE_STATUS_CLOSED}, ["status"], "together with level"),
    ({"overdue": True, "statuses": [v1.CASE_STATUS_OPEN, v1.CASE_STATUS_MERGED]}, ["statuses"], "together with overdue"),
    ({"owner_kind": v1.OWNER_KIND_AGENT, "statuses": [v1.CASE_STATUS_MERGED]}, ["statuses"], "together with owner_kind"),
    ({"order": 9}, ["order"], ""), ({"level": 9}, ["level"], ""), ({"owner_kind": 9}, ["owner_kind"], ""),
    ({"reference": "0"}, ["reference"], "8 characters"),
    ({"case_id_prefix": "xyz"}, ["case_id_prefix"], "1 to 32 hexadecimal digits"),
    ({"case_id_prefix": "-"}, ["case_id_prefix"], "1 to 32"), ({"case_id_prefix": "0" * 33}, ["case_id_prefix"], "1 to 32"),
    ({"order_reference": "x" * 201}, ["order_reference"], "200"),
])
def test_what_does_not_go_together_says_what_does(world, request_fields, fields, words):
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
        world.crm.ListCases(**request_fields)
    assert caught.error.fields == fields
    assert words in caught.error.violations[0][1]


@pytest.mark.parametrize("change", [{"level": 1}, {"overdue": True}, {"order_reference": "x"}, {"owner_kind": 1},
                                    {"case_id_prefix": "0"}, {"order": v1.CASE_ORDER_DUE_FIRST}])
def test_a_token_belongs_to_its_filters(world, change):
    claims(world, 3)
    token = world.crm.ListCases(page_size=2).next_page_token
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ListCases(page_size=2, page_token=token, **change)
    assert caught.error.fields == ["page_token"]


def fill(world, like, count):
    """So many open cases more like this one, straight into the tables: of the level 1."""
    columns = [one for (one,) in world.cluster.sql(
        "select column_name from information_schema.columns where table_name = 'recovery_case' and"
        " column_name not in ('case_id', 'opened_at', 'reference') order by ordinal_position")]
    work = [one for (one,) in world.cluster.sql(
        "select column_name from information_schema.columns where table_name = 'case_work' and"
        " column_name not in ('case_id', 'opened_at') order by ordinal_position")]
    world.cluster.sql(
        f"with made as (insert into recovery_case (case_id, opened_at, reference, {', '.join(columns)})"
        f" select gen_random_uuid(), opened_at + n * interval '1 ms', '?', {', '.join(columns)}"
        f" from recovery_case, generate_series(1, {count}) n where case_id = '{like.case_id}'"
        f" returning tenant_id, case_id, opened_at)"
        f" insert into case_work (case_id, opened_at, {', '.join(work)})"
        f" select m.case_id, m.opened_at, {', '.join('w.' + one for one in work)}"
        f" from made m, case_work w where w.case_id = '{like.case_id}'")


def test_a_rare_filter_looks_at_so_many_cases_a_page(world):
    rare = claims(world, 1, code="delivery.late")[0]
    world.advance(60)
    fill(world, claims(world, 1)[0], 12_000)
    for filters in ({"owner_id": "steward", "failure_code": "delivery"}, {"owner_kind": v1.OWNER_KIND_STEWARD,
                    "customer_id": rare.customer_id}, {"level": 1, "order_reference": rare.failure.order_reference}):
        assert ids(world, **filters) == [rare.case_id]
    # By the level alone it walks from the newest on; the case that passes is the oldest.
    pages, token = [], ""
    while not pages or token:
        page = world.crm.ListCases(level=1, open_time_until=sample.timestamp(sample.seconds(rare.open_time) + 1),
                                   owner_kind=v1.OWNER_KIND_STEWARD, page_token=token)
        pages.append([one.case_id for one in page.cases])
        token = page.next_page_token
    assert sum(pages, []) == [rare.case_id]
    pages, token = [], ""
    while not pages or token:
        page = world.crm.ListCases(order=v1.CASE_ORDER_DUE_FIRST, failure_code="nothing.such", page_token=token)
        pages.append(page.cases)
        token = page.next_page_token
    assert len(pages) >= 3 and not any(pages), "each page looked at 5,000 cases and said where to go on"
