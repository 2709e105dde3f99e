# SPDX-License-Identifier: Apache-2.0
"""ApplyPolicy, GetPolicy, ListPolicyVersions: versions of a tenant's policy, by two replicas."""

import concurrent.futures

import pytest

from harness.api import v1
from harness.errors import Error, refused

from .support import sample
from .support.policy import apply, current, edit

NO_CODE = "novelty"


def test_the_shipped_bundle_is_version_1(world):
    first = world.crm.GetPolicy().version
    assert (first.version, first.current, first.creator) == (1, True, "amends migrate")
    assert first.source.strip() and first.source != "default"
    assert first == world.crm.GetPolicy(version=1).version
    listed = world.crm.ListPolicyVersions().versions
    assert [(one.version, one.source) for one in listed] == [(1, "")]


def test_a_new_version_is_the_one_of_new_cases(world):
    before = world.crm.OpenCase(**sample.claim()).case
    source = edit(current(world).source)
    made = world.crm.ApplyPolicy(source=source, expected_version=1)
    assert (made.version.version, made.version.current, made.version.creator) == (2, True, "crm")
    assert not made.version.source
    # At once, on both replicas: no case is refused or opened under the old one.
    for replica in (0, 1):
        opened = world.crm.on("intake", "OpenCase", replica)(**sample.claim()).case
        assert opened.policy_version == 2
        shown = world.crm.on("policy", "GetPolicy", replica)().version
        assert (shown.version, shown.source) == (2, source)
    assert world.get(before).policy_version == 1
    assert world.get(world.crm.OpenCase(**sample.claim(customer_id=before.customer_id,
                    order=before.failure.order_reference)).case).policy_version == 1


def test_versions_are_listed_newest_first(world):
    source = current(world).source
    for number in range(5):
        source = edit(source, number)
        apply(world, source)
    pages, token = [], ""
    while True:
        page = world.crm.ListPolicyVersions(page_size=4, page_token=token)
        pages.append([one.version for one in page.versions])
        assert [one.version for one in page.versions if one.current] in ([], [6])
        token = page.next_page_token
        if not token:
            break
    assert pages == [[6, 5, 4, 3], [2, 1]]
    with refused("INVALID_ARGUMENT"):
        world.crm.ListPolicyVersions(page_token="nonsense")


def test_a_dry_run_writes_nothing(world):
    source = edit(current(world).source)
    done = world.crm.ApplyPolicy(source=source, dry_run=True)
    assert not done.HasField("version")
    assert not [one for one in done.problems if not one.warning]
    assert world.crm.GetPolicy().version.version == 1
    assert len(world.crm.ListPolicyVersions().versions) == 1


def test_a_setting_that_nothing_uses_is_a_warning(world):
    source = current(world).source.replace("  away_after: 30s\n", "  away_after: 30s\n  transfer_limit: 5\n")
    for dry_run in (True, False):
        problems = world.crm.ApplyPolicy(source=source, dry_run=dry_run, expected_version=1).problems
        assert [(one.path, one.warning) for one in problems] == [("assignment.transfer_limit", True)]
        assert "is not used yet" in problems[0].message


def test_what_changes_is_told(world):
    source = current(world).source
    same = world.crm.ApplyPolicy(source=source + "\n# the same\n", dry_run=True)
    assert not same.changes
    changed = source.replace("{severity: 5, target: 1h}", "{severity: 5, target: 30m}", 1)
    told = world.crm.ApplyPolicy(source=changed, dry_run=True).changes
    assert len(told) == 1 and told[0].startswith("clocks.first_response.targets"), told
    assert "1h" in told[0] and "30m" in told[0]
    assert list(world.crm.ApplyPolicy(source=changed, expected_version=1).changes) == list(told)
    # Answered again, it is compared with the version that it replaced.
    assert list(world.crm.ApplyPolicy(source=changed, expected_version=1).changes) == list(told)


def test_an_unchanged_bundle_makes_no_version(world):
    source = current(world).source  # the bundle that ships, which is not stored as a text
    assert world.crm.ApplyPolicy(source=source, expected_version=1).unchanged
    source = edit(source)
    made = world.crm.ApplyPolicy(source=source, expected_version=1)
    assert made.version.version == 2 and not made.unchanged
    # The call again, as after a lost answer: it is told what it changed.
    assert world.crm.ApplyPolicy(source=source, expected_version=1) == made
    for dry_run in (False, True):
        same = world.crm.ApplyPolicy(source=source, expected_version=2, dry_run=dry_run)
        assert same.unchanged and not same.changes
        assert same.HasField("version") != dry_run
    assert [one.version for one in world.crm.ListPolicyVersions().versions] == [2, 1]
    with refused("ABORTED", "VERSION_MISMATCH"):
        world.crm.ApplyPolicy(source=edit(source, "more"), expected_version=1)


