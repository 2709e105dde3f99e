# SPDX-License-Identifier: Apache-2.0
"""Recorded segments as a pgbench script: the same statements, each trip in one pipeline, one commit
a command, fresh ids every time.

Ids are made of a number that pgbench counts up for each client, so that they grow as UUIDv7 do and
cost the server next to nothing. Values that no index cares for (times, hashes) stay as recorded.
"""

import os
import re
import subprocess
from dataclasses import dataclass

from harness import paths
from harness.process import Failed

from world import BASELINE

PARAMETER = re.compile(r"\$(\d+)((?:::[a-z0-9]+)(?:\[\])?)?")
# 13 hexadecimal digits before a number of 19 digits make a UUID.
UUID_PREFIX = "019ac0ffee700"
FIRST_NUMBER = 10**18
PER_CLIENT = 10**15
PER_TURN = 1000
# A session of a segment connection; without them the plans are worse.
SESSION = ("-c enable_seqscan=off -c enable_bitmapscan=off "
           "-c plan_cache_mode=force_generic_plan -c jit=off")


def parse_array(text):
    """The elements of a one-dimensional array in PostgreSQL's output form; None = null."""
    elements, at = [], 1
    while text[at] != "}":
        if text[at] == '"':
            value, at = _quoted(text, at + 1)
        else:
            end = min(i for i in (text.find(",", at), len(text) - 1) if i >= 0)
            value, at = text[at:end], end
            value = None if value == "NULL" else value
        elements.append(value)
        if text[at] == ",":
            at += 1
    return elements


def _quoted(text, at):
    value = []
    while text[at] != '"':
        if text[at] == "\\":
            at += 1
        value.append(text[at])
        at += 1
    return "".join(value), at + 1


def literal(text):
    """An SQL constant without a colon: pgbench takes what follows one for a variable."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"


class Script:
    """`segments` of one turn (an OpenCase, or a whole life) and `other`, the same of another turn:
    what differs between them varies. Texts in `by_client` become one text a pgbench client."""

    def __init__(self, segments, other, by_client=()):
        self._variables = {}
        self._by_client = set(by_client)
        assert [names(one) for one in segments] == [names(one) for one in other], \
            "two turns send different statements"
        self.commits = len(segments)
        self.body = "".join(self._segment(*pair) for pair in zip(segments, other))

    def text(self):
        head = [r"\set n :n + 1",
                rf"\set base {FIRST_NUMBER} + :client_id * {PER_CLIENT} + :n * {PER_TURN}"]
        head += [rf"\set {name} :base + {i}" for i, name in enumerate(self._variables.values())]
        assert len(self._variables) < PER_TURN
        return "\n".join(head) + "\n" + self.body

    def _segment(self, segment, other):
        lines = []
        for trip, other_trip in zip(segment.trips, other.trips):
            lines.append(r"\startpipeline")
            lines += [self._statement(*pair) + ";" for pair in zip(trip, other_trip)]
            lines.append(r"\endpipeline")
        return "\n".join(lines) + "\n"

    def _statement(self, statement, other):
        def replace(found):
            i = int(found[1]) - 1
            return self._parameter(statement.parameters[i], other.parameters[i], found[2] or "")

        return PARAMETER.sub(replace, statement.sql)

    def _parameter(self, value, other, cast):
        if value is None:
            return f"null{cast}"
        if not cast.endswith("[]"):
            return f"{self._value(value, other, cast)}{cast}"
        elements, others = parse_array(value), parse_array(other)
        if len(elements) != len(others) or not any(map(self._varies, elements, others,
                                                       [cast] * len(elements))):
            return f"{literal(value)}{cast}"
        items = [self._value(*pair, cast[:-2]) for pair in zip(elements, others)]
        return f"array[{', '.join(items)}]{cast}"

    def _varies(self, value, other, cast):
        if value in self._by_client:
            return True
        return value != other and cast.startswith(("::uuid", "::int8", "::text"))

    def _value(self, value, other, cast):
        if value is None:
            return "null"
        if value in self._by_client:
            return f"{literal(value + '-')} || :client_id::text"
        if not self._varies(value, other, cast):
            return literal(value)
        name = self._variables.setdefault(value, f"v{len(self._variables)}")
        if cast == "::int8":
            return f":{name}::int8"
        if cast == "::uuid":
            return f"('{UUID_PREFIX}' || :{name}::text)::uuid"
        return f"'varying-' || :{name}::text"


def names(segment):
    return [statement.name for statement in segment.statements]


@dataclass
class Result:
    per_second: float  # turns
    latency_ms: float  # of one turn, mean
    turns: int


class Pgbench:
    """Runs one script against the baseline's database."""

    def __init__(self, world, name, script):
        self._world = world
        self._file = world.folder / f"{name}.pgbench"
        self._file.write_text(script.text())
        self._runs = 0

    def run(self, clients, seconds):
        self._runs += 1
        # Its sessions plan now, on tables that are full and were never analysed; the services did
        # when they were empty. A good plan is all that the baseline is owed.
        self._world.sql("analyze", database=BASELINE)
        argv = [paths.postgres_program("pgbench"), "-n", "-M", "prepared", "-c", str(clients),
                "-j", str(min(clients, 2)), "-T", str(seconds), "-f", str(self._file),
                "-D", f"n={self._runs * 10**9}", "-h", str(self._world.postgres.folder),
                "-p", str(self._world.postgres.port), "-U", "postgres", BASELINE]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + 60, check=False,
                              env={**os.environ, "PGOPTIONS": SESSION, "LC_ALL": "C"})
        if done.returncode or "ERROR" in done.stderr:
            raise Failed(f"pgbench: {done.stderr[-1500:]}")
        return Result(per_second=number_in(r"tps = ([0-9.]+)", done.stdout),
                      latency_ms=number_in(r"latency average = ([0-9.]+) ms", done.stdout),
                      turns=int(number_in(r"transactions actually processed: (\d+)", done.stdout)))


def number_in(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise Failed(f"pgbench printed no {pattern}\n{text}")
    return float(found[1])
