/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/prices.h"

#include <string.h>

/* ListCases: a page of 500 cases, 128,391 bytes, 12.0; one of 50, 12,856 bytes, 2.1. */
#define ANSWER_BYTES 10240

struct price {
    const char *path;
    uint32_t price;
    const char *items; /* each item of this repeated field costs 1 more */
};

#define INTAKE "/amends.v1.IntakeService/"
#define POLICY "/amends.v1.PolicyService/"
#define ASSIGNMENT "/amends.v1.AssignmentService/"
#define RESOLUTION "/amends.v1.ResolutionService/"
#define ACCESS "/amends.v1.AccessService/"
#define HISTORY "/amends.v1.HistoryService/"
#define WORK "/amends.v1.WorkService/"
#define FEED "/amends.v1.FeedService/"
#define PRIVACY "/amends.v1.PrivacyService/"
#define NOTIFICATION "/amends.v1.NotificationService/"
#define WEBHOOK "/amends.v1.WebhookService/"

/* A command on a case, with what follows from it in other services. Measured: RecordContact 5.7,
 * OpenCase 5.6, both alone in their segment, as a caller has them who waits for each. */
#define COMMAND 6

static const struct price prices[] = {
    /* PostgreSQL reads one row in each of some tables: 0.39 ms of the processors. */
    {INTAKE "GetCase", 1, NULL},
    /* Measured: 9.0 for 10 cases, 85.6 for 100. */
    {INTAKE "BatchGetCases", 1, "case_ids"},
    {INTAKE "ListCases", 1, NULL},
    {INTAKE "ListSignals", 1, NULL},       /* 1.3 */
    {INTAKE "ListContacts", 1, NULL},      /* 1.0 */
    {INTAKE "ListActs", 1, NULL},          /* 0.5 */
    {INTAKE "GetCaseHistory", 1, NULL},    /* 0.7 */
    {INTAKE "VerifyCaseHistory", 1, NULL}, /* 0.9 for 7 events */
    {INTAKE "GetContactCard", 1, NULL},    /* 0.5 */
    {INTAKE "ExplainDeadline", 1, NULL},   /* 0.7 */
    {INTAKE "OpenCase", COMMAND, NULL},
    {POLICY "GetPolicy", 1, NULL},          /* 0.4 */
    {POLICY "ListPolicyVersions", 1, NULL}, /* 0.4 */
    /* Compiled and compared by the processors of the service: 7.1, a dry run 5.6. */
    {POLICY "ApplyPolicy", 7, NULL},
    /* It decides about each case of its page, 500 of which are usual: 56 for 200 cases that moved,
     * 12 to 27 in a dry run. */
    {POLICY "MigrateCases", 140, NULL},
    {ASSIGNMENT "GetAgent", 1, NULL},    /* 0.5 */
    {ASSIGNMENT "ListAgents", 1, NULL},  /* 1.3 for 50 agents, 9,042 bytes */
    {ASSIGNMENT "PutAgent", 1, NULL},    /* 1.2 */
    {ASSIGNMENT "SetPresence", 2, NULL}, /* 1.5 */
    /* It looks at every case of its page: 11.6 for 650 cases. */
    {ASSIGNMENT "AuditCases", 12, NULL},
    {ASSIGNMENT "RequestAssignment", COMMAND, NULL},
    {ASSIGNMENT "AcceptOffer", COMMAND, NULL},
    {ASSIGNMENT "DeclineOffer", COMMAND, NULL},
    {ASSIGNMENT "EscalateCase", COMMAND, NULL},
    {ASSIGNMENT "AcknowledgeEscalation", COMMAND, NULL},
    {ASSIGNMENT "WatchOffers", COMMAND, NULL},
    /* 50 rows of an agent 2.4, of a desk with 40,000 cases or of a team of 20 agents 5.0. */
    {WORK "ListWork", 4, NULL},
    /* Of a usual agent 1.4, of one with 10,000 cases 6.3; 31 of a desk that has more than is
     * counted. */
    {WORK "GetWorkSummary", 12, NULL},
    {WORK "WatchWork", COMMAND, NULL},
    {RESOLUTION "RecordContact", COMMAND, NULL},
    {RESOLUTION "CorrectContact", COMMAND, NULL},
    {RESOLUTION "RecordAct", COMMAND, NULL},
    {RESOLUTION "RecordRootCause", COMMAND, NULL},
    {RESOLUTION "ProposeRemedy", COMMAND, NULL},
    {RESOLUTION "RecordCustomerResponse", COMMAND, NULL},
    {RESOLUTION "ReportFulfilment", COMMAND, NULL},
    {RESOLUTION "DenyClaim", COMMAND, NULL},
    {RESOLUTION "MakePromise", COMMAND, NULL},
    {RESOLUTION "SettlePromise", COMMAND, NULL},
    {RESOLUTION "RetargetClock", COMMAND, NULL},
    {RESOLUTION "PauseCase", COMMAND, NULL},
    {RESOLUTION "ResumeCase", COMMAND, NULL},
    {RESOLUTION "ResolveCase", COMMAND, NULL},
    {RESOLUTION "CloseCase", COMMAND, NULL},
    {RESOLUTION "ReopenCase", COMMAND, NULL},
    /* Not measured one by one: a row or a page of rows, one written row, and what goes through many
     * cases, which is priced as AuditCases and MigrateCases are. */
    {WEBHOOK "ListWebhooks", 1, NULL},
    {WEBHOOK "ListDeliveries", 1, NULL},
    {WEBHOOK "PutWebhook", COMMAND, NULL},
    {WEBHOOK "DeleteWebhook", COMMAND, NULL},
    {WEBHOOK "TestWebhook", COMMAND, NULL},
    {WEBHOOK "Redeliver", 140, NULL},
    {ACCESS "GetApiKey", 1, NULL},
    {ACCESS "ListApiKeys", 1, NULL},
    {ACCESS "CreateApiKey", COMMAND, NULL},
    {ACCESS "RotateApiKey", COMMAND, NULL},
    {ACCESS "RevokeApiKey", COMMAND, NULL},
    {FEED "WatchEvents", COMMAND, NULL},
    /* 1.2 ms of the processors for the 100 events of a usual page, up to 24 with a filter that
     * passes next to nothing. */
    {FEED "ReadEvents", 6, NULL},
    {HISTORY "ListCheckpoints", 1, NULL},
    {HISTORY "GetCheckpointHeads", 1, NULL},
    {HISTORY "VerifyHistories", 140, NULL},
    {NOTIFICATION "ListNotifications", 1, NULL},
    {NOTIFICATION "AcknowledgeNotification", 1, "notifications"},
    {NOTIFICATION "ReportBounce", 1, NULL},
    {PRIVACY "ListAccessRecords", 1, NULL},
    {PRIVACY "EraseCustomer", 140, NULL},
    {PRIVACY "ExportCustomer", 140, NULL},
    /* The services tell each other what was committed. */
    {"/amends.v1.AssignmentInternalService/Route", 0, NULL},
};

#define COUNT (sizeof(prices) / sizeof(prices[0]))

static const struct price *row_of(const char *path)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(prices[i].path, path) == 0)
            return &prices[i];
    return NULL;
}

uint32_t price_of(const char *path)
{
    const struct price *row = row_of(path);
    return row ? row->price : 1;
}

const char *price_items(const char *path)
{
    const struct price *row = row_of(path);
    return row ? row->items : NULL;
}

uint32_t price_of_answer(size_t bytes)
{
    return (uint32_t)(bytes / ANSWER_BYTES);
}

const char *price_row(size_t i)
{
    return i < COUNT ? prices[i].path : NULL;
}
