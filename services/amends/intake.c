/* SPDX-License-Identifier: Apache-2.0 */

#include "program/program.h"

int main(int argc, char **argv)
{
    static const struct program_spec spec = {
        .name = "amends-intake",
        .doc = "Amends intake service: signals come in, cases are read and proved.",
        .parts = PART_INTAKE,
        .listen = "127.0.0.1:7401",
        .admin = "127.0.0.1:7411",
    };
    return program_main(&spec, argc, argv);
}
