# SPDX-License-Identifier: Apache-2.0
"""A year of a tenant, played on the services and followed by a model that shares no code with them.

    calendars   working time in a zone, by zoneinfo
    deadlines   the instant of a share of a target: calendar, pauses, days
    policy      what a policy is to the model; bundle: the tenant's, and its text for the services
    facts       what conditions are about
    clocks      when clocks start, stop, begin again and fire; pauses, thresholds: parts of it
    ladder      thresholds carried out, levels climbed
    case        one case: what people do to it, and what becomes of it
    lives       what people do next; acts: each act on the services and on the model
    player      plays the year, from stop to stop of the clock
    records     what the services recorded; compare, explain: held against the model

Times are integers: microseconds since 1970.
"""
