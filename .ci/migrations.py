# SPDX-License-Identifier: Apache-2.0
"""What a migration file may hold, so that replicas of the last release go on working beside it and no caller
waits for it. Whatever is not known to be harmless is refused. Each finding is "file:line: what"."""

import re
import subprocess

FOLDER = "common/store/migrations"
FIRST = "0003_initial.sql"  # all tables of release 1; it has no kind
NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
KIND = re.compile(r"^-- kind: (.*)$", re.MULTILINE)

# A constant: PostgreSQL keeps it in the catalogue and touches no row. A default that is worked out is stored in each row.
CONSTANT = r"(?:-?\d+(?:\.\d+)?|'[^']*'(?:::[a-z0-9_]+)?|true|false|null)"
TYPE = r"[a-z][a-z0-9_]*(?:\[\])?(?: collate \"C\")?"
COLUMN = re.compile(rf"add column [a-z0-9_]+ {TYPE}(?: (?P<not_null>not null))?(?: default (?P<default>{CONSTANT}))?")
ADD = re.compile(r"alter table [a-z0-9_]+ (add column .*)", re.DOTALL)
STORAGE = re.compile(r"alter table [a-z0-9_]+ set \([a-z0-9_ =,.]+\)")
TABLE = re.compile(r"create table ([a-z0-9_]+) \(.*", re.DOTALL)
TABLE_INDEX = re.compile(r"create (?:unique )?index [a-z0-9_]+ on ([a-z0-9_]+) .*", re.DOTALL)
INDEX = re.compile(r"create index concurrently [a-z0-9_]+ on [a-z0-9_]+ \(.*\)(?: where .+)?", re.DOTALL)


def findings(root, commit=None):
    """Of all files; those that `commit`, the last release, has must be as they were there."""
    found, seen = [], {}
    for file in sorted((root / FOLDER).glob("*.sql")):
        where = f"{FOLDER}/{file.name}"
        if not NAME.fullmatch(file.name):
            found.append(f"{where}:1: a migration is named NNNN_words.sql")
        number = file.name[:4]
        if number in seen:
            found.append(f"{where}:1: {seen[number]} has this number, too")
        seen[number] = file.name
        if file.name != FIRST:
            found += (f"{where}:1: {what}" for what in of_text(file.read_text()))
    return found + (released(root, commit) if commit else [])


def released(root, commit):
    """A released file is what databases out there have been through: a change of it would reach none of them."""
    listed = subprocess.run(["git", "ls-tree", "--name-only", f"{commit}:{FOLDER}"], cwd=root, check=True,
                            capture_output=True, text=True).stdout.split()
    found = []
    for name in listed:
        was = subprocess.run(["git", "show", f"{commit}:{FOLDER}/{name}"], cwd=root, check=True,
                             capture_output=True).stdout
        file = root / FOLDER / name
        if not file.exists() or file.read_bytes() != was:
            found.append(f"{FOLDER}/{name}:1: was released and is not as it was; add a new migration")
    return found


def of_text(text):
    """What is wrong with one file, apart from its name."""
    kind = KIND.search(text)
    if not kind:
        return ["no line '-- kind: alter', '-- kind: slices of TABLE' or '-- kind: index concurrently'"]
    statements = [" ".join(one.split()) for one in re.sub(r"--.*", "", text).split(";")]
    statements = [one for one in statements if one]
    slices = re.fullmatch(r"slices of ([a-z0-9_]+)", kind[1])
    if kind[1] == "alter":
        return alter(statements)
    if kind[1] == "index concurrently":
        return index(statements)
    if slices:
        return of_slices(statements, slices[1])
    return [f"no kind '{kind[1]}'"]


def alter(statements):
    made = {TABLE.fullmatch(one)[1] for one in statements if TABLE.fullmatch(one)}
    found = []
    for one in statements:
        columns, on_new = ADD.fullmatch(one), TABLE_INDEX.fullmatch(one)
        if columns:
            found += added(columns[1])
        elif on_new and on_new[1] not in made:
            found.append(f"'{one}': of a table that is there; write a step 'index concurrently'")
        elif not on_new and not TABLE.fullmatch(one) and not STORAGE.fullmatch(one):
            found.append(f"'{one}': the last release may need what it changes, or it reads or writes a whole table")
    return found


def added(columns):
    found = []
    for part in columns.split(", add column "):
        part = part if part.startswith("add column ") else f"add column {part}"
        column = COLUMN.fullmatch(part)
        if not column:
            found.append(f"'{part}': not NAME TYPE [not null] [default CONSTANT]")
        elif column["not_null"] and column["default"] in (None, "null"):
            found.append(f"'{part}': replicas of the last release write rows without it; it needs a default that "
                         "means what such a row means")
    return found


def index(statements):
    if len(statements) == 1 and INDEX.fullmatch(statements[0]):
        return []
    return ["not one 'create index concurrently NAME on TABLE (...)'; a unique one would refuse rows of the last release"]


def of_slices(statements, table):
    form = re.compile(rf"update {table} set .* where .*:slice.*")
    if len(statements) == 1 and form.fullmatch(statements[0]):
        return []
    return [f"not one 'update {table} set ... where :slice and ...'"]
