/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/calendar.h"

/* Dates are counted in years that begin on 1 March, so that the leap day is a year's last, and in
 * eras of 400 years, after which the leap years repeat. */
#define ERA_YEARS 400
#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

static int32_t floor_div(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

/* Days of the year that are over before the first of the month; March is 0. */
static int32_t days_before_month(int32_t march_month)
{
    return (153 * march_month + 2) / 5;
}

int32_t calendar_date(int year, int month, int day)
{
    int32_t march_year = month > 2 ? year : year - 1;
    int32_t era = floor_div(march_year, ERA_YEARS);
    int32_t year_of_era = march_year - era * ERA_YEARS;
    int32_t day_of_year = days_before_month((month + 9) % 12) + day - 1;
    int32_t leap_days = year_of_era / 4 - year_of_era / 100;
    return era * ERA_DAYS + year_of_era * 365 + leap_days + day_of_year - EPOCH_DAYS;
}

void calendar_date_parts(int32_t date, int *year, int *month, int *day)
{
    int32_t days = date + EPOCH_DAYS;
    int32_t era = floor_div(days, ERA_DAYS);
    int32_t day_of_era = days - era * ERA_DAYS;
    int32_t leap_days = day_of_era / 1460 - day_of_era / 36524 + day_of_era / (ERA_DAYS - 1);
    int32_t year_of_era = (day_of_era - leap_days) / 365;
    int32_t day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    int32_t march_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - days_before_month(march_month) + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = era * ERA_YEARS + year_of_era + (*month <= 2);
}

static bool has_form_of_date(const char *text)
{
    for (size_t i = 0; i < 10; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (i == 4 || i == 7 ? text[i] != '-' : !digit)
            return false;
    }
    return text[10] == '\0';
}

static int number(const char *text, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + text[i] - '0';
    return value;
}

int calendar_date_parse(const char *text, int32_t *date)
{
    if (!has_form_of_date(text))
        return AM_EINVAL;
    int year = number(text, 4), month = number(text + 5, 2), day = number(text + 8, 2);
    if (year < CALENDAR_YEAR_FIRST || year > CALENDAR_YEAR_LAST || month < 1 || month > 12)
        return AM_EINVAL;
    int32_t found = calendar_date(year, month, day);
    int y, m, d;
    calendar_date_parts(found, &y, &m, &d);
    if (y != year || m != month || d != day) /* 31 April would be 1 May */
        return AM_EINVAL;
    *date = found;
    return AM_OK;
}