def test_errors_are_answered_with_their_place(world):
    source = current(world).source + "\nno_such_part: 1\n"
    line = source.rstrip("\n").count("\n") + 1
    done = world.crm.ApplyPolicy(source=source, dry_run=True)
    assert [(one.line, one.column, one.path, one.warning) for one in done.problems
            if not one.warning] == [(line, 1, "no_such_part", False)]
    with refused("INVALID_ARGUMENT", "POLICY_INVALID") as caught:
        world.crm.ApplyPolicy(source=source, expected_version=1)
    field, text = caught.error.violations[0]
    assert field == "no_such_part" and text.startswith(f"line {line}, column 1: ")
    assert world.crm.GetPolicy().version.version == 1


# Nobody would look at a case that is with a steward and in work for ten years.
STANDS = """amends: 1
ladder:
  - name: front line
    steward: {id: steward, name: Desk, contact: call us}
    authority: {all: unlimited}
clocks:
  resolution:
    kind: resolution
    target: 5d
    pause: {owner: steward, status: in_progress}
    pause_limit: {single: 520w, total: 520w}
  follow_up: {kind: follow_up, target: 7d}
"""


def test_a_case_that_may_stand_for_long_is_refused(world):
    with refused("INVALID_ARGUMENT", "POLICY_INVALID") as caught:
        world.crm.ApplyPolicy(source=STANDS, expected_version=1)
    (field, text), = caught.error.violations
    assert field == "clocks.resolution.pause_limit" and "to resume within 60 days" in text
    short = STANDS.replace("520w", "8w")
    assert world.crm.ApplyPolicy(source=short, expected_version=1).version.version == 2


def store_version_that_stands(world):
    world.cluster.sql("with t as (update tenant set policy_version = 2 where name = %s returning tenant_id)"
                      " insert into policy_version (tenant_id, version, source, created_at, created_by)"
                      " select tenant_id, 2, %s, now(), 'crm' from t", (world.tenant, STANDS))


def test_a_stored_version_that_may_stand_is_used_and_found(world):
    """It was stored before the compiler knew better."""
    store_version_that_stands(world)
    case = world.open()
    assert case.policy_version == 2
    (found,) = world.crm.AuditCases().findings
    assert (found.kind, found.case_id) == (v1.AUDIT_FINDING_KIND_REFUSED_POLICY, case.case_id)
    world.advance(6 * sample.DAY_S)
    breached = world.get(case)
    assert [one.state for one in breached.clocks if one.name == "resolution"] == [v1.CLOCK_STATE_BREACHED]
    spoken = world.agent("ann", present=False).RecordContact(
        case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL)
    assert spoken.case.version > breached.version, "its commands are decided, too"


def test_a_page_of_several_slices_names_a_refused_version_once(world):
    store_version_that_stands(world)
    for _ in range(101):
        world.open()
    page = world.crm.AuditCases()
    assert page.cases == 101
    assert [one.kind for one in page.findings] == [v1.AUDIT_FINDING_KIND_REFUSED_POLICY]


def test_resolved_for_ever_is_a_warning(world):
    source = STANDS.replace("520w", "8w").replace("  follow_up: {kind: follow_up, target: 7d}\n", "")
    problems = world.crm.ApplyPolicy(source=source, dry_run=True).problems
    assert [one.message for one in problems if "have no follow_up for a case that is resolved" in one.message]
    assert all(one.warning for one in problems)


@pytest.mark.parametrize("source", ["{", "\t- x", "a: &x [*x]", "- 1\n- 2", "x", "a: 1\na: 2", "\u2028", "%"])
def test_what_is_no_bundle_is_refused(world, source):
    with refused("INVALID_ARGUMENT", "POLICY_INVALID"):
        world.crm.ApplyPolicy(source=source, expected_version=1)
    assert [one for one in world.crm.ApplyPolicy(source=source, dry_run=True).problems
            if not one.warning]


