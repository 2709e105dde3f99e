# SPDX-License-Identifier: Apache-2.0
"""Whether the programs that ship are hardened as CMakeLists.txt says: read from the programs, not from the flags, wherever a
program shows it. What leaves no trace in a program is looked for in the command that compiled each of its files.
"""

import json
import re
import subprocess

PROGRAMS = ("amends", "amends-intake", "amends-assignment", "amends-resolution", "amendsctl")
# No trace in a program: the stack probes and cleared variables of some functions look like any other code.
COMPILED_WITH = ("-fstack-clash-protection", "-ftrivial-auto-var-init=zero", "-fno-delete-null-pointer-checks",
                 "-fno-strict-overflow", "-fno-strict-aliasing", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=3")
TEST_ONLY = ("AMENDS_TEST_CLOCK", "-fsanitize")


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *map(str, arguments)], stdin=subprocess.DEVNULL, text=True, check=True,
                          capture_output=True).stdout


def segment(headers, name):
    """The flags of a program header: "RW " of GNU_STACK."""
    found = re.search(rf"^\s+{name}\s.*\s([R ][W ][E ])\s+0x\w+$", headers, re.MULTILINE)
    return found[1] if found else None


def findings_of(program):
    headers, dynamic, symbols = readelf("-hl", program), readelf("-d", program), readelf("--dyn-syms", program)
    looks = {
        "is not position independent (PIE)": re.search(r"Type:\s+DYN", headers) and "PIE" in dynamic,
        "has a stack that can be executed": segment(headers, "GNU_STACK") == "RW ",
        "has writable relocations (RELRO)": segment(headers, "GNU_RELRO") and "BIND_NOW" in dynamic,
        "has memory that is writable and executable": not re.search(r"LOAD.*\sRWE\s", headers),
        "has a path of its own for libraries": not re.search(r"\((RUNPATH|RPATH)\)", dynamic),
        "has no stack protector": "__stack_chk_fail" in symbols,
        "has no fortified calls": re.search(r"__\w+_chk\b(?<!__stack_chk)", symbols),
    }
    return [f"{program.name} {text}" for text, fine in looks.items() if not fine]


def file_findings(entry, root):
    command = entry["command"]
    lacks = [flag for flag in COMPILED_WITH if flag not in command]
    holds = [flag for flag in TEST_ONLY if flag in command]
    name = entry["file"].removeprefix(f"{root}/")
    return [f"{name} is compiled without {flag}" for flag in lacks] + [f"{name} ships with {flag}" for flag in holds]


def findings(root):
    build = root / "build/release"
    entries = json.loads((build / "compile_commands.json").read_text())
    shipped = [entry for entry in entries if re.match(r"(common|services)/", entry["file"].removeprefix(f"{root}/"))]
    if not shipped:
        return ["build/release compiles nothing of common and services"]
    found = [text for entry in shipped for text in file_findings(entry, root)]
    return found + [text for name in PROGRAMS for text in findings_of(build / "bin" / name)]
