/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwt_settings.h"

#include <string.h>

#include "contract/check.h"

#define USUAL_PRINCIPAL_CLAIM "sub"
#define USUAL_ROLES_CLAIM "roles"
#define HTTPS "https://"
#define ISSUER_BYTES_MAX 1024
#define WHY_BYTES 256

struct reading {
    void (*tell)(void *ctx, const char *option, const char *what);
    void *ctx;
    bool wrong;
};

static void wrong(struct reading *r, const char *option, const char *what)
{
    r->wrong = true;
    r->tell(r->ctx, option, what);
}

bool jwt_settings_given(const struct jwt_settings *s)
{
    const char *const all[] = {s->issuer,          s->audience,    s->jwks,
                               s->jwks_ca,         s->tenant,      s->tenant_claim,
                               s->principal_claim, s->roles_claim, s->roles_map};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (*all[i])
            return true;
    return false;
}

bool jwt_settings_remote(const struct jwt_settings *s)
{
    return strstr(s->jwks, "://") != NULL;
}

/* A name and a password in an address would be seen by whoever lists the processes. */
static bool has_user(const char *url)
{
    const char *host = url + strlen(HTTPS);
    const char *at = strchr(host, '@');
    return at && at < host + strcspn(host, "/?#");
}

static void read_place(struct reading *r, const struct jwt_settings *s)
{
    const bool remote = jwt_settings_remote(s);
    if (!*s->jwks)
        wrong(r, "jwt-jwks", "is missing: the file or https address of the provider's key set");
    else if (remote && strncasecmp(s->jwks, HTTPS, strlen(HTTPS)) != 0)
        wrong(r, "jwt-jwks", "is neither a file nor an https:// address");
    else if (remote && has_user(s->jwks))
        wrong(r, "jwt-jwks", "has a user name or password in it, which others could see");
    if (*s->jwks_ca && !remote)
        wrong(r, "jwt-jwks-ca", "is only for an https:// address in --jwt-jwks");
}

static void read_who(struct reading *r, const struct jwt_settings *s)
{
    if (!*s->issuer)
        wrong(r, "jwt-issuer", "is missing: what `iss` of a token must be");
    else if (strlen(s->issuer) > ISSUER_BYTES_MAX)
        wrong(r, "jwt-issuer", "is longer than 1,024 bytes");
    if (!*s->audience)
        wrong(r, "jwt-audience",
              "is missing: what `aud` of a token must name, so that tokens for other programs are "
              "refused");
}

static void read_path(struct reading *r, const char *option, const char *text,
                      struct claim_path *out)
{
    const char *why = "";
    if (claim_path_parse(text, out, &why))
        wrong(r, option, why);
}

static void read_tenant(struct reading *r, const struct jwt_settings *s, struct jwt_rules *rules)
{
    if (*s->tenant && *s->tenant_claim)
        wrong(r, "jwt-tenant-claim",
              "and --jwt-tenant are both given: one of them says the tenant");
    else if (*s->tenant && !check_name(s->tenant, strlen(s->tenant), CHECK_TENANT_BYTES_MAX))
        wrong(r, "jwt-tenant", "is no tenant: A-Z a-z 0-9 . _ @ : - and at most 64 of them");
    else if (!*s->tenant && !*s->tenant_claim)
        wrong(
            r, "jwt-tenant-claim",
            "is missing: the claim that names the tenant; or --jwt-tenant, the one tenant of all");
    else if (*s->tenant_claim)
        read_path(r, "jwt-tenant-claim", s->tenant_claim, &rules->tenant_claim);
}

static void read_roles(struct reading *r, const struct jwt_settings *s, struct jwt_rules *rules)
{
    char why[WHY_BYTES];
    read_path(r, "jwt-roles-claim", *s->roles_claim ? s->roles_claim : USUAL_ROLES_CLAIM,
              &rules->roles_claim);
    if (role_map_parse(s->roles_map, &rules->roles, why, sizeof why))
        wrong(r, "jwt-roles-map", why);
    rules->mapped = *s->roles_map != '\0';
}

int jwt_settings_read(const struct jwt_settings *s, struct jwt_rules *rules,
                      void (*tell)(void *ctx, const char *option, const char *what), void *ctx)
{
    struct reading r = {.tell = tell, .ctx = ctx};
    *rules = (struct jwt_rules){.issuer = s->issuer, .audience = s->audience, .tenant = s->tenant};
    read_who(&r, s);
    read_place(&r, s);
    read_tenant(&r, s, rules);
    read_path(&r, "jwt-principal-claim",
              *s->principal_claim ? s->principal_claim : USUAL_PRINCIPAL_CLAIM,
              &rules->principal_claim);
    read_roles(&r, s, rules);
    return r.wrong ? AM_EINVAL : AM_OK;
}
