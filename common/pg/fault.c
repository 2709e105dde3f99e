/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "contract/reasons.h"
#include "pg/pool.h"

const struct fault pg_fault_away = {.code = FAULT_UNAVAILABLE,
                                    .reason = ERROR_REASON_DATABASE_AWAY,
                                    .message = "the database cannot be reached; try again",
                                    .retry_ms = 1000};
const struct fault pg_fault_overloaded = {.code = FAULT_RESOURCE_EXHAUSTED,
                                          .reason = ERROR_REASON_OVERLOADED,
                                          .message = "too many calls wait for the database",
                                          .retry_ms = 200};
const struct fault pg_fault_large = {.code = FAULT_RESOURCE_EXHAUSTED,
                                     .reason = ERROR_REASON_TOO_LARGE,
                                     .message = "the answer of the database is too large"};
const struct fault pg_fault_deadline = {.code = FAULT_DEADLINE_EXCEEDED,
                                        .reason = ERROR_REASON_DEADLINE,
                                        .message =
                                            "the deadline passed before the call was decided"};
const struct fault pg_fault_defect = {.code = FAULT_INTERNAL,
                                      .reason = ERROR_REASON_DEFECT,
                                      .message = "the database refused a statement of ours"};
const struct fault pg_fault_draining = {.code = FAULT_UNAVAILABLE,
                                        .reason = ERROR_REASON_DRAINING,
                                        .message = "the server is shutting down",
                                        .retry_ms = 200};
const struct fault pg_fault_unknown = {
    .code = FAULT_UNAVAILABLE,
    .reason = ERROR_REASON_OUTCOME_UNKNOWN,
    .message = "the connection broke after the commit was sent; repeat with the same request id",
    .retry_ms = 500};
const struct fault pg_fault_contended = {.code = FAULT_UNAVAILABLE,
                                         .reason = ERROR_REASON_CONTENDED,
                                         .message =
                                             "others held the same case or agent for too long",
                                         .retry_ms = 200};

const struct fault pg_fault_standby = {
    .code = FAULT_UNAVAILABLE,
    .reason = ERROR_REASON_STANDBY_AWAY,
    .message = "commits wait for a standby of the database; repeat later with the same request id",
    .retry_ms = 1000};

enum pg_blame pg_blame(const char *sqlstate)
{
    static const char conflicts[][6] = {"40001", "40P01", "55P03"};
    static const char stale[][6] = {"26000", "0A000"};
    static const char server[][3] = {"08", "25", "53", "57", "58"};
    for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++)
        if (strcmp(sqlstate, conflicts[i]) == 0)
            return PG_BLAME_CONFLICT;
    for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++)
        if (strcmp(sqlstate, stale[i]) == 0)
            return PG_BLAME_STALE;
    for (size_t i = 0; i < sizeof(server) / sizeof(server[0]); i++)
        if (strncmp(sqlstate, server[i], 2) == 0)
            return PG_BLAME_SERVER;
    return PG_BLAME_STATEMENT;
}

int64_t pg_jitter_us(int64_t from_us, int64_t to_us)
{
    return to_us > from_us ? from_us + (int64_t)arc4random_uniform((uint32_t)(to_us - from_us))
                           : from_us;
}
