/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/privacy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amends/v1/privacy_service.pb-c.h"
#include "amendsctl/out.h"
#include "base/assert.h"

#define OWNER_ONLY 0600

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

/* From here on standard output is this file, which only its owner can read. */
static int open_out(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (fd < 0) {
        out_error("amendsctl: %s: %s", path,
                  errno == EEXIST ? "is there already, and is not written over; name another file"
                                  : strerror(errno));
        return AM_EINVAL;
    }
    const bool put = dup2(fd, STDOUT_FILENO) == STDOUT_FILENO;
    (void)close(fd);
    return put ? AM_OK : AM_EIO;
}

static int export_customer(const struct ctl *c, const struct rpc_principal *as)
{
    const struct line *line = c->line;
    const enum command_server server = line->command->server;
    struct rpc_sync_result result = {0};
    const int err = rpc_sync_stream(c->client, ctl_service(server),
                                    ctl_method_index(server, line->command->method), as,
                                    line->request, line->timeout_ms < 0 ? 0 : line->timeout_ms,
                                    print_piece, NULL, c->arena, &result);
    return err ? ctl_cannot_call(line, err) : ctl_report(c, &result);
}

int privacy_run_export(const struct ctl *c)
{
    const char *path = globals_get(&c->line->values, GLOBAL_OUT);
    struct rpc_principal as;
    if (ctl_caller(c, &as) || (path && open_out(path)))
        return 1;
    const int code = export_customer(c, &as);
    if (code && path)
        (void)unlink(path); /* half a document is none */
    return code;
}
