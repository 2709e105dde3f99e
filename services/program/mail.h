/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The options about mail, which the services and `amends mail` share.
 *
 * Threading: the main thread, before others start. Ownership: values borrow the command line and
 * the environment.
 */

#include "base/options.h"
#include "outbound/smtp_session.h"

#define MAIL_OPTIONS 7

/* Sets the defaults and writes the options that change them into `out`; how many they are. */
size_t mail_options(struct smtp_settings *m, struct option_spec out[MAIL_OPTIONS]);

/* AM_EINVAL when they cannot be used, also when only a part of them is given: whoever gives a part
 * means to send mail (written to standard error). */
int mail_check(const struct smtp_settings *m) AM_MUSTCHECK;
