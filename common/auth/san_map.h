/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who a client certificate is, by the names in its subjectAltName. A file says it, a line a name:
 *
 *   # name                              tenant  principal  roles
 *   uri:spiffe://example.com/crm        acme    crm        CLIENT,GATEWAY
 *   uri:spiffe://example.com/agents/(*)  acme    *          AGENT
 *   dns:mail.example.com                acme    mail       GATEWAY
 *   email:ann@example.com               acme    ann        AGENT,SUPERVISOR
 *   uri:spiffe://example.com/amends     *       amends     INTERNAL
 *
 * (a bare * where (*) stands). Spaces or tabs stand between the columns; what follows a # is a
 * comment. A URI may end with a slash and *, which stands for anything but nothing. The principal *
 * is what that * stands for. The first line of the file that fits one of a certificate's names
 * counts, so a line that no name can reach is a mistake. The role INTERNAL, with the tenant * and
 * the principal amends, is for the services themselves.
 *
 * DNS names are compared without regard to case, all others byte by byte.
 *
 * Threading: a map is immutable. Ownership: texts of an identity lie in the arena given.
 */

#include "auth/identity.h"

#define SAN_LINES_MAX 4096
#define SAN_BYTES_MAX (512u * 1024)
#define SAN_NAME_BYTES_MAX 512

enum san_kind { SAN_DNS, SAN_URI, SAN_EMAIL, SAN_IP, SAN_KINDS };

struct san {
    enum san_kind kind;
    const char *text;
};

struct san_map;

/* Reads the text of a file. NULL when it is wrong: `tell` was called for each mistake, with the
 * line's number. */
struct san_map *san_map_read(const char *text, size_t len,
                             void (*tell)(void *ctx, int line, const char *what), void *ctx);
/* NULL is allowed. */
void san_map_free(struct san_map *map);

size_t san_map_lines(const struct san_map *map);

/* Who has these names. `credential` of the identity is the name that counted ("uri:spiffe://...").
 * AM_ENOENT: no line fits. AM_EINVAL: what a * stands for is no principal. `*why` has the reason, a
 * constant. */
int san_map_find(const struct san_map *map, const struct san *names, size_t n, struct arena *arena,
                 struct auth_identity *out, const char **why) AM_MUSTCHECK;

/* True when the map still says of the identity's name what it said when the identity was found. */
bool san_map_alive(const struct san_map *map, const struct auth_identity *identity);
