/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/sockets.h"

#include <stdio.h>

#define LINE_BYTES 256
#define STATE_ESTABLISHED 0x01
#define STATE_CLOSE_WAIT 0x08 /* the peer has sent everything, but may still read an answer */

/* "sl: local_address rem_address st ...", in hexadecimal; the first line is a heading. */
static bool is_connection(const char *line, unsigned port)
{
    unsigned local = 0, state = 0;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes these numbers. */
    return sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) == 2 &&
           local == port && (state == STATE_ESTABLISHED || state == STATE_CLOSE_WAIT);
}

/* A table that is not there, as that of IPv6 may be, has no connections. */
static bool table_has(const char *path, unsigned port, bool *readable)
{
    char line[LINE_BYTES];
    bool found = false;
    FILE *table = fopen(path, "re");
    if (!table)
        return false;
    *readable = true;
    while (!found && fgets(line, sizeof(line), table))
        found = is_connection(line, port);
    (void)fclose(table);
    return found;
}

bool sockets_connected(int port)
{
    bool readable = false;
    const bool found = table_has("/proc/self/net/tcp", (unsigned)port, &readable) ||
                       table_has("/proc/self/net/tcp6", (unsigned)port, &readable);
    return found || !readable;
}
