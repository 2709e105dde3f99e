# SPDX-License-Identifier: Apache-2.0
"""Rules of this code base that a search can see. Each finding is "file:line: what"."""

import collections
import re

import arrows
import roles

CODE = (".c", ".h", ".py", ".sh", ".proto", ".sql", ".cmake", "CMakeLists.txt")
OURS = ("common/", "services/", "tests/", "proto/", ".ci/", "docker/", "helm/")
# Contracts of others that ours import or that a server of gRPC answers, as they were published.
OTHERS = ("proto/google/", "proto/grpc/")

# Who may include whose headers: the library's own part, its unit tests, the benchmarks' yardsticks.
PRIVATE_HEADERS = {
    re.compile(r"#\s*include\s*[<\"]grpc/"): ("common/rpc/", "tests/unit/rpc/", "tests/bench/"),
    re.compile(r"#\s*include\s*[<\"](postgresql/)?libpq"): ("common/pg/", "tests/unit/pg/", "tests/bench/"),
    re.compile(r"#\s*include\s*[<\"]hiredis"): ("common/redis/", "tests/unit/redis/"),
    re.compile(r"#\s*include\s*[<\"](glib|gio/)"): ("common/calendar/zone", "services/amendsctl/text.c"),
    re.compile(r"#\s*include\s*[<\"]libical"): ("common/calendar/ical",),
    re.compile(r"#\s*include\s*[<\"]cjose/"): ("common/auth/",),
    re.compile(r"#\s*include\s*[<\"]curl/"): ("common/auth/", "common/outbound/"),
    re.compile(r"#\s*include\s*[<\"]yaml"): ("common/policy/read/yaml_tree.c",),
}

# Domain time is a parameter, so that a tenant's clock can be moved and a replay decides the same.
SQL_TIME = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b(?!\s*\()",
    re.IGNORECASE)
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# The one statement that asks the database for its clock.
TIME_PROBE_FOLDER, TIME_PROBES = "common/pg/", 1

MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|root|home|farm)/\w|/tmp/\w+_jobs")
# Text that others wrote reaches the terminal through one place, which makes control characters visible.
PRINTS = re.compile(r"\b(printf|puts|fputs|putchar|fprintf|fwrite|vprintf)\s*\(")
PRINTER, PRINTING_FOLDER = "services/amendsctl/out.c", "services/amendsctl/"
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
LONGEST_FILE = 600
LONGEST_LINE = 100  # the formatter leaves comments alone
MOST_SOURCES = 30

# SQL in C takes the numbers of enumerations from the contract: "x.state = " SQL_OFFER_STATE_PENDING.
SQL_NUMBER = re.compile(
    r"\b(status|state|presence|cause|(?:\w+_)?kind|channel|trigger|direction|outcome|action)(?: \+ 0\))?"
    r" ?(?:=|<>|<=?|>=?|(?:not )?between|(?:not )?in \() ?\d", re.IGNORECASE)

# One function moves a row from one state to another: remedies, offers and promises in case/model, clocks in
# case/clocks. A message gets its state from the row; a notification is only ever new.
STATE_SET = re.compile(r"->state = (?!\(Amends__|NOTIFICATION_)")
DECIDES = re.compile(r"(common/case/|services/\w+/decide/)")
SETS_STATES = ("common/case/model/", "common/case/clocks/")

# A reason comes with one status code: the contract's comment says which.
REASONS = "proto/amends/v1/error_reason.proto"
REASON = re.compile(r"// ([A-Z_]+):[^\n]*\n(?:\s*//[^\n]*\n)*\s*ERROR_REASON_(\w+) =")
EVENTS = "proto/amends/v1/event.proto"
REFUSAL = re.compile(r"FAULT_(\w+),\s*(?:\.reason = )?ERROR_REASON_(\w+)")


def findings(root, names):
    found, probes = [], []
    for name in names:
        if name.startswith(OTHERS) or (not name.endswith(CODE) and name not in ("dev", ".ci/run")):
            continue
        lines = (root / name).read_text(errors="replace").splitlines()
        found += whole_file(name, lines)
        for number, line in enumerate(lines, 1):
            found += (f"{name}:{number}: {what}" for what in one_line(name, line))
            if uses_sql_time(name, line):
                probes.append(f"{name}:{number}")
    return (found + crowded(names) + time_findings(probes) + reason_findings(root, names)
            + event_findings(root, names) + roles.findings(root, names) + left_out(root, names))


def whole_file(name, lines):
    if name.startswith(OURS) or name == "dev":
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:3]):
            yield f"{name}:1: no SPDX line"
    if name.endswith(".h") and "#pragma once" not in lines:
        yield f"{name}:1: no #pragma once"
    if name.endswith(".h") and name.startswith(("common/", "services/")):
        yield from manual_findings(name, lines)
    if name.endswith((".c", ".h", ".py")) and len(lines) > LONGEST_FILE:
        yield f"{name}:{LONGEST_FILE}: longer than {LONGEST_FILE} lines"


