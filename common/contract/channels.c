/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/channels.h"

static const struct channel channels[] = {
    [CHANNEL_UNSPECIFIED] = {.is_written = false},
    [CHANNEL_PHONE] = {.is_written = false},
    [CHANNEL_EMAIL] = {.is_written = true},
    [CHANNEL_CHAT] = {.is_written = true},
    [CHANNEL_STORE] = {.is_written = false},
    [CHANNEL_SOCIAL] = {.is_written = true},
    [CHANNEL_LETTER] = {.is_written = true},
    [CHANNEL_WEB] = {.is_written = true},
    [CHANNEL_APP] = {.is_written = true},
    /* A survey asks; it answers nobody. */
    [CHANNEL_SURVEY] = {.is_written = false},
    [CHANNEL_SYSTEM] = {.is_automatic = true},
};
_Static_assert(sizeof(channels) / sizeof(channels[0]) == CHANNEL_COUNT, "each channel has its row");
_Static_assert(CHANNEL_COUNT <= 32, "a channel is a bit of 32");

const struct channel *channel_of(int channel)
{
    bool known = channel > CHANNEL_UNSPECIFIED && channel < CHANNEL_COUNT;
    return &channels[known ? channel : CHANNEL_UNSPECIFIED];
}
