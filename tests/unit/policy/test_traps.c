/* SPDX-License-Identifier: Apache-2.0 */

/* Every error and warning of the compiler, each alone, at its line and column, with its path. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/compile/bundle.h"

#define ARENA_BYTES (4u << 20)
#define HEAD "amends: 1\n"
/* A clock that begins again, so that only the trap is told. */
#define ROUND                                                                                      \
    "  round: {kind: next_contact, target: 3d, stop: never, cancel: {status: resolved}, start: "   \
    "[{acknowledged: yes, status: live}, {progress: yes, status: live}], thresholds: "             \
    "[{at: 100%, do: restart, notify: owner}]}\n"
/* The same, but it may stand still for ten years. */
#define ROUND_STANDS                                                                               \
    "  round: {kind: next_contact, target: 3d, stop: never, cancel: {status: resolved}, start: "   \
    "[{acknowledged: yes, status: live}, {progress: yes, status: live}], pause_limit: {single: "   \
    "520w, total: 520w}, thresholds: [{at: 100%, do: restart, notify: owner}]}\n"
/* Lines 1 to 7 of a bundle: a clock `x` that is fine, and a clock `y` up to what follows. */
#define CLOCK(kind)                                                                                \
    HEAD "clocks:\n" ROUND "  x: {kind: resolution, target: 5d}\n"                                 \
         "  y:\n"                                                                                  \
         "    kind: " kind "\n"
/* The same with `x` alone, up to what follows. */
#define ONE(kind)                                                                                  \
    HEAD "clocks:\n" ROUND "  x:\n"                                                                \
         "    kind: " kind "\n"
#define Y CLOCK("resolution") "    target: 5d\n"
/* Line 2 on: a ladder of one level that is fine, up to what follows (line 6). */
#define STEWARD "    steward: {id: desk, name: Desk, contact: call us}\n"
#define LEVEL                                                                                      \
    HEAD "ladder:\n"                                                                               \
         "  - name: front line\n" STEWARD
#define SECOND                                                                                     \
    LEVEL "    authority: {all: unlimited}\n"                                                      \
          "  - name: lead\n"

#define WARNING "warning: "
#define REFUSAL "refusal: " /* of ApplyPolicy; a stored version is used */

struct trap {
    const char *name, *source;
    int line, column;
    const char *path, *text; /* a part of the text; NULL: no problem at all */
};

