# SPDX-License-Identifier: Apache-2.0
"""What waits, pauses, counts and measures: written by hand from the description of the domain, so that the
model can disagree with the services. Only the numbers behind the names are the contract's."""

from .names import ClockKind, PromiseKind, RemedyState, Status

# The statuses of a case that somebody has to do something about.
LIVE = frozenset((Status.OPEN, Status.IN_PROGRESS, Status.AWAITING_CUSTOMER, Status.AWAITING_FULFILMENT,
                  Status.AWAITING_APPROVAL))
# A case in one of these has ended; only a new round goes on with it.
FINAL = frozenset((Status.CLOSED, Status.WITHDRAWN, Status.MERGED))

# The customer accepted the remedy and has not got it yet.
OWED = frozenset((RemedyState.ACCEPTED, RemedyState.FULFILLING))
# These promises are kept by what is on its way; the owner has to keep all others.
ON_ITS_WAY = frozenset((PromiseKind.DELIVERY, PromiseKind.PAYMENT))

# These clocks measure one offer, approval, promise or remedy. They begin and end with it and never pause.
OF_A_SUBJECT = frozenset((ClockKind.OFFER, ClockKind.APPROVAL, ClockKind.PROMISE, ClockKind.FULFILMENT))
# The law does not wait, so these clocks never pause.
NEVER_PAUSE = frozenset((ClockKind.STATUTORY,)) | OF_A_SUBJECT

QUARTER = 4  # the part of a new target that is left at least
DUE = 100  # per cent of the target
WORST = 5  # severity
FIRST_LEVEL = 1
