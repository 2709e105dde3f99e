/* SPDX-License-Identifier: Apache-2.0 */
#include "case/refresh.h"

#include "case/clocks/clocks.h"
#include "case/queue.h"
#include "case/status.h"
#include "contract/statuses.h"

static void refresh_status(struct decision *d)
{
    struct case_row *row = &d->c->row;
    int status = case_derive_status(d->c, d->policy);
    int64_t boost_ms = case_queue_boost_ms(d->c, d->policy);
    if (status == row->status && boost_ms == row->boost_ms)
        return;
    row->status = (int16_t)status;
    row->boost_ms = boost_ms;
    row_touch(&row->row);
}

void case_refresh(struct decision *d)
{
    if (status_is_waiting(d->c->row.status))
        refresh_status(d);
    clocks_refresh(d);
    case_queue_refresh(d);
}
