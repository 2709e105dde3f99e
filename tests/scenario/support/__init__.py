# SPDX-License-Identifier: Apache-2.0
"""What scenarios are written with: `world` (who calls), `sample` (what they say), `steps` (what they do)."""
