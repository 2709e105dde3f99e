/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One server process: options, the io loop, PostgreSQL, the gRPC server with the services asked
 * for, the operator's page, and the drain. The same code runs as three processes or as one.
 *
 * Threading: program_main() is the main thread; everything else runs on the io loop, which is the
 * main thread too. Ownership: the process owns everything it starts and ends it in the opposite
 * order.
 */

enum program_part { PART_INTAKE = 1, PART_ASSIGNMENT = 2, PART_RESOLUTION = 4 };
#define PART_ALL (PART_INTAKE | PART_ASSIGNMENT | PART_RESOLUTION)

struct program_spec {
    const char *name;   /* "amends-intake": logs, application_name */
    const char *doc;    /* one line for --help */
    unsigned parts;     /* program_part bits */
    const char *listen; /* default of --listen */
    const char *admin;  /* default of --admin */
};

/* Runs until SIGTERM or SIGINT and the drain after it. The exit code: 0 after a drain, 1 when it
 * could not start, 2 for a mistake in the options. */
int program_main(const struct program_spec *spec, int argc, char **argv);