static const struct trap traps[] = {
    /* -- start -- */
    {"start_within_stop", Y "    start: {status: open}\n    stop: {status: live}\n", 8, 5,
     "clocks.y.start", "is within `stop`"},
    {"start_within_stop_of_several",
     Y "    start: {severity: 2-3}\n    stop: [{severity: 3+}, {severity: 1-2}]\n", 8, 5,
     "clocks.y.start", "is within `stop`"},
    {"start_within_cancel",
     Y "    start: {status: open}\n    cancel: {owner: steward}\n"
       "    stop: {owner: agent}\n",
     8, 5, "clocks.y.start", "is within `stop` and `cancel` together"},
    {"start_within_cancel_alone", Y "    start: {level: 2+}\n    cancel: {level: 2-4}\n", 8, 5,
     "clocks.y.start", "is within `cancel`"},
    {"start_within_pause",
     Y "    start: {status: open, severity: 5}\n    pause: {severity: 4+}\n"
       "    pause_limit: {single: 1d, total: 2d}\n",
     8, 5, "clocks.y.start", "is within `pause`"},
    {"start_never", Y "    start: never\n", 8, 12, "clocks.y.start", "never holds"},
    {"start_of_a_stop_since_the_start",
     Y "    start: {contact: reached}\n    stop: {contact: none}\n", 8, 5, "clocks.y.start",
     "is within `stop`"},
    {"stop_never", Y "    stop: never\n", 8, 11, "clocks.y.stop",
     WARNING "nothing stops this clock"},
    /* -- pause, resume, reset -- */
    {"pause_when_stopped",
     Y "    pause: {status: resolved}\n    pause_limit: {single: 1d, total: 2d}\n", 8, 5,
     "clocks.y.pause", "holds only when the clock stops"},
    {"pause_without_limit", Y "    pause: {status: awaiting_customer}\n", 8, 5, "clocks.y.pause",
     "has no limit"},
    {"pause_within_resume",
     Y "    pause: {status: awaiting_customer}\n    resume: {status: live}\n"
       "    pause_limit: {single: 1d, total: 2d}\n",
     8, 5, "clocks.y.pause", "is within `resume`"},
    {"resume_apart_from_pause",
     Y "    pause: {status: awaiting_customer}\n    resume: {status: in_progress}\n"
       "    pause_limit: {single: 1d, total: 2d}\n",
     9, 5, "clocks.y.resume", "never holds while `pause` does"},
    {"resume_without_pause", Y "    resume: {status: live}\n", 8, 5, "clocks.y.resume",
     "has no pause to end"},
    {"total_less_than_single", Y "    pause_limit: {single: 3d, total: 2d}\n", 8, 5,
     "clocks.y.pause_limit", "needs a single pause"},
    {"reset_apart_from_start", Y "    reset: {status: resolved}\n", 8, 5, "clocks.y.reset",
     "never holds while `start` does"},
    {"reset_when_cancelled", Y "    reset: {level: 3}\n    cancel: {level: 2+}\n", 8, 5,
     "clocks.y.reset", "holds only when the clock stops"},
    {"reset_of_nobody_reached", Y "    start: {contact: none}\n    reset: {contact: reached}\n", 9,
     5, "clocks.y.reset", "never holds while `start` does"},
    {"statutory_pause",
     CLOCK("statutory") "    target: {days: 56}\n"
                        "    pause_limit: {single: 1d, total: 2d}\n",
     8, 5, "clocks.y.pause_limit", "a statutory clock never pauses"},
    {"days_that_pause", Y "    pause_limit: {single: 1d, total: 2d}\n", 0, 0, NULL, NULL},
    {"days_pause",
     CLOCK("resolution") "    target: {days: 5}\n"
                         "    pause_limit: {single: 1d, total: 2d}\n",
     7, 5, "clocks.y.target", "is in days, which cannot be paused"},
    /* -- targets -- */
    {"no_target", CLOCK("resolution"), 5, 3, "clocks.y", "has no target"},
    {"target_never_reached",
     CLOCK("resolution") "    targets:\n"
                         "      - {severity: 3+, target: 1d}\n"
                         "      - {severity: 5, channel: phone, target: 2h}\n"
                         "      - {target: 5d}\n",
     9, 9, "clocks.y.targets[1]", "is never reached"},
    {"target_never_reached_after_several",
     CLOCK("resolution") "    targets:\n"
                         "      - {severity: 3+, target: 1d}\n"
                         "      - {severity: 1-2, channel: phone, target: 2d}\n"
                         "      - {severity: 1-2, channel: {not: phone}, target: 3d}\n"
                         "      - {failure: billing, target: 2d}\n",
     11, 9, "clocks.y.targets[3]", "is never reached"},
    {"case_without_target",
     CLOCK("resolution") "    targets:\n"
                         "      - {severity: 2+, target: 1d}\n"
                         "      - {channel: [phone, chat], target: 2d}\n",
     7, 5, "clocks.y.targets", "leave a case without one (severity: 1; channel: email"},
    {"failure_without_target",
     CLOCK("resolution") "    targets:\n"
                         "      - {failure: [billing, delivery, appointment, product, "
                         "staff_conduct, information, access, outage], target: 1d}\n",
     7, 5, "clocks.y.targets",
     "leave a case without one (failure: one that is not among the bundle's)"},
    {"target_of_no_start",
     Y "    start: {channel: phone}\n  z:\n    kind: resolution\n"
       "    start: {channel: phone}\n    targets:\n"
       "      - {channel: email, target: 2d}\n      - {target: 2d}\n",
     13, 9, "clocks.z.targets[0]", "is of no case that starts the clock"},
    {"target_by_what_changes",
     CLOCK("resolution") "    targets:\n"
                         "      - {status: open, target: 1d}\n"
                         "      - {target: 5d}\n",
     8, 10, "clocks.y.targets[0].status", "may change while the clock runs"},
    {"graver_is_slower",
     CLOCK("resolution") "    targets:\n"
                         "      - {severity: 4, target: 2d}\n"
                         "      - {severity: 5, channel: phone, target: 3d}\n"
                         "      - {severity: 5, target: 1d}\n"
                         "      - {target: 9d}\n",
     9, 47, "clocks.y.targets[1].target", WARNING "gives severity 5 more time than severity 4"},
    {"response_after_resolution",
     CLOCK("first_response") "    targets:\n"
                             "      - {severity: 5, target: 1d}\n"
                             "      - {channel: [phone, chat], target: 5d1s}\n"
                             "      - {target: 2d}\n",
     9, 42, "clocks.y.targets[1].target",
     "is longer than `x` gives the resolution (severity: 1, 2, 3, 4; channel: phone, chat)"},
    {"response_probably_after_resolution",
     HEAD "calendars:\n  desk: {weekly: {mon-fri: \"09:00-17:00\"}}\nclocks:\n" ROUND
          "  x: {kind: resolution, target: 9d}\n"
          "  y:\n    kind: first_response\n    calendar: desk\n    target: {business_days: 7}\n",
     10, 5, "clocks.y.target", WARNING "is probably longer than `x` gives the resolution"},
    {"business_days_without_calendar", CLOCK("resolution") "    target: {business_days: 3}\n", 7, 5,
     "clocks.y.target", "counts business days, but the clock names no calendar"},
    {"days_of_working_time",
     HEAD "calendars:\n  desk: {weekly: {mon-fri: \"09:00-17:00\"}}\nclocks:\n" ROUND "  x:\n"
          "    kind: resolution\n    calendar: desk\n    target: 5d\n",
     9, 13, "clocks.x.target", WARNING "is 120 hours of working time"},
    /* -- thresholds -- */
    {"no_threshold_at_the_target", Y "    thresholds:\n      - {at: 50%, notify: owner}\n", 8, 5,
     "clocks.y.thresholds", WARNING "has none at 100%"},
    {"follow_up_that_does_not_close",
     Y "  z:\n    kind: follow_up\n    target: 7d\n    thresholds: [{at: 100%, notify: owner}]\n",
     11, 5, "clocks.z.thresholds", WARNING "has none that closes"},
    {"threshold_twice",
     Y "    thresholds:\n      - {at: 100%, notify: owner}\n      - {at: 100%, do: climb}\n", 10,
     14, "clocks.y.thresholds[1].at", "100% is there twice"},
    {"thresholds_not_ascending",
     Y "    thresholds:\n      - {at: 100%, do: climb}\n      - {at: 75%, notify: owner}\n", 10, 14,
     "clocks.y.thresholds[1].at", "comes after 100%"},
    {"threshold_does_nothing", Y "    thresholds:\n      - {at: 100%}\n", 9, 9,
     "clocks.y.thresholds[0]", "does nothing"},
    {"close_elsewhere", Y "    thresholds:\n      - {at: 100%, do: close}\n", 9, 24,
     "clocks.y.thresholds[0].do", "close: only a follow_up clock"},
    {"restart_elsewhere", Y "    thresholds:\n      - {at: 100%, do: restart}\n", 9, 24,
     "clocks.y.thresholds[0].do", "restart: only a level's clock"},
    /* -- ladder and failures -- */
    {"level_nobody_holds",
     HEAD "ladder:\n  - name: front line\n    steward: {name: Desk, contact: call}\n"
          "    authority: {all: unlimited}\n",
     4, 5, "ladder[0].steward.id", "is missing: a principal"},
    {"steward_is_no_principal",
     HEAD "ladder:\n  - name: front line\n    steward: {id: the desk, name: Desk, contact: call}\n"
          "    authority: {all: unlimited}\n",
     4, 19, "ladder[0].steward.id", "nobody would hold this level"},
    {"steward_twice", SECOND STEWARD "    authority: {all: unlimited}\n    clock: {target: 8h}\n",
     7, 19, "ladder[1].steward.id", WARNING "is the steward of level 1 too"},
    {"cost_decreases",
     LEVEL "    cost_per_touch: 5\n    authority: {all: unlimited}\n  - name: lead\n"
           "    steward: {id: lead, name: Lead, contact: call us}\n"
           "    cost_per_touch: 4.50\n    authority: {all: unlimited}\n    clock: {target: 8h}\n",
     9, 21, "ladder[1].cost_per_touch", WARNING "is less than on the level below"},
    {"authority_decreases",
     SECOND "    steward: {id: lead, name: Lead, contact: call us}\n"
            "    authority: {all: unlimited, gift: 10}\n    clock: {target: 8h}\n",
     8, 39, "ladder[1].authority.gift", "GIFT: less than the level below"},
    {"level_without_clock",
     SECOND "    steward: {id: lead, name: Lead, contact: call us}\n"
            "    authority: {all: unlimited}\n",
     6, 5, "ladder[1].clock", WARNING "is missing: a case that climbs"},
    {"authority_nobody_has", LEVEL "    authority: {all: unlimited, gift: 0}\n", 5, 39,
     "ladder[0].authority.gift", "GIFT: an authority that no level has"},
    {"level_without_authority",
     LEVEL "    authority: {all: unlimited, gift: 0}\n  - name: lead\n"
           "    steward: {id: lead, name: Lead, contact: call us}\n"
           "    authority: {all: unlimited}\n    clock: {target: 8h}\n",
     5, 39, "ladder[0].authority.gift", WARNING "GIFT: this level has no authority"},
    {"remedy_beyond_everybody",
     LEVEL "    authority: {all: 50}\nfailures:\n"
           "  late: {name: Late, severity: 2, remedy: credit, amount: 51}\n",
     7, 59, "failures.late.amount", "is more than any level may give"},
    {"climb_at_the_top",
     LEVEL "    authority: {all: unlimited}\n    clock:\n      target: 8h\n      thresholds:\n"
           "        - {at: 100%, do: climb}\n",
     9, 26, "ladder[0].clock.thresholds[0].do", "climb: this is the top"},
    /* -- calendars -- */
    {"calendar_without_work", HEAD "calendars:\n  desk:\n    weekly: {mon-sun: closed}\n", 3, 3,
     "calendars.desk", "has no working time in 2000"},
    {"calendar_all_holiday",
     HEAD
     "calendars:\n  desk:\n    weekly: {mon: \"09:00-10:00\"}\n"
     "    ical: |\n      BEGIN:VCALENDAR\n      BEGIN:VEVENT\n      DTSTART;VALUE=DATE:20270104\n"
     "      RRULE:FREQ=WEEKLY\n      SUMMARY:closed for good\n      END:VEVENT\n"
     "      END:VCALENDAR\n",
     3, 3, "calendars.desk", "has no working time in 2027"},
    {"ical_event_without_start",
     HEAD "calendars:\n  desk:\n    weekly: {mon: \"09:00-10:00\"}\n"
          "    ical:\n      strict: yes\n      text: |\n        BEGIN:VCALENDAR\n"
          "        BEGIN:VEVENT\n        SUMMARY:never\n"
          "        END:VEVENT\n        END:VCALENDAR\n",
     11, 1, "calendars.desk.ical.text", "iCalendar: event \"never\": DTSTART is missing"},
    {"ical_odd_event",
     HEAD "calendars:\n  desk:\n    weekly: {mon: \"09:00-10:00\"}\n"
          "    ical: |\n      BEGIN:VCALENDAR\n      BEGIN:VEVENT\n      SUMMARY:never\n"
          "      END:VEVENT\n      END:VCALENDAR\n",
     9, 1, "calendars.desk.ical",
     WARNING "iCalendar: event \"never\" is left out: DTSTART is missing"},
    {"ical_word_of_no_event",
     HEAD "calendars:\n  desk:\n    weekly: {mon: \"09:00-10:00\"}\n"
          "    ical:\n      except: [Nobody]\n      text: |\n        BEGIN:VCALENDAR\n"
          "        END:VCALENDAR\n",
     7, 13, "calendars.desk.ical.text", WARNING "iCalendar: no event has `Nobody` as its summary"},
    {"weekly_windows_overlap",
     HEAD "calendars:\n  desk:\n    weekly: {mon: [\"09:00-12:30\", \"12:00-17:00\"]}\n", 4, 5,
     "calendars.desk.weekly", WARNING "09:00-12:30 and 12:00-17:00 overlap"},
    {"night_meets_morning",
     HEAD "calendars:\n  desk:\n    weekly: {sun: \"22:00-06:00\", mon: \"05:00-09:00\"}\n", 4, 5,
     "calendars.desk.weekly", WARNING "22:00-06:00 and 05:00-09:00 overlap"},
    {"shifts_that_touch",
     HEAD "calendars:\n  desk:\n    weekly: {mon-sun: [\"22:00-06:00\", \"06:00-14:00\"]}\n", 0, 0,
     NULL, NULL},
    {"day_without_its_last_minute",
     HEAD "calendars:\n  desk:\n    weekly: {mon-sun: \"00:00-23:59\"}\n", 4, 5,
     "calendars.desk.weekly", WARNING "00:00-23:59 ends just before midnight"},
    {"hours_the_other_way_round",
     HEAD "calendars:\n  desk:\n    weekly: {mon-fri: \"17:00-09:00\"}\n", 4, 5,
     "calendars.desk.weekly",
     WARNING "17:00-09:00 goes over midnight and lasts 16 hours: is 09:00-17:00 meant?"},
    {"hours_on_a_holiday",
     HEAD "calendars:\n  desk:\n    weekly: {mon: \"09:00-10:00\"}\n"
          "    dates: {2026-12-25: \"09:00-12:00\"}\n"
          "    holidays: [{date: 2020-12-25, name: Christmas, yearly: yes}]\n",
     5, 25, "calendars.desk.dates.2026-12-25",
     WARNING "has hours, 09:00-12:00, and is a holiday, Christmas: the holiday wins"},
    {"hours_beside_a_holiday",
     HEAD "calendars:\n  desk:\n    weekly: {mon: \"09:00-10:00\"}\n"
          "    dates: {2026-12-24: \"09:00-12:00\"}\n"
          "    holidays: [{date: 2026-12-24, name: Eve, hours: \"12:00-24:00\"}]\n",
     0, 0, NULL, NULL},
    {"closed_after_a_night_shift",
     HEAD "calendars:\n  desk:\n    weekly: {mon-sun: \"22:00-06:00\"}\n"
          "    dates: {2026-12-31: closed}\n",
     5, 25, "calendars.desk.dates.2026-12-31",
     WARNING "is closed, and the shift of the evening before still works in it, 00:00-06:00"},
    {"closed_in_the_second_format",
     "amends: 2\ncalendars:\n  desk:\n    weekly: {mon-sun: \"22:00-06:00\"}\n"
     "    dates: {2026-12-31: closed}\n",
     0, 0, NULL, NULL},
    {"line_separator", HEAD "currency: USD # a\xe2\x80\xa8# b\n", 2, 18, "",
     WARNING "a line separator (U+2028)"},
    {"next_line", HEAD "currency: USD # a\xc2\x85# b\n", 2, 18, "", WARNING "a next line (U+0085)"},
    {"no_break_space_in_a_text", HEAD "tiers: [\"10\xc2\xa0h\"]\n", 0, 0, NULL, NULL},
    {"no_break_space_after_a_comma", HEAD "tiers: [a,\xc2\xa0 b]\n", 2, 11, "",
     WARNING "a no-break space (U+00A0)"},
    {"hours_past_midnight",
     HEAD "calendars:\n  desk:\n    weekly: {mon: \"09:00-10:00\"}\n"
          "    dates: {2026-12-25: \"22:00-30:00\"}\n",
     5, 25, "calendars.desk.dates.2026-12-25", "is not hours"},
    {"unknown_calendar", Y "    calendar: dsk\n", 8, 15, "clocks.y.calendar",
     "`dsk` is no calendar of this bundle"},
    {"unknown_calendar_near",
     HEAD "calendars:\n  desk: {weekly: {mon-fri: \"09:00-17:00\"}}\npromises:\n"
          "  contact_hours: dsk\n",
     5, 18, "promises.contact_hours", "is it `desk`?"},
    {"unknown_tier",
     HEAD "tiers: [gold, silver]\nclocks:\n" ROUND "  x:\n    kind: resolution\n    targets:\n"
          "      - {tier: [golden], target: 1d}\n      - {target: 2d}\n",
     8, 17, "clocks.x.targets[0].tier[0]", "is it `gold`?"},
    {"unknown_failure", Y "    start: {failure: biling}\n", 8, 22, "clocks.y.start.failure",
     "is it `billing`?"},
/* -- times before the deadline -- */
#define HEAD2 "amends: 2\n"
#define TIMES(kind, targets, list)                                                                 \
    HEAD2 "clocks:\n" ROUND "  x: {kind: resolution, target: 5d}\n"                                \
          "  y:\n    kind: " kind "\n" targets "    thresholds: [" list "]\n"
#define T8H "    target: 8h\n"
    {"times_and_shares",
     TIMES("resolution", T8H,
           "{at: 50%, do: climb}, {at: -1h, do: climb}, "
           "{at: -30m, do: climb}, {at: 100%, do: climb}, "
           "{at: 150%, do: climb}"),
     0, 0, NULL, NULL},
    {"time_after_the_end", TIMES("resolution", T8H, "{at: 100%, do: climb}, {at: -1h, do: climb}"),
     8, 46, "clocks.y.thresholds[1].at", "comes after 100%: thresholds ascend"},
    {"times_that_descend",
     TIMES("resolution", T8H, "{at: -1h, do: climb}, {at: -2h, do: climb}, {at: 100%, do: climb}"),
     8, 45, "clocks.y.thresholds[1].at", "comes after -1h: thresholds ascend"},
    {"time_twice",
     TIMES("resolution", T8H, "{at: -1h, do: climb}, {at: -60m, do: climb}, {at: 100%, do: climb}"),
     8, 45, "clocks.y.thresholds[1].at", "-1h is there twice: join them"},
    {"time_before_a_share_of_one_target",
     TIMES("resolution", "    targets: [{severity: 5, target: 2h, }, {target: 8h}]\n",
           "{at: 50%, do: climb}, {at: -1h, do: climb}, {at: 100%, do: climb}"),
     8, 45, "clocks.y.thresholds[1].at", "does not come after 50% of the target of 2h"},
    {"share_before_a_time",
     TIMES("resolution", T8H, "{at: -4h, do: climb}, {at: 50%, do: climb}, {at: 100%, do: climb}"),
     8, 45, "clocks.y.thresholds[1].at", "does not come after -4h of the target of 8h"},
    {"time_as_long_as_the_target",
     TIMES("resolution", T8H, "{at: -8h, do: climb}, {at: 100%, do: climb}"), 8, 23,
     "clocks.y.thresholds[0].at", "-8h is as long as the target of 8h, or longer"},
    {"time_longer_than_days",
     TIMES("resolution", "    target: {days: 1}\n", "{at: -1d, do: climb}, {at: 100%, do: climb}"),
     8, 23, "clocks.y.thresholds[0].at", "-1d is as long as the target of 1d, or longer"},
    {"time_and_share_of_days",
     TIMES("resolution", "    target: {days: 5}\n",
           "{at: 50%, do: climb}, {at: -1h, do: climb}, {at: 100%, do: climb}"),
     8, 45, "clocks.y.thresholds[1].at", "follows 50%, and which of them comes first depends on"},
    {"time_and_share_of_a_promise",
     TIMES("promise", "", "{at: 50%, do: climb}, {at: -1h, do: climb}, {at: 100%, do: climb}"), 7,
     45, "clocks.y.thresholds[1].at", "follows 50%, and which of them comes first depends on"},
    {"times_of_days",
     TIMES("resolution", "    target: {days: 5}\n",
           "{at: -1d, do: climb}, {at: -1h, do: climb}, {at: 100%, do: climb}, {at: 120%, do: "
           "climb}"),
     0, 0, NULL, NULL},
    {"close_before_the_end",
     HEAD2 "clocks:\n" ROUND "  x: {kind: resolution, target: 5d}\n"
           "  y: {kind: follow_up, target: 7d, thresholds: [{at: -1d, do: close}, {at: 100%, do: "
           "close}]}\n",
     5, 63, "clocks.y.thresholds[0].do", "the time in which the customer may still speak"},
    {"restart_before_the_end",
     HEAD2 "clocks:\n" ROUND "  x: {kind: resolution, target: 5d}\n"
           "  y: {kind: next_contact, target: 7d, thresholds: [{at: -1d, do: restart}, "
           "{at: 100%, do: climb}]}\n",
     5, 66, "clocks.y.thresholds[0].do", "restart: only at 100%"},
    /* -- silence -- */
    {"silence", ONE("resolution") "    target: 5d\n    start: {severity: 2+, status: live}\n", 2, 1,
     "clocks", "start none when a case opens (severity: 1)"},
    {"silence_of_a_channel",
     ONE("resolution") "    target: 5d\n    start: {channel: {not: [letter]}, status: live}\n"
                       "  y:\n    kind: resolution\n    target: 1d\n"
                       "    start: {channel: letter, severity: 1, failure: billing}\n",
     2, 1, "clocks",
     "start none when a case opens (severity: 1; channel: letter; failure: access, "
     "access.locked_out, access.no_answer)"},
    {"silence_until_accepted", ONE("resolution") "    target: 5d\n    start: {owner: agent}\n", 2,
     1, "clocks", "start none when a case opens (any kind)"},
    {"silence_after_the_first_word", ONE("first_response") "    target: 1d\n", 2, 1, "clocks",
     WARNING "start none that runs until a case is resolved (any kind)"},
    {"forgotten_when_acknowledged",
     HEAD
     "clocks:\n  x: {kind: resolution, target: 5d}\n"
     "  y: {kind: next_contact, target: 3d, stop: never, start: {progress: yes, status: live},\n"
     "      thresholds: [{at: 100%, do: restart}], cancel: {status: resolved}}\n",
     2, 1, "clocks", WARNING "have none that goes round while a case is worked on (progress: no)"},
    {"forgotten_when_it_was_told_once",
     HEAD "clocks:\n  x: {kind: resolution, target: 5d}\n"
          "  y: {kind: next_contact, target: 3d, stop: never, start: {status: live},\n"
          "      cancel: {status: resolved}}\n",
     2, 1, "clocks", WARNING "have none that goes round while a case is worked on (any kind)"},
    /* -- standing still -- */
    {"all_stand_while_nobody_takes_it",
     HEAD "clocks:\n  x:\n    kind: resolution\n    target: 5d\n    pause: {owner: steward, "
          "status: in_progress}\n    pause_limit: {single: 520w, total: 520w}\n" ROUND_STANDS,
     7, 5, "clocks.x.pause_limit",
     REFUSAL "may let a case stand for 3640d with no clock that runs (level: 1; "
             "acknowledged: no; progress: no): in every status"},
    {"one_runs_beside_it",
     ONE("resolution") "    target: 5d\n    pause_limit: {single: 61d, total: 90d}\n  y:\n    "
                       "kind: "
                       "statutory\n    target: {days: 56}\n",
     0, 0, NULL, NULL},
    {"sixty_days_are_not_too_long",
     HEAD "clocks:\n  x:\n    kind: resolution\n    target: 5d\n    pause_limit: {single: 60d, "
          "total: 520w}\n" ROUND,
     0, 0, NULL, NULL},
    {"what_goes_round_stands_when_the_others_have_run_out",
     HEAD "clocks:\n  x: {kind: statutory, target: {days: 56}}\n" ROUND_STANDS, 4, 159,
     "clocks.round.pause_limit", REFUSAL "may let a case stand for 3640d"},
    {"resolved_for_ever", HEAD "clocks:\n  x: {kind: resolution, target: 5d}\n" ROUND, 2, 1,
     "clocks", WARNING "have no follow_up for a case that is resolved (any kind)"},
    {"some_are_resolved_for_ever",
     HEAD "clocks:\n  x: {kind: resolution, target: 5d}\n" ROUND
          "  y: {kind: follow_up, target: 7d, start: {status: resolved, severity: 2+}}\n",
     2, 1, "clocks", WARNING "have no follow_up for a case that is resolved (severity: 1)"},
    {"subject_with_conditions",
     Y "  z:\n    kind: fulfilment\n    target: 7d\n    start: {status: live}\n", 11, 5,
     "clocks.z.start", "cannot be given"},
    {"promise_with_target", Y "  z:\n    kind: promise\n    target: 7d\n", 10, 13,
     "clocks.z.target", "cannot be given: the instant is what was promised"},
    {"subject_twice",
     Y "  z:\n    kind: approval\n    target: 7h\n  w:\n    kind: approval\n    target: 8h\n", 12,
     11, "clocks.w.kind", "is measured by `z` already"},
};

