/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/privacy.h"

#include <stdlib.h>
#include <string.h>

#include "amends/v1/privacy_service.pb-c.h"
#include "amendsctl/out.h"
#include "base/assert.h"

/* One piece, which may end in the middle of a character, as bytes. */
static bool print_piece(void *ctx, const ProtobufCMessage *message)
{
    const ProtobufCBinaryData *data = &((const Amends__V1__ExportCustomerResponse *)message)->data;
    char *text = malloc(data->len + 1);
    (void)ctx;
    AM_ASSERT(text != NULL);
    memcpy(text, data->data, data->len);
    text[data->len] = '\0';
    out_text(text);
    free(text);
    return out_flush();
}

int privacy_run_export(const struct ctl *c)
{
    const struct line *line = c->line;
    const enum command_server server = line->command->server;
    struct rpc_principal as;
    struct rpc_sync_result result = {0};
    if (ctl_caller(c, &as))
        return 1;
    const int err = rpc_sync_stream(c->client, ctl_service(server),
                                    ctl_method_index(server, line->command->method), &as,
                                    line->request, line->timeout_ms < 0 ? 0 : line->timeout_ms,
                                    print_piece, NULL, c->arena, &result);
    return err ? ctl_cannot_call(line, err) : ctl_report(c, &result);
}
