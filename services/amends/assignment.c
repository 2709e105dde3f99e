/* SPDX-License-Identifier: Apache-2.0 */

#include "program/program.h"

int main(int argc, char **argv)
{
    static const struct program_spec spec = {
        .name = "amends-assignment",
        .doc = "Amends assignment service: one accountable owner for every case.",
        .parts = PART_ASSIGNMENT,
        .listen = "127.0.0.1:7402",
        .admin = "127.0.0.1:7412",
    };
    return program_main(&spec, argc, argv);
}
