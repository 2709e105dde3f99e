# SPDX-License-Identifier: Apache-2.0
"""ListCases: filters that must all hold, newest first, pages that are complete and stay so."""

import base64

import pytest

from harness.api import new_id, v1
from harness.errors import refused

from .support import sample, steps


def pages(world, **filters):
    """Case ids, page by page, with what happens between two pages as a generator."""
    token = ""
    while True:
        page = world.crm.ListCases(page_token=token, **filters)
        yield [one.case_id for one in page.cases]
        token = page.next_page_token
        if not token:
            return


def listed(world, **filters):
    return [case for page in pages(world, **filters) for case in page]


def open_many(world, count, **of):
    return [world.crm.OpenCase(**sample.claim(**of)).case for _ in range(count)]


def test_newest_first_and_complete(world):
    cases = open_many(world, 23)
    assert listed(world, page_size=5) == [one.case_id for one in reversed(cases)]


def test_a_page_is_as_large_as_asked(world):
    open_many(world, 7)
    assert [len(page) for page in pages(world, page_size=3)] == [3, 3, 1]
    assert [len(page) for page in pages(world, page_size=7)] == [7]


def test_no_cases_is_one_empty_page(world):
    assert list(pages(world)) == [[]]


def test_pages_stay_complete_while_cases_are_added(world):
    before = {one.case_id for one in open_many(world, 20)}
    seen = []
    for page in pages(world, page_size=4):
        seen += page
        open_many(world, 3)
    assert len(seen) == len(set(seen)), "a case came twice"
    assert before <= set(seen), "a case was skipped"
    assert set(seen) == before, "a case that was added later came into the running list"


def test_all_filters_must_hold(world):
    ann = world.agent("ann", present=False)
    mine = world.open(customer_id="c-1")
    ann.take()
    world.open(customer_id="c-1")
    world.open(customer_id="c-2")
    assert listed(world, customer_id="c-1", owner_id="ann") == [mine.case_id]
    assert listed(world, customer_id="c-2", owner_id="ann") == []


def test_by_status_and_owner(world):
    ann = world.agent("ann", present=False)
    first, second = open_many(world, 2)
    taken = ann.take().case_id
    left = ({first.case_id, second.case_id} - {taken}).pop()
    assert listed(world, status=v1.CASE_STATUS_IN_PROGRESS) == listed(world, owner_id="ann") == [taken]
    assert listed(world, status=v1.CASE_STATUS_OPEN) == listed(world, owner_id="steward") == [left]


def test_by_several_statuses(world):
    ann = world.agent("ann", present=False)
    cases = open_many(world, 4)
    ann.take()
    every = [one.case_id for one in reversed(cases)]
    some = [v1.CASE_STATUS_OPEN, v1.CASE_STATUS_IN_PROGRESS]
    assert listed(world, statuses=some, page_size=3) == every
    assert listed(world, statuses=[*some, v1.CASE_STATUS_CLOSED], page_size=3) == every
    assert listed(world, statuses=some[:1]) == listed(world, status=v1.CASE_STATUS_OPEN)
    assert listed(world, statuses=[v1.CASE_STATUS_CLOSED, v1.CASE_STATUS_MERGED]) == []
    # The page goes on by one field or the other, but not with other statuses.
    token = world.crm.ListCases(status=v1.CASE_STATUS_OPEN, page_size=1).next_page_token
    assert world.crm.ListCases(statuses=[v1.CASE_STATUS_OPEN], page_size=1, page_token=token).cases
    for wrong in ({"statuses": some, "page_token": token}, {"statuses": [0]}, {"statuses": [99]}, {"status": 99},
                  {"status": v1.CASE_STATUS_OPEN, "statuses": some}):
        with refused("INVALID_ARGUMENT"):
            world.crm.ListCases(**wrong)


def test_by_the_time_of_opening(world):
    cases = []
    for _ in range(3):
        cases.append(world.open())
        world.advance(60)
    first, second, third = cases
    assert listed(world, open_time_from=second.open_time) == [third.case_id, second.case_id]
    assert listed(world, open_time_until=second.open_time) == [first.case_id]
    assert listed(world, open_time_from=second.open_time, open_time_until=third.open_time) == [
        second.case_id]


