# SPDX-License-Identifier: Apache-2.0
"""Rules of this code base that a search can see. Each finding is "file:line: what"."""

import re

CODE = (".c", ".h", ".py", ".sh", ".proto", ".sql", ".cmake", "CMakeLists.txt")
OURS = ("common/", "services/", "tests/", "proto/", ".ci/", "docker/", "helm/")

# Who may include whose headers: the library's own part, its unit tests, the benchmarks' yardsticks.
PRIVATE_HEADERS = {
    re.compile(r"#\s*include\s*[<\"]grpc/"): ("common/rpc/", "tests/unit/rpc/", "tests/bench/"),
    re.compile(r"#\s*include\s*[<\"](postgresql/)?libpq"): ("common/pg/", "tests/unit/pg/", "tests/bench/"),
    re.compile(r"#\s*include\s*[<\"]hiredis"): ("common/redis/", "tests/unit/redis/"),
    re.compile(r"#\s*include\s*[<\"](glib|gio/)"): ("common/calendar/zone.c",),
    re.compile(r"#\s*include\s*[<\"]libical"): ("common/calendar/ical",),
    re.compile(r"#\s*include\s*[<\"]yaml"): ("common/policy/read/yaml_tree.c",),
}

# A part includes only parts below it: services -> case, policy -> pg, redis, rpc, calendar -> io -> base.
LAYERS = {"base": 0, "io": 1, "rpc": 2, "pg": 2, "redis": 2, "calendar": 2,
          "contract": 2, "policy": 3, "case": 4, "store": 4}
INCLUDE = re.compile(r"#\s*include\s*\"(\w+)/")

# Domain time is a parameter, so that a tenant's clock can be moved and a replay decides the same.
SQL_TIME = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b(?!\s*\()",
    re.IGNORECASE)
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# The one statement that asks the database for its clock.
TIME_PROBE_FOLDER, TIME_PROBES = "common/pg/", 1

MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|root|home|farm)/\w|/tmp/\w+_jobs")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
LONGEST_FILE = 600


def findings(root, names):
    found, probes = [], []
    for name in names:
        if not name.endswith(CODE) and name not in ("dev", ".ci/run"):
            continue
        lines = (root / name).read_text(errors="replace").splitlines()
        found += whole_file(name, lines)
        for number, line in enumerate(lines, 1):
            found += (f"{name}:{number}: {what}" for what in one_line(name, line))
            if uses_sql_time(name, line):
                probes.append(f"{name}:{number}")
    return found + time_findings(probes)


def whole_file(name, lines):
    if name.startswith(OURS) or name == "dev":
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:3]):
            yield f"{name}:1: no SPDX line"
    if name.endswith(".h") and "#pragma once" not in lines:
        yield f"{name}:1: no #pragma once"
    if name.endswith((".c", ".h", ".py")) and len(lines) > LONGEST_FILE:
        yield f"{name}:{LONGEST_FILE}: longer than {LONGEST_FILE} lines"


def one_line(name, line):
    if name.endswith((".c", ".h")):
        for header, folders in PRIVATE_HEADERS.items():
            if header.search(line) and not name.startswith(folders):
                yield f"this header is included only in {folders[0]}"
        yield from layer_findings(name, line)
    if MACHINE_PATH.search(line):
        yield "a path of one machine"
    if UNFINISHED.search(line):
        yield "an unfinished mark"
    if line != line.rstrip():
        yield "white space at the end of the line"


def layer_findings(name, line):
    target = INCLUDE.match(line)
    if not target:
        return
    folder, _, rest = name.partition("/")
    part = rest.partition("/")[0]
    other = target[1]
    if folder != "common" or part == other:
        return
    if other in ("intake", "assignment", "resolution"):
        yield f"common/{part} must not include a service"
    elif other in LAYERS and part in LAYERS:
        peers_allowed = LAYERS[part] in (2, 4)
        if LAYERS[other] > LAYERS[part] or (LAYERS[other] == LAYERS[part] and not peers_allowed):
            yield f"common/{part} must not include common/{other}"


def uses_sql_time(name, line):
    if name.endswith(".sql"):
        return not name.startswith("tests/") and SQL_TIME.search(line.partition("--")[0])
    if name.endswith((".c", ".h")) and name.startswith(("common/", "services/")):
        return any(SQL_TIME.search(text) for text in STRING.findall(line))
    return False


def time_findings(places):
    probes = [place for place in places if place.startswith(TIME_PROBE_FOLDER)]
    wrong = [place for place in places if not place.startswith(TIME_PROBE_FOLDER)]
    wrong += probes[TIME_PROBES:]
    return [f"{place}: SQL asks for the time; domain time is a parameter" for place in wrong]
