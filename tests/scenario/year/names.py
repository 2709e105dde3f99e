# SPDX-License-Identifier: Apache-2.0
"""The enumerations of the contract by their short words: Status.OPEN is the number of CASE_STATUS_OPEN."""

import re

from harness.api import v1


class Names:
    def __init__(self, enum):
        self._enum = enum
        self._prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum).upper() + "_"

    def __getattr__(self, word):
        value = getattr(v1, self._enum).Value(self._prefix + word)
        setattr(self, word, value)
        return value

    def __getitem__(self, word):
        """Of a word in any case: a bundle writes them small."""
        return getattr(self, word.upper())

    def word(self, number):
        return getattr(v1, self._enum).Name(number).removeprefix(self._prefix)


Answer = Names("CustomerAnswer")
Ask = Names("ContactAsk")
Cause = Names("EscalationCause")
Channel = Names("Channel")
ClockKind = Names("ClockKind")
ClockState = Names("ClockState")
Direction = Names("ContactDirection")
Do = Names("EscalationAction")
Event = Names("EventKind")
LevelAction = Names("LadderAction")
OfferState = Names("OfferState")
Outcome = Names("ContactOutcome")
Owner = Names("OwnerKind")
PromiseKind = Names("PromiseKind")
PromiseState = Names("PromiseState")
RemedyState = Names("RemedyState")
Status = Names("CaseStatus")
Trigger = Names("Trigger")
