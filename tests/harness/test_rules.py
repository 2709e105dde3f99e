# SPDX-License-Identifier: Apache-2.0
"""The rules of `./dev check`: which subjects of commits, arrows between folders and rings of calls they refuse."""

import sys

import pytest

from harness import paths

sys.path.insert(0, str(paths.ROOT / ".ci"))
import arrows  # noqa: E402
import commits  # noqa: E402


def wrong(name, line):
    return list(arrows.findings(name, line))


@pytest.mark.parametrize("subject", [
    "policy: bound memory used by error lists",
    "pg, rpc: mend separators in sources",
    "tests/bench: state what a checkpoint costs",
    "s" * 30 + ": " + "add " + "x" * 34,
])
def test_a_subject_that_names_an_area_and_begins_with_a_verb_passes(subject):
    assert commits.finding(subject) is None


@pytest.mark.parametrize("subject, part", [
    ("case: format", "form"),
    ("case, tests: what the checks found", "'what'"),
    ("policy: mistakes", "form"),
    ("Policy: bound memory used by error lists", "form"),
    ("bound memory used by error lists", "form"),
    ("policy: Bound memory used by error lists", "form"),
    ("policy:bound memory used by error lists", "form"),
    ("assignment: an audit goes on past a bad policy", "'an'"),
    ("", "form"),
    ("s" * 30 + ": " + "add " + "x" * 35, "71 columns"),
])
def test_other_subjects_are_told_what_is_wrong(subject, part):
    assert part in commits.finding(subject)


@pytest.mark.parametrize("name, header", [
    ("common/case/clocks/rules.c", "case/model/case.h"),
    ("common/case/command/driver.c", "case/ladder/ladder.h"),
    ("common/store/rows.c", "case/model/case.h"),
    ("common/policy/read/read.c", "policy/policy.h"),
    ("services/intake/rpc/rpc.c", "case/model/case.h"),
    ("services/intake/rpc/rpc.c", "shared/read_call.h"),
    ("common/rpc/call.c", "rpc/call.h"),
])
def test_a_folder_may_include_itself_and_what_is_below_it(name, header):
    assert wrong(name, f'#include "{header}"') == []


@pytest.mark.parametrize("name, header", [
    ("common/case/clocks/rules.c", "case/ladder/ladder.h"),
    ("common/case/model/case.c", "case/case.h"),
    ("common/case/model/case.c", "store/rows.h"),
    ("common/policy/read/read.c", "policy/validate/validate.h"),
    ("common/base/arena.c", "intake/rpc/rpc.h"),
    ("services/intake/rpc/rpc.c", "resolution/validate.h"),
    ("services/shared/read_call.c", "intake/rpc/rpc.h"),
])
def test_a_folder_must_not_include_what_is_beside_or_above_it(name, header):
    assert len(wrong(name, f'#include "{header}"')) == 1


def test_a_part_that_nobody_placed_is_refused():
    assert "no known part" in wrong("common/novel/thing.c", '#include "base/arena.h"')[0]
    assert "no known part" in wrong("services/novel/thing.c", '#include "base/arena.h"')[0]
    assert wrong("common/base/arena.c", '#include "novel/thing.h"')
    assert wrong("common/case/novel/thing.c", '#include "case/model/case.h"')


def test_headers_of_the_system_and_of_the_contract_are_free():
    assert wrong("common/base/arena.c", "#include <string.h>") == []
    assert wrong("common/base/arena.c", '#include "arena.h"') == []
    assert wrong("common/case/model/case.c", '#include "amends/v1/case.pb-c.h"') == []


def test_calls_between_files_come_from_their_symbols():
    table = {"one.o": ({"one_do"}, {"two_do", "memcpy"}), "two.o": ({"two_do"}, set())}
    assert arrows.calls({"one.c": "one.o", "two.c": "two.o"}, table.get) == {"one.c": {"two.c"}, "two.c": set()}


def test_a_ring_of_calls_is_found_in_however_many_steps():
    assert arrows.ring({"a": {"b", "d"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c"]
    assert arrows.ring({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c"]
    assert arrows.ring({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) is None
