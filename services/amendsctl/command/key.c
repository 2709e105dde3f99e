/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/key.h"

#include <string.h>

#include "amendsctl/out.h"
#include "amendsctl/show.h"
#include "auth/key_file.h"
#include "base/assert.h"

#define WROTE "api_key.key_id,api_key.principal,api_key.roles,api_key.end_time"
#define WROTE_BOTH WROTE ",old_api_key.key_id,old_api_key.end_time"
/* The exit code of what was refused because of how things stand. */
#define WAS_SHOWN 4

/* The text field `key` of a response. */
static char **key_text(const ProtobufCMessage *reply)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "key");
    AM_ASSERT(f != NULL && f->type == PROTOBUF_C_TYPE_STRING);
    return (char **)(uintptr_t)((const char *)reply + f->offset);
}

/* Takes the key out of the response, so that nothing prints it by the way. */
static enum api_key_form take_key(const ProtobufCMessage *reply, struct api_key *key)
{
    char **text = key_text(reply);
    const size_t len = strlen(*text);
    const enum api_key_form form = api_key_read(*text, len, &key->mark);
    if (form == API_KEY_GOOD)
        memcpy(key->text, *text, API_KEY_CHARS + 1);
    explicit_bzero(*text, len);
    return form;
}

static void print(const struct ctl *c, const ProtobufCMessage *reply)
{
    const bool rotates =
        protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "old_api_key") != NULL;
    if (c->line->json)
        out_json(reply);
    else
        (void)show_paths(reply, rotates ? WROTE_BOTH : WROTE, &c->line->view, c->arena);
}

static int lost(const char *why)
{
    out_error("amendsctl: the key was made, and its text is lost: %s; revoke it and make another",
              why);
    return OUT_LOST;
}

/* What was answered: the key goes first, because it cannot be had again. */
static int deliver(const struct ctl *c, struct key_out *out, const ProtobufCMessage *reply)
{
    struct api_key key = {0};
    char why[KEY_FILE_WHY];
    int code = 0;
    const bool repeated = !**key_text(reply);
    const enum api_key_form form = take_key(reply, &key);
    if (!repeated && form != API_KEY_GOOD)
        code = lost("the server sent something else than a key");
    else if (!repeated && key_out_write(out, &key, why))
        code = lost(why);
    api_key_forget(&key);
    print(c, reply);
    if (repeated) {
        out_error("amendsctl: this request was made before, and the text of the key stood in the "
                  "answer of then: if it is lost, revoke the key and make another");
        code = WAS_SHOWN;
    }
    return code;
}

int key_run_make(const struct ctl *c)
{
    struct key_out out;
    char why[KEY_FILE_WHY];
    const ProtobufCMessage *reply = NULL;
    if (key_out_open(&out, globals_get(&c->line->values, GLOBAL_OUT), why)) {
        out_error("amendsctl: %s", why);
        return 1;
    }
    int code = ctl_call(c, c->line->command->method, c->line->request, &reply);
    if (code == 0)
        code = deliver(c, &out, reply);
    key_out_close(&out);
    return code;
}
