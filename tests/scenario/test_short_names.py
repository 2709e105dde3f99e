# SPDX-License-Identifier: Apache-2.0
"""amendsctl takes a case's id, the beginning of one, or the reference, wherever it takes a case."""

from .support import sample
from .support.ctl import ask, ctl  # noqa: F401 - fixtures


def beginning(world, case):
    """The shortest beginning that no other case's id has."""
    others = [one.case_id for one in world.crm.ListCases().cases if one.case_id != case.case_id]
    return next(case.case_id[:n] for n in range(1, 37) if not any(one.startswith(case.case_id[:n]) for one in others))


def test_each_name_finds_the_case(world, ask):  # noqa: F811
    world.agent("ann", present=False)
    case = [world.crm.OpenCase(**sample.claim()).case for _ in range(3)][1]
    for name in (case.case_id, beginning(world, case), case.reference, case.reference.lower(),
                 f"{case.reference[:4]}-{case.reference[4:]}"):
        assert ask("case", "get", name)["case"]["caseId"] == case.case_id
        assert ask("case", "card", name)["caseId"] == case.case_id
    # A call that writes takes an id only; the name is looked up first, at another service.
    done = ask("contact", "record", case.reference, "--direction", "OUTBOUND", "--channel", "PHONE", "--outcome", "REACHED",
               "--note", "Called.", who="ann")
    assert done["case"]["caseId"] == case.case_id
    assert ask("case", "contacts", beginning(world, case))["contacts"][0]["note"] == "Called."


def test_a_name_that_is_not_clear(world, ctl):  # noqa: F811
    cases = [world.crm.OpenCase(**sample.claim()).case for _ in range(2)]
    done = ctl("case", "get", "0")
    assert done.returncode == 1
    assert "the ids of 2 cases begin with 0; give more of it, or a reference:" in done.stderr
    for one in cases:
        assert f"{one.case_id}  {one.reference}  {one.customer_id}" in done.stderr
    done = ctl("case", "get", "ffffff")
    assert done.returncode == 3 and "no case has an id that begins with ffffff" in done.stderr
    wrong = cases[0].reference
    wrong = wrong[1:] + wrong[0] if wrong[1] != wrong[0] else "C" + wrong[1:]
    if any(one not in "0123456789CDFcdf" for one in wrong):
        done = ctl("case", "get", wrong)
        assert done.returncode == 1 and "one character is wrong, or two changed places" in done.stderr
    done = ctl("case", "get", "hello")
    assert done.returncode == 1 and "neither a case's id, nor the beginning of one, nor a reference" in done.stderr


def test_many_candidates_are_not_all_shown(world, ctl):  # noqa: F811
    for _ in range(12):
        world.crm.OpenCase(**sample.claim())
    done = ctl("case", "get", "0")
    assert "the ids of more than 10 cases begin with 0" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 11


def test_lists_have_the_new_flags(world, ctl, ask):  # noqa: F811
    case = world.crm.OpenCase(**sample.claim(order="A-17", external_reference="crm-1")).case
    world.crm.OpenCase(**sample.claim())
    for flags in (["--order-reference", "A-17"], ["--external-reference", "crm-1"], ["--reference", case.reference]):
        assert [one["caseId"] for one in ask("case", "list", *flags)["cases"]] == [case.case_id]
    assert len(ask("case", "list", "--order", "DUE_FIRST", "--level", "1", "--owner-kind", "STEWARD")["cases"]) == 2
    assert "cases" not in ask("case", "list", "--overdue")
    done = ctl("case", "list")
    assert case.reference in done.stdout and "FIRST_RESPONSE" in done.stdout
