/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/rpc/found.h"

#include "base/log.h"
#include "base/metrics.h"

static METRIC_DEFINE(findings_total, METRIC_COUNTER, "amends_history_findings_total",
                     "What verifications found: a history, a row or a checkpoint that is not as it "
                     "was written. Alert on any.");
static METRIC_DEFINE(found_gauge, METRIC_GAUGE, "amends_history_findings",
                     "1 once a verification of this process has found something, until it starts "
                     "anew.");

void found_metrics(void)
{
    metric_register(&findings_total);
    metric_register(&found_gauge);
}

void found_tell(const char *tenant, Amends__V1__HistoryFinding *const *findings, size_t n)
{
    if (n == 0)
        return;
    const Amends__V1__HistoryFinding *first = findings[0];
    metric_add(&findings_total, 0, (int64_t)n);
    metric_set(&found_gauge, 0, 1);
    log_error("history", "not_intact", LOG_STR("tenant", tenant),
              LOG_STR("case_id", first->case_id ? first->case_id : ""),
              LOG_STR("problem", first->problem ? first->problem : ""),
              LOG_INT("findings", (int64_t)n),
              LOG_STR("do", "see who could write to the database; amendsctl verify --all shows all "
                            "findings"));
}