@pytest.mark.parametrize("change", [
    {"customer_id": "other"}, {"status": v1.CASE_STATUS_OPEN}, {"owner_id": "steward"},
    {"failure_code": "billing"},
])
def test_a_token_belongs_to_its_filters(world, change):
    open_many(world, 3)
    token = world.crm.ListCases(page_size=2).next_page_token
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ListCases(page_size=2, page_token=token, **change)
    assert caught.error.fields == ["page_token"]


def test_a_page_size_may_change_on_the_way(world):
    cases = open_many(world, 5)
    first = world.crm.ListCases(page_size=2)
    rest = world.crm.ListCases(page_size=50, page_token=first.next_page_token)
    seen = [one.case_id for one in [*first.cases, *rest.cases]]
    assert seen == [one.case_id for one in reversed(cases)]


def test_a_token_holds_at_every_replica(world):
    cases = open_many(world, 4)
    first = world.crm.on("intake", "ListCases", 0)(page_size=2)
    second = world.crm.on("intake", "ListCases", 1)(page_size=2, page_token=first.next_page_token)
    assert [one.case_id for one in second.cases] == [cases[1].case_id, cases[0].case_id]


def pages_of(world, method):
    """A call of the list's first page that has a next one."""
    case = world.open()
    world.open(customer_id="c-2")
    steps.reach(world.agent("ann", present=False), case)
    world.agent("bob", present=False)
    of = {"case_id": case.case_id} if method == "GetCaseHistory" else {}
    return lambda **more: getattr(world.crm, method)(page_size=1, **of, **more)


@pytest.mark.parametrize("method", ["ListCases", "ListAgents", "GetCaseHistory"])
def test_a_token_that_was_changed_is_refused(world, method):
    page = pages_of(world, method)
    token = bytearray(base64.urlsafe_b64decode(page().next_page_token))
    token[-1] = 0xff
    with refused("INVALID_ARGUMENT") as caught:
        page(page_token=base64.urlsafe_b64encode(bytes(token)).decode())
    assert caught.error.fields == ["page_token"]


def test_another_tenants_token_is_refused(world, other_world):
    token = pages_of(world, "ListAgents")().next_page_token
    with refused("INVALID_ARGUMENT"):
        other_world.crm.ListAgents(page_token=token)


@pytest.mark.parametrize("token", ["x", "AAAA", "!!!", "A" * 500, "é"])
def test_a_token_of_somebody_elses_making_is_refused(world, token):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ListCases(page_token=token)
    assert caught.error.fields == ["page_token"]


def test_a_list_shows_no_parts(world):
    world.open()
    case = world.crm.ListCases().cases[0]
    assert case.failure.code and case.owner.id and case.version
    assert not (case.signals or case.clocks or case.contacts or case.acts or case.remedies or case.offers)


def test_a_negative_page_size_is_refused(world):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ListCases(page_size=-1)
    assert caught.error.fields == ["page_size"]


def test_batch_get_keeps_the_order_and_names_the_missing(world):
    first, second = open_many(world, 2)
    unknown = new_id()
    batch = world.crm.BatchGetCases(case_ids=[second.case_id, unknown, first.case_id])
    assert [one.case_id for one in batch.cases] == [second.case_id, first.case_id]
    assert list(batch.missing_case_ids) == [unknown]


@pytest.mark.parametrize("count", [0, 101])
def test_batch_get_takes_one_to_a_hundred(world, count):
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.BatchGetCases(case_ids=[new_id() for _ in range(count)])
    assert caught.error.fields == ["case_ids"]


def test_agents_are_listed_by_id_in_pages(world):
    for name in ("cid", "ann", "bob"):
        world.agent(name, present=False)
    first = world.crm.ListAgents(page_size=2)
    rest = world.crm.ListAgents(page_size=2, page_token=first.next_page_token)
    assert [one.agent_id for one in first.agents] == ["ann", "bob"]
    assert [one.agent_id for one in rest.agents] == ["cid"]
    assert not rest.next_page_token


def test_a_page_of_long_cases_ends_early_and_nothing_is_left_out(world):
    """A call's memory is bounded: a page that would need more is shorter than was asked for."""
    cases = open_many(world, 460, description="x" * 4000)
    found = list(pages(world, page_size=500))
    assert [case for page in found for case in page] == [one.case_id for one in reversed(cases)]
    assert all(found), "an empty page before the last one"
