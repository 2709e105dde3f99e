# SPDX-License-Identifier: Apache-2.0
"""The rules of `./dev check`: which subjects of commits, arrows between folders, rings of
calls and soft programs they refuse. And that the tests which SECURITY.md names are there."""

import re
import subprocess
import sys

import pytest

from harness import paths

sys.path.insert(0, str(paths.ROOT / ".ci"))
import arrows  # noqa: E402
import commits  # noqa: E402
import hardening  # noqa: E402
import migrations  # noqa: E402
import roles  # noqa: E402
import rules  # noqa: E402


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


@pytest.mark.parametrize("text", [
    "-- kind: alter\nalter table clock add column watch text collate \"C\" not null default ''; -- why\n",
    "-- kind: alter\nalter table clock add column a int4, add column b int8 not null default -1;\n",
    "-- kind: alter\nalter table clock set (fillfactor = 70);\n",
    "-- kind: alter\ncreate table note (a int4 primary key);\ncreate index note_a on note (a) where a > 0;\n",
    "-- kind: slices of clock\nupdate clock set a = 1\n where :slice and a is null;\n",
    "-- kind: index concurrently\ncreate index concurrently clock_a on clock (a) where a > 0;\n",
])
def test_a_migration_that_only_adds_passes(text):
    assert migrations.of_text(text) == []


@pytest.mark.parametrize("text, part", [
    ("alter table clock add column a int4;", "no line"),
    ("-- kind: other\nselect 1;", "no kind 'other'"),
    ("-- kind: alter\nalter table clock add column a int4 not null;", "write rows without it"),
    ("-- kind: alter\nalter table clock add column a int4 not null default null;", "write rows without it"),
    ("-- kind: alter\nalter table clock add column a uuid not null default gen_random_uuid();", "CONSTANT"),
    ("-- kind: alter\nalter table clock add column a int4 unique;", "CONSTANT"),
    ("-- kind: alter\nalter table clock add column a int4 check (a > 0);", "CONSTANT"),
    ("-- kind: alter\nalter table clock add column a int4, drop column name;", "CONSTANT"),
    ("-- kind: alter\nalter table clock drop column name;", "last release"),
    ("-- kind: alter\nalter table clock rename column name to other;", "last release"),
    ("-- kind: alter\nalter table clock rename to other;", "last release"),
    ("-- kind: alter\nalter table clock alter column fired type int8;", "last release"),
    ("-- kind: alter\nalter table clock alter column next_at set not null;", "last release"),
    ("-- kind: alter\nalter table clock add constraint c check (fired >= 0);", "last release"),
    ("-- kind: alter\ndrop table lease;", "last release"),
    ("-- kind: alter\nupdate clock set name = '';", "last release"),
    ("-- kind: alter\ncreate index clock_a on clock (name);", "index concurrently"),
    ("-- kind: index concurrently\ncreate unique index concurrently i on clock (name);", "unique"),
    ("-- kind: slices of clock\nupdate clock set a = 1;", ":slice"),
    ("-- kind: slices of clock\ndelete from clock where :slice;", ":slice"),
])
def test_a_migration_that_the_last_release_would_not_survive_is_refused(text, part):
    assert any(part in what for what in migrations.of_text(text))


def test_the_migrations_of_the_tree_pass():
    assert migrations.findings(paths.ROOT) == []


@pytest.mark.parametrize("name, line, prints", [
    ("services/amendsctl/show.c", '(void)printf("%s", text);', True),
    ("services/amendsctl/show.c", "(void)fputs(text, stdout);", True),
    ("services/amendsctl/show.c", '(void)snprintf(text, sizeof text, "%d", n);', False),
    ("services/amendsctl/show.c", 'out_line("%s", text);', False),
    ("services/amendsctl/out.c", "fputs(text, to);", False),
    ("services/amends/amends.c", "(void)puts(text);", False),
])
def test_amendsctl_prints_in_one_place(name, line, prints):
    assert bool(list(rules.one_line(name, line))) == prints


