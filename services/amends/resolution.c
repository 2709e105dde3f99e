/* SPDX-License-Identifier: Apache-2.0 */

#include "program/program.h"

int main(int argc, char **argv)
{
    static const struct program_spec spec = {
        .name = "amends-resolution",
        .doc = "Amends resolution service: contacts, remedies and proof.",
        .parts = PART_RESOLUTION,
        .listen = "127.0.0.1:7403",
        .admin = "127.0.0.1:7413",
    };
    return program_main(&spec, argc, argv);
}