def test_a_bundle_may_be_large(world):
    source = current(world).source
    comment = "# " + "x" * 76 + "\n"
    large = source + comment * ((512 * 1024 - len(source.encode())) // len(comment))
    assert len(large.encode()) > 511 * 1024
    assert apply(world, large).version == 2
    assert world.crm.GetPolicy().version.source == large
    with refused("INVALID_ARGUMENT"):
        world.crm.ApplyPolicy(source=large + comment * 10, expected_version=2)
    with refused("RESOURCE_EXHAUSTED"):
        world.crm.ApplyPolicy(source="x" * (1 << 20), expected_version=2)
    with refused("RESOURCE_EXHAUSTED", "TOO_LARGE"):  # what only policy may send
        world.crm.GetCase(case_id="x" * (300 << 10))


def test_the_version_that_is_replaced_is_named(world):
    source = edit(current(world).source)
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.ApplyPolicy(source=source)
    assert caught.error.fields == ["expected_version"]
    apply(world, source)
    for dry_run in (False, True):
        with refused("ABORTED", "VERSION_MISMATCH") as caught:
            world.crm.ApplyPolicy(source=edit(source, 3), expected_version=1, dry_run=dry_run)
        assert caught.error.metadata == {"current_version": "2", "expected_version": "1"}


def test_a_repeated_call_is_answered_as_it_was(world):
    source = edit(current(world).source)
    first = world.crm.ApplyPolicy(source=source, expected_version=1)
    again = world.crm.ApplyPolicy(source=source, expected_version=1)
    assert again == first
    assert len(world.crm.ListPolicyVersions().versions) == 2
    with refused("ABORTED", "VERSION_MISMATCH"):  # somebody else's call is another one
        world.principal("erp").ApplyPolicy(source=source, expected_version=1)


def test_of_two_at_once_one_wins(world):
    source = current(world).source

    def one(number):
        try:
            call = world.crm.on("policy", "ApplyPolicy", number)
            return call(source=edit(source, number), expected_version=1).version.version
        except Error as error:
            assert error.code.name in ("ABORTED", "UNAVAILABLE"), error
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, range(8)))
    assert [one for one in outcomes if one] == [2]
    assert len(world.crm.ListPolicyVersions().versions) == 2


def test_only_client_applications_apply(world):
    ann = world.agent("ann")
    source = edit(current(world).source)
    for call in (lambda who: who.ApplyPolicy(source=source, expected_version=1),
                 lambda who: who.ApplyPolicy(source=source, dry_run=True),
                 lambda who: who.MigrateCases()):
        with refused("PERMISSION_DENIED", "NOT_A_CLIENT_APPLICATION"):
            call(ann)
        with refused("UNAUTHENTICATED", "PRINCIPAL_INVALID"):
            call(world.principal("amends"))
    assert ann.GetPolicy().version.version == 1


def test_a_steward_is_no_agent(world):
    world.agent("steward-of-ours")
    source = current(world).source.replace("id: steward\n", "id: steward-of-ours\n")
    done = world.crm.ApplyPolicy(source=source, dry_run=True)
    assert [one.path for one in done.problems if not one.warning] == ["ladder[0].steward.id"]
    with refused("INVALID_ARGUMENT", "POLICY_INVALID") as caught:
        world.crm.ApplyPolicy(source=source, expected_version=1)
    assert caught.error.fields == ["ladder[0].steward.id"]


def test_tenants_do_not_mix(world, other_world):
    apply(world, edit(current(world).source))
    assert other_world.crm.GetPolicy().version.version == 1
    with refused("NOT_FOUND", "POLICY_NOT_FOUND"):
        other_world.crm.GetPolicy(version=2)


def test_a_code_that_came_with_a_version_is_known_at_once(world):
    """The replica that has not heard of the version asks for it before it refuses a case."""
    source = current(world).source
    world.crm.on("intake", "OpenCase", 1)(**sample.claim())  # it knows version 1
    with refused("INVALID_ARGUMENT") as caught:
        world.crm.on("intake", "OpenCase", 1)(**sample.claim(NO_CODE))
    assert caught.error.fields == ["failure.code"]
    added = source.replace("\nfailures:\n", f"\nfailures:\n  {NO_CODE}: {{name: New, severity: 2, remedy: apology}}\n")
    assert added != source
    world.crm.on("policy", "ApplyPolicy", 0)(source=added, expected_version=1)
    opened = world.crm.on("intake", "OpenCase", 1)(**sample.claim(NO_CODE)).case
    assert (opened.policy_version, opened.severity) == (2, 2)


def test_the_contact_card_is_of_the_cases_version(world):
    """A replica that never met the version of an old case loads it."""
    case = world.crm.OpenCase(**sample.claim()).case
    source = current(world).source
    for number in range(3):
        source = edit(source, number)
        apply(world, source)
    for replica in (0, 1):
        card = world.crm.on("intake", "GetContactCard", replica)(case_id=case.case_id)
        assert card.owner_kind == v1.OWNER_KIND_STEWARD and card.hours