def test_a_unit_test_that_is_not_built_is_found(tmp_path):
    folder = tmp_path / "tests" / "unit" / "x"
    folder.mkdir(parents=True)
    (folder / "CMakeLists.txt").write_text("foreach(name ladder)\nadd(SOURCES test_${name}.c test_rig_two.c)\n")
    names = [f"tests/unit/x/{name}.c" for name in ("test_ladder", "test_rig_two", "test_ladder_actions", "rig")]
    assert rules.left_out(tmp_path, names) == [
        "tests/unit/x/test_ladder_actions.c:1: tests/unit/x/CMakeLists.txt does not build it"]


def test_a_program_that_is_not_hardened_is_refused_with_all_reasons(tmp_path):
    source, program = tmp_path / "one.c", tmp_path / "one"
    source.write_text("int main(void) { return 0; }")
    subprocess.run(["cc", "-no-pie", "-fno-pie", "-z", "execstack", "-z", "norelro", source, "-o", program], check=True)
    assert {text.removeprefix("one ") for text in hardening.findings_of(program)} == {
        "is not position independent (PIE)", "has a stack that can be executed", "has writable relocations (RELRO)",
        "has no stack protector", "has no fortified calls"}


def test_a_file_that_is_compiled_without_a_flag_or_for_tests_is_named():
    entry = {"file": "/tree/common/base/arena.c",
             "command": " ".join(set(hardening.COMPILED_WITH) - {"-fno-strict-aliasing"}) + " -DAMENDS_TEST_CLOCK=1"}
    assert hardening.file_findings(entry, "/tree") == [
        "common/base/arena.c is compiled without -fno-strict-aliasing",
        "common/base/arena.c ships with AMENDS_TEST_CLOCK"]


ROWS = {"CASE_SERVICE_OPEN_CASE": ["AGENT", "CLIENT"]}


def of_call(*comment):
    lines = ["service CaseService {", *(f"  // {line}" for line in comment), "  rpc OpenCase(A) returns (B);"]
    return list(roles.in_proto("a.proto", lines, ROWS))


def test_a_call_that_tells_its_roles_passes():
    assert of_call("Opens a case.", "Roles: AGENT, CLIENT.") == []
    assert of_call("Opens a case. Roles: AGENT,", "CLIENT.") == []


@pytest.mark.parametrize("comment, part", [
    (["Opens a case."], "does not end with"),
    (["Roles: AGENT, CLIENT.", "Opens a case."], "does not end with"),
    (["Opens a case.", "Roles: AGENT."], "other roles"),
    (["Opens a case.", "Roles: CLIENT, AGENT."], "other roles"),
])
def test_a_call_that_tells_other_roles_or_none_is_refused(comment, part):
    (finding,) = of_call(*comment)
    assert part in finding


def test_the_table_of_roles_is_read_whole():
    text = (paths.ROOT / roles.TABLE).read_text()
    assert len(roles.table(paths.ROOT)) == text.count("MAY_CALL(CALL_")


def named_tests():
    """(file, test) that SECURITY.md names as what shows a defence."""
    return re.findall(r"`(\w+\.\w+)::(\w+)`", (paths.ROOT / "SECURITY.md").read_text())


def has_test(file, test):
    """Whether one file of that name under tests/ defines the test, in Python or in C."""
    defined = re.compile(rf"^\s*(?:def|static void) {test}\(", re.MULTILINE)
    return any(defined.search(one.read_text()) for one in (paths.ROOT / "tests").rglob(file))


def test_every_test_that_security_md_names_is_there():
    assert len(named_tests()) > 60
    assert [f"{file}::{test}" for file, test in named_tests() if not has_test(file, test)] == []


def test_every_threat_has_a_test():
    rows = (paths.ROOT / "SECURITY.md").read_text().partition("## Threats")[2].partition("\n## ")[0]
    threats = [line for line in rows.splitlines() if line.startswith("|")][2:]
    assert len(threats) > 20
    assert [line for line in threats if line.count("|") != 5 or "::" not in line.split("|")[4]] == []


def test_a_test_that_is_not_there_is_missed():
    assert has_test("test_rules.py", "test_every_threat_has_a_test")
    assert not has_test("test_rules.py", "test_that_nobody_wrote")
