# SPDX-License-Identifier: Apache-2.0
"""What the reader sees: one short line for each thing that happened, with its time."""

import datetime
import textwrap

from harness.api import v1
from scenario.support import sample

WIDTH = 108


class Unexpected(Exception):
    """The services did something else than the story says."""


def expect(condition, what):
    if not condition:
        raise Unexpected(what)


def word(enum, number):
    """'in progress' of CASE_STATUS_IN_PROGRESS."""
    name = enum.Name(number)
    prefix = "".join("_" + one if one.isupper() and at else one
                     for at, one in enumerate(enum.DESCRIPTOR.name)).upper() + "_"
    return name.removeprefix(prefix).lower().replace("_", " ")


def clock_time(time):
    moment = datetime.datetime.fromtimestamp(sample.seconds(time), datetime.timezone.utc)
    return moment.strftime("%a %H:%M:%S")


def title(number, name, what):
    print(f"\n{number}. {name}")
    print(textwrap.indent(textwrap.fill(what, WIDTH - 3), "   "), flush=True)


def tell(case, what, text):
    """One line: when, what kind of thing, what happened. `case` gives the time."""
    lines = textwrap.wrap(text, WIDTH - 29)
    print(f"   {clock_time(case.update_time)}  {what:<12} {lines[0]}")
    for line in lines[1:]:
        print(f"   {'':<12}  {'':<12} {line}")


def later(text):
    print(f"   ~~ {text} ~~", flush=True)


def owner_of(case):
    kind = "the desk of level " + str(case.level) if case.owner.kind == v1.OWNER_KIND_STEWARD else "agent"
    return f"{case.owner.id} ({kind})"
