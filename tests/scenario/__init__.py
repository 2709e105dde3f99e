# SPDX-License-Identifier: Apache-2.0
"""Scenarios: what the product must do, told through its RPCs against real servers.

`test_s<article>_<row>_*.py` has the requirement of that row of the source stories; the others have one
subject each. Time is moved, never waited for.
"""
