/* SPDX-License-Identifier: Apache-2.0 */
#include "case/model/decision.h"

struct uuid decision_id(struct decision *d)
{
    return uuid_derive(&d->cmd->seed, d->ids++);
}
