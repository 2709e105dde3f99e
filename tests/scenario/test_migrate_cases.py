# SPDX-License-Identifier: Apache-2.0
"""MigrateCases: open cases follow another version, in slices, tried before they are moved."""

import concurrent.futures

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample
from .support.policy import apply, current, edit

# What is of severity 3 within half an hour and an hour, instead of eight hours and three days.
FASTER = (("{severity: 3, target: 8h}", "{severity: 3, target: 30m}"),
          ("{severity: 3, target: 3d}", "{severity: 3, target: 1h}"))
TARGETS_S = {"first_response": 1800, "resolution": 3600}


def faster(source):
    for slow, fast in FASTER:
        assert slow in source
        source = source.replace(slow, fast, 1)
    return source


def migrate(world, **of):
    """All pages: (cases, changed, breaching, failed), breaches, pages."""
    sums, breaches, pages, token = [0, 0, 0, 0], [], 0, ""
    while True:
        page = world.crm.MigrateCases(page_token=token, **of)
        pages += 1
        for place, field in enumerate(("cases", "changed", "breaching", "failed")):
            sums[place] += getattr(page, field)
        breaches += page.breaches
        token = page.next_page_token
        if not token:
            return tuple(sums), breaches, pages


def versions(world):
    return sorted(row[0] for row in world.cluster.sql(
        "select c.policy_version from recovery_case c join tenant t using (tenant_id) where t.name = %s",
        (world.tenant,)))


@pytest.fixture
def seven(world):
    """Seven open cases of version 1, five of severity 3 and two of 2; version 2 is faster for 3."""
    cases = [world.crm.OpenCase(**sample.claim(code)).case
             for code in ["billing.overcharge"] * 5 + ["delivery.late"] * 2]
    world.settle()
    apply(world, faster(current(world).source))
    return cases


def test_dry_run_then_the_same_in_earnest(world, seven):
    world.advance(2 * sample.HOUR_S)
    sums, breaches, _ = migrate(world, dry_run=True)
    assert sums == (7, 5, 5, 0)
    assert versions(world) == [1] * 7
    assert len({one.case_id for one in breaches}) == 5
    before = {case.case_id: world.get(case) for case in seven}
    for one in breaches:
        clock = next(k for k in before[one.case_id].clocks if k.clock_id == one.clock_id)
        assert one.old_due_time == clock.due_time
        assert one.new_due_time.seconds == clock.start_time.seconds + TARGETS_S[one.name]
    moved, found, pages = migrate(world)
    by_case = sorted(found, key=lambda one: one.case_id)
    assert (moved, by_case, pages) == (sums, sorted(breaches, key=lambda one: one.case_id), 1)
    assert versions(world) == [2] * 7
    assert migrate(world) == ((0, 0, 0, 0), [], 1)


def test_what_breaches_climbs_at_once(world, seven):
    world.advance(2 * sample.HOUR_S)
    assert {world.get(case).level for case in seven} == {1}
    assert migrate(world)[0] == (7, 5, 5, 0)
    world.settle()
    for case in seven[:5]:
        now = world.get(case)
        clock = next(one for one in now.clocks if one.name == "resolution")
        assert clock.state == v1.CLOCK_STATE_BREACHED and now.level == 2
        assert world.verify(case).intact
    assert {world.get(case).level for case in seven[5:]} == {1}


def test_the_history_tells_it(world, seven):
    migrate(world)
    event = next(one for one in world.history(seven[0]) if one.kind == v1.EVENT_KIND_POLICY_MIGRATED)
    assert (event.actor, event.detail.policy_version) == ("crm", 2)
    assert {clock.name for clock in event.detail.clocks} == set(TARGETS_S)
    assert world.get(seven[0]).policy_version == 2
    assert world.verify(seven[0]).intact


def test_slices(world, seven):
    sums, _, pages = migrate(world, page_size=3)
    assert (sums, pages) == ((7, 5, 0, 0), 3)
    token = world.crm.MigrateCases(dry_run=True, to_version=1, page_size=3).next_page_token
    assert token
    for versions_of_another in ({"to_version": 2}, {"to_version": 1, "from_version": 2}):
        with refused("INVALID_ARGUMENT") as caught:
            world.crm.MigrateCases(page_token=token, **versions_of_another)
        assert caught.error.fields == ["page_token"]


def test_only_those_of_a_version(world, seven):
    apply(world, edit(current(world).source))
    late = world.crm.OpenCase(**sample.claim()).case
    assert late.policy_version == 3
    assert migrate(world, to_version=2, from_version=1)[0][0] == 7
    assert world.get(late).policy_version == 3
    assert migrate(world, to_version=3, from_version=1)[0][0] == 0
    assert migrate(world)[0][0] == 7
    assert versions(world) == [3] * 8


def test_closed_cases_keep_their_version(world, seven):
    world.cluster.sql("update recovery_case c set status = 7, closed_at = updated_at from tenant t"
                      " where t.tenant_id = c.tenant_id and t.name = %s and c.case_id = %s",
                      (world.tenant, seven[0].case_id))
    world.cluster.sql("delete from case_work where case_id = %s", (seven[0].case_id,))
    assert migrate(world)[0][0] == 6
    assert versions(world) == [1] + [2] * 6


def test_a_steward_of_the_new_policy_takes_over(world, seven):
    source = current(world).source.replace("id: steward\n", "id: desk-of-ours\n")
    apply(world, source)
    migrate(world)
    for case in seven:
        owner = world.get(case).owner
        assert (owner.kind, owner.id) == (v1.OWNER_KIND_STEWARD, "desk-of-ours")
        assert world.crm.GetContactCard(case_id=case.case_id).owner_name == "Recovery desk"
        assert world.verify(case).intact


def test_a_version_that_is_not_there(world):
    with refused("NOT_FOUND", "POLICY_NOT_FOUND"):
        world.crm.MigrateCases(to_version=9)
    with refused("INVALID_ARGUMENT"):
        world.crm.MigrateCases(page_size=-1)


def test_two_who_migrate_do_no_harm(world, seven):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(world.crm.on("policy", "MigrateCases", replica)) for replica in (0, 1)]
        assert sum(call.result().changed for call in calls) == 5
    assert versions(world) == [2] * 7
    for case in seven:
        assert world.kinds(case).count("POLICY_MIGRATED") == 1
