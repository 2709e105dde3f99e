/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The gRPC library itself. Threading: the main thread; calls nest. */

/* Starts the library. Its own messages (errors only, unless GRPC_VERBOSITY says otherwise) go to
 * our log. Its threads take no signals. */
void core_init(void);
/* Undoes one core_init(). */
void core_shutdown(void);
