# SPDX-License-Identifier: Apache-2.0
"""The very statements of a segment: PostgreSQL's own log of one call at a time, taken apart.

A segment of one command is what `log_statement = all` shows between `begin` and `commit`: the
prepared statements with their parameters. So the baseline follows the code without being told.
"""

import contextlib
import re
import time
from dataclasses import dataclass, field

LINE = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] (\S*) (LOG|DETAIL):  (.*)$")
EXECUTE = re.compile(r"^execute ([^:]+): (.*)$", re.S)
PARAMETERS = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')(?:, |$)", re.S)


@dataclass
class Statement:
    name: str
    sql: str
    parameters: list = field(default_factory=list)  # text, None = null


@dataclass
class Segment:
    """One transaction: BEGIN, TRY, the reads; then the writes, COMMIT."""

    statements: list

    @property
    def trips(self):
        first_write = next(i for i, one in enumerate(self.statements) if writes(one))
        return self.statements[:first_write], self.statements[first_write:]


def writes(statement):
    return statement.sql.startswith(("insert ", "update ", "delete ", "commit"))


@contextlib.contextmanager
def recorded(world):
    """Yields a list that has the committed segments of calls when the block has ended."""
    segments = []
    log = world.postgres.process.log
    _log_statements(world, "all")
    start = log.stat().st_size
    try:
        yield segments
    finally:
        _log_statements(world, "none")
    with open(log, encoding="utf-8") as file:
        file.seek(start)
        segments += list(_calls(_statements(file)))


def _log_statements(world, value):
    world.sql(f"alter system set log_statement = '{value}'")
    world.sql("select pg_reload_conf()")
    time.sleep(0.3)


def _statements(lines):
    """(backend, statement) in the order of the log. A line that begins with a tab goes on the one
    before."""
    backend = statement = None
    for backend, kind, text in _entries(lines):
        found = EXECUTE.match(text) if kind == "LOG" else None
        if kind == "LOG":
            if statement:
                yield statement
            statement = (backend, Statement(found[1], found[2])) if found else None
        elif statement and statement[0] == backend and text.startswith("parameters: "):
            statement[1].parameters = _parameters(text.removeprefix("parameters: "))
    if statement:
        yield statement


def _entries(lines):
    entry = None
    for line in lines:
        found = LINE.match(line.rstrip("\n"))
        if found:
            if entry:
                yield tuple(entry)
            entry = [found[1], found[3], found[4]]
        elif entry:
            entry[2] += "\n" + line.rstrip("\n").removeprefix("\t")
    if entry:
        yield tuple(entry)


def _parameters(text):
    return [None if value == "NULL" else value[1:-1].replace("''", "'")
            for _, value in PARAMETERS.findall(text)]


def _is_call(statement):
    return statement.sql.startswith("insert into dedup ")


def _calls(statements):
    """The transactions that wrote a dedup row: clients' calls, not sweeps."""
    running = {}
    for backend, statement in statements:
        if statement.sql.startswith("begin"):
            running[backend] = [statement]
        elif backend in running:
            running[backend].append(statement)
            if statement.sql in ("commit", "rollback"):
                segment = running.pop(backend)
                if statement.sql == "commit" and any(map(_is_call, segment)):
                    yield Segment(segment)
