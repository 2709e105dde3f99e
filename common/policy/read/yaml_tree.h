/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * YAML text as a tree whose every part knows its place. Nothing else includes libyaml.
 *
 * What bundles have no use for is a problem: aliases, anchors, tags, merges, several documents,
 * keys that are not texts, a key that is there twice. Depth and size are checked before a node is
 * built.
 *
 * Threading: any thread. Ownership: the tree lies in the arena given.
 */

#include "policy/problem.h"

#define YAML_DEPTH_MAX 12
#define YAML_NODES_MAX 100000
#define YAML_KEYS_MAX 2048  /* of one mapping: keys are compared with each other */
#define YAML_SHOWN_BYTES 60 /* of a key or value, in paths and texts */

enum ynode_kind { YNODE_SCALAR, YNODE_LIST, YNODE_MAP, YNODE_KINDS };

struct ynode {
    enum ynode_kind kind;
    bool plain;       /* scalar: written without quotes and in no block */
    bool literal;     /* scalar: a block that keeps its lines; they begin in the line after */
    bool inherited;   /* the bundle left it out; it has no line in it */
    bool refused;     /* told already: whatever else is wrong with it follows from that */
    int line, column; /* from 1, where it begins */
    const char *text; /* scalar; may be "", never has a NUL byte within */
    struct ynode *parent;
    /* Its place: the key in a map, or its number in a list. */
    const char *key; /* NULL in a list and for the root */
    int key_line, key_column;
    size_t index;
    /* Children of lists and maps, in their order. */
    struct ynode *first, *last, *next;
    size_t n;
};

/* Reads the text. NULL, with problems, when it is not YAML as bundles are written in. */
struct ynode *ynode_read(const char *source, struct arena *arena, struct bundle_problems *problems);

/* The value under a key of a map; NULL when there is none or it is no map. */
struct ynode *ynode_get(const struct ynode *map, const char *key);
/* The node of a path, or the nearest that there is. A key may contain dots. */
const struct ynode *ynode_at(const struct ynode *root, const char *path);
/* "clocks.reply.targets[0]"; "" for the root. In `arena`. */
const char *ynode_path(const struct ynode *node, struct arena *arena);

/* How many bytes of a text are shown in a problem: whole characters, YAML_SHOWN_BYTES at most. */
int ynode_shown(const char *text);

/* Adds a problem at a node, unless the node was refused: at the scalar itself, else at the key, or
 * where the node begins. */
void ynode_problem(struct bundle_problems *problems, const struct ynode *node, bool warning,
                   const char *fmt, ...) AM_PRINTF(4, 5);
/* Adds an error at the node's key. */
void ynode_key_problem(struct bundle_problems *problems, const struct ynode *node, const char *fmt,
                       ...) AM_PRINTF(3, 4);
/* Adds the error that a map has no such key: at the map, by the path that the key would have. */
void ynode_missing(struct bundle_problems *problems, const struct ynode *map, const char *key,
                   const char *needs);
/* Fills line and column of a problem at the node; 0 for an inherited one. */
void ynode_place(const struct ynode *node, struct bundle_problem *where);
