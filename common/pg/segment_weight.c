/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/segment_impl.h"

/* Keys are hashes, so that their low bits are as good as any. */
static struct pg_seg_weight *place_of(struct pg_seg_weights *w, uint64_t key)
{
    return &w->at[key % PG_SEG_WEIGHTS];
}

/* The command's own weight counts too: another key may have taken the place of its key meanwhile,
 * and a command that was too heavy for its company must not be so twice. */
size_t pg_seg_weight_of(const struct pg_seg_lane *l, const struct pg_seg_cmd *cmd)
{
    const struct pg_seg_weight *known = &l->weights.at[cmd->weight_key % PG_SEG_WEIGHTS];
    const bool here = cmd->weight_key != 0 && known->key == cmd->weight_key;
    return here && known->bytes > cmd->weight ? known->bytes : cmd->weight;
}

static void weigh(struct pg_seg_lane *l, struct pg_seg_cmd *cmd, size_t bytes)
{
    struct pg_seg_weight *place = place_of(&l->weights, cmd->weight_key);
    cmd->weight = bytes > cmd->weight ? bytes : cmd->weight;
    if (cmd->weight_key != 0 && (bytes >= PG_SEG_HEAVY_BYTES || place->key == cmd->weight_key))
        *place = (struct pg_seg_weight){.key = cmd->weight_key, .bytes = bytes};
}

void pg_seg_weigh(struct pg_seg *seg, struct pg_seg_cmd *cmd, size_t bytes)
{
    const struct pg_seg_run *r = seg->priv;
    weigh(r->lane, cmd, bytes);
}

/* So much that half of them still fit. */
void pg_seg_weigh_all(struct pg_seg_lane *l, struct pg_seg_batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (pg_seg_weight_of(l, b->cmds[i]) < 2 * PG_SEG_READ_BYTES / b->n)
            weigh(l, b->cmds[i], 2 * PG_SEG_READ_BYTES / b->n);
}