/* No trap but its own has a follow_up. */
static void drop_the_missing_follow_up(const struct trap *t, struct bundle_problems *problems)
{
    static const char text[] = "have no follow_up for a case that is resolved";
    size_t n = 0;
    for (size_t i = 0; i < problems->n; i++) {
        if (strstr(problems->items[i].text, text) && !(t->text && strstr(t->text, "follow_up for")))
            continue;
        problems->items[n++] = problems->items[i];
    }
    problems->n = n;
}

static void only_this_problem(void **state)
{
    const struct trap *t = *state;
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    struct policy *p = bundle_compile(1, t->source, &problems);
    drop_the_missing_follow_up(t, &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_message("%d:%d %s: %s\n", problems.items[i].line, problems.items[i].column,
                      problems.items[i].path, problems.items[i].text);
    assert_int_equal(problems.n, t->text ? 1 : 0);
    bool warning = t->text && strncmp(t->text, WARNING, strlen(WARNING)) == 0;
    bool refusal = t->text && strncmp(t->text, REFUSAL, strlen(REFUSAL)) == 0;
    if (t->text) {
        const struct bundle_problem *found = &problems.items[0];
        assert_string_equal(found->path, t->path);
        assert_non_null(strstr(found->text, t->text + (warning   ? strlen(WARNING)
                                                       : refusal ? strlen(REFUSAL)
                                                                 : 0)));
        assert_int_equal(found->line, t->line);
        assert_int_equal(found->column, t->column);
        assert_int_equal(found->warning, warning);
        assert_int_equal(found->refusal, refusal);
    }
    assert_int_equal(p != NULL, !t->text || warning);
    policy_free(p);
    arena_free(&arena);
}

#define TRAPS (sizeof(traps) / sizeof(traps[0]))

int main(void)
{
    struct CMUnitTest tests[TRAPS];
    struct trap copies[TRAPS];
    memcpy(copies, traps, sizeof(traps));
    for (size_t i = 0; i < TRAPS; i++)
        tests[i] = (struct CMUnitTest){
            .name = traps[i].name, .test_func = only_this_problem, .initial_state = &copies[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