def manual_findings(name, lines):
    """A header is the manual: before its first declaration it says what it is for, and by whom it may be used."""
    start = next((i for i, line in enumerate(lines) if line.startswith(("struct", "enum", "int", "void", "bool"))),
                 len(lines))
    opening = "\n".join(lines[:start])
    if "/*" not in opening.replace("/* SPDX", ""):
        yield f"{name}:1: does not open with its purpose"
    for word in ("Threading:", "Ownership:"):
        if word not in opening:
            yield f"{name}:1: its opening does not say '{word}'"


def crowded(names):
    """A folder holds one subject, of at most 30 sources."""
    folders = collections.Counter(name.rpartition("/")[0] for name in names
                                  if name.endswith(".c") and name.startswith(("common/", "services/")))
    return [f"{folder}: {count} sources; divide it by subject (at most {MOST_SOURCES})"
            for folder, count in sorted(folders.items()) if count > MOST_SOURCES]


def left_out(root, names):
    """A unit test that no list of its folder names is not built, and nobody misses it."""
    found = []
    for name in names:
        folder, _, file = name.rpartition("/")
        if not (folder.startswith("tests/unit/") and file.startswith("test_") and file.endswith(".c")):
            continue
        lists = (root / folder / "CMakeLists.txt").read_text(errors="replace")
        if not re.search(rf"(?<!\w)(test_)?{file[len('test_'):-len('.c')]}(?!\w)", lists):
            found.append(f"{name}:1: {folder}/CMakeLists.txt does not build it")
    return found


def one_line(name, line):
    if name.endswith((".c", ".h")):
        for header, folders in PRIVATE_HEADERS.items():
            if header.search(line) and not name.startswith(folders):
                yield f"this header is included only in {folders[0]}"
        yield from arrows.findings(name, line)
    if DECIDES.match(name) and not name.startswith(SETS_STATES) and STATE_SET.search(line):
        yield "sets a state: call remedy_set_state() or its like (case/model/states.h)"
    if has_sql_number(name, line):
        yield "a number of an enumeration in SQL: use SQL_... of contract/words.h"
    if name.startswith(PRINTING_FOLDER) and name != PRINTER and PRINTS.search(line):
        yield "prints: call out_line() or its like (amendsctl/out.h)"
    if MACHINE_PATH.search(line):
        yield "a path of one machine"
    if UNFINISHED.search(line):
        yield "an unfinished mark"
    if name.endswith((".c", ".h")) and len(line) > LONGEST_LINE:
        yield f"longer than {LONGEST_LINE} columns"
    if line != line.rstrip():
        yield "white space at the end of the line"


def uses_sql_time(name, line):
    if name.endswith(".sql"):
        return not name.startswith("tests/") and SQL_TIME.search(line.partition("--")[0])
    if name.endswith((".c", ".h")) and name.startswith(("common/", "services/")):
        return any(SQL_TIME.search(text) for text in STRING.findall(line))
    return False


def has_sql_number(name, line):
    return (name.endswith((".c", ".h")) and name.startswith(("common/", "services/"))
            and any(SQL_NUMBER.search(text) for text in STRING.findall(line)))


def time_findings(places):
    probes = [place for place in places if place.startswith(TIME_PROBE_FOLDER)]
    wrong = [place for place in places if not place.startswith(TIME_PROBE_FOLDER)]
    wrong += probes[TIME_PROBES:]
    return [f"{place}: SQL asks for the time; domain time is a parameter" for place in wrong]


def reason_findings(root, names):
    codes = {reason: code for code, reason in REASON.findall((root / REASONS).read_text())}
    used, found = set(), []
    for name in names:
        if not name.endswith(".c") or not name.startswith(("common/", "services/")):
            continue
        text = (root / name).read_text(errors="replace")
        used |= set(re.findall(r"\bERROR_REASON_(\w+)", text))
        for refusal in REFUSAL.finditer(text):
            code, reason = refusal.groups()
            if codes.get(reason) != code:
                line = text.count("\n", 0, refusal.start()) + 1
                found.append(f"{name}:{line}: {reason} comes with {codes.get(reason)}, not with {code}")
    return found + [f"{REASONS}:1: nothing refuses with {reason}" for reason in codes if reason not in used]


def event_findings(root, names):
    """A kind of event that nothing states is a promise to readers of histories that is not kept."""
    stated = set()
    for name in names:
        if name.endswith(".c") and name.startswith(("common/case/", "services/")):
            stated |= set(re.findall(r"\bEVENT_KIND_(\w+)", (root / name).read_text(errors="replace")))
    kinds = re.findall(r"^  EVENT_KIND_(\w+) = [1-9]", (root / EVENTS).read_text(), re.MULTILINE)
    return [f"{EVENTS}:1: nothing states {kind}" for kind in kinds if kind not in stated]
