/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/word.h"

#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "contract/reasons.h"

_Static_assert((int)ERROR_REASON_INVALID_ARGUMENT == FAULT_REASON_INVALID_ARGUMENT,
               "fault_violation() refuses with the contract's reason");

const char *contract_without_prefix(const ProtobufCEnumDescriptor *words, const char *name)
{
    /* By the contract's style the name of 0 is PREFIX_UNSPECIFIED. */
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(words, 0);
    const char *end = zero ? strstr(zero->name, "UNSPECIFIED") : NULL;
    return end ? name + (end - zero->name) : name;
}

const char *contract_word(const ProtobufCEnumDescriptor *words, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(words, number);
    return value ? contract_without_prefix(words, value->name) : "?";
}

int contract_number(const ProtobufCEnumDescriptor *words, const char *word)
{
    for (unsigned i = 0; i < words->n_values; i++)
        if (strcasecmp(contract_without_prefix(words, words->values[i].name), word) == 0)
            return words->values[i].value;
    return -1;
}

const char *contract_reason(int reason)
{
    return reason == ERROR_REASON_UNSPECIFIED ? "" : contract_word(ERROR_REASON_WORDS, reason);
}
