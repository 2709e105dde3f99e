# SPDX-License-Identifier: Apache-2.0
"""Versions of a tenant's policy: the shipped bundle, with changes a test can see."""

import re


def current(world):
    """The current version, with its source."""
    return world.crm.GetPolicy().version


def edit(source, number=0):
    """The bundle with another text that customers see: the desk's hours."""
    changed, times = re.subn(r"hours: .*", f"hours: edition {number} of the hours", source, count=1)
    assert times == 1
    return changed


def apply(world, source):
    """Makes it the current version."""
    return world.crm.ApplyPolicy(source=source,
                                 expected_version=current(world).version).version


def with_clocks(source, clocks, calendars=""):
    """The bundle with these definitions of clocks, and calendars, instead of its own."""
    changed, times = re.subn(r"\nclocks:\n.*?\n(?=\S)", lambda _: f"\n{calendars}clocks:\n{clocks}", source,
                             count=1, flags=re.DOTALL)
    assert times == 1
    return changed
