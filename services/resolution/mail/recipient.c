/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/mail/recipient.h"

#include <string.h>

void mail_recipient_of(const struct policy *p, const char *principal, const char *email,
                       const char *language, struct mail_recipient *out)
{
    *out = (struct mail_recipient){.address = email, .language = language, .zone = ""};
    for (int i = 1; i <= p->n_levels; i++) {
        const struct policy_level *l = &p->levels[i];
        if (strcmp(l->steward, principal) != 0)
            continue;
        out->address = l->steward_email;
        out->language = l->steward_language;
        if (*out->address)
            return;
    }
}

const char *mail_link_pattern(const struct policy *p)
{
    return p->notify.link;
}
