/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What each channel is: one row a channel.
 *
 * Threading: constants. Ownership: none.
 */

#include <stdbool.h>

#include "contract/words.h"

struct channel {
    /* What is said there is written, and can be read again. */
    bool is_written;
    /* A program speaks there, not a person: it reaches nobody. */
    bool is_automatic;
};

/* The row of a channel; one of falses for what is no channel. */
const struct channel *channel_of(int channel);
