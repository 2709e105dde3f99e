# SPDX-License-Identifier: Apache-2.0
"""Faults under load: what was acknowledged is there, once, whatever died meanwhile."""
