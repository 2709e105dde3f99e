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
