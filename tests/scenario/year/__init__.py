# SPDX-License-Identifier: Apache-2.0
"""A year of a tenant, played on the services and followed by a model that shares no code with them.

The model keeps what was told about a case, moment after moment, and nothing else. Status, clocks and thresholds
are worked out from that list afresh whenever somebody asks. The services do it the other way: they change rows,
step after step. A mistake in their steps is therefore not repeated here.

    names       the contract's enumerations: names and numbers come from there, and only these
    rules       what waits, pauses, counts and measures, by hand from the description of the domain
    policy      what a policy is to the model; bundle: the tenant's, and its text for the services
    calendars   working time in a zone, by zoneinfo
    deadlines   the instant of a share of a target: calendar, pauses, days

    history     what was told: facts, in moments
    view        how the case stood at a moment; status, things: its status, remedies, promises and offers;
                talk: whether the customer waits for an answer
    conditions  since when a condition of the policy holds
    runs        from where to where a clock ran; pauses: for how long it stood still
    retargets   targets that are chosen anew while a clock runs
    clocks      an instance of a clock that follows from these; measured, subjects: all clocks of a case
    driver      a command: its own events, then the thresholds that have come; ladder: levels climbed
    case        one case: what people do to it

    lives       what people do next; acts: each act on the services and on the model
    player      plays the year, from stop to stop of the clock
    records     what the services recorded; compare, explain: held against the model

Times are integers: microseconds since 1970.
"""
