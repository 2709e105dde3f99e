/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The handlers of FeedService. The streams themselves are in intake/feed.
 *
 * Threading: io loop's thread. Ownership: everything of a call lies in its arena, but for pages of
 * the feed, which are let go of with the answer.
 */

#include "shared/service.h"

void feeds_watch(struct rpc_call *call, void *service);
void feeds_read(struct rpc_call *call, void *service);
