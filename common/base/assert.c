/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"

#include <stdlib.h>

#include "base/log.h"

void assert_failed(const char *what, const char *file, int line)
{
    log_error("assert", "failed", LOG_STR("what", what), LOG_STR("file", file),
              LOG_INT("line", line));
    abort();
}
