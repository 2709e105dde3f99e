# SPDX-License-Identifier: Apache-2.0
"""Which part may include and call which: a folder includes only what is below it.

There is no list of exceptions. A part that is not named here fails, so that whoever adds one decides where
it stands.
"""

import re

INCLUDE = re.compile(r"#\s*include\s*\"([\w./-]+)\"")

# common/<part>: a part includes itself and what stands in a line above its own.
COMMON = [
    {"base"},
    {"io", "calendar", "contract"},
    {"auth", "vault", "outbound"},
    {"pg", "redis", "rpc", "policy"},
    {"case"},
    {"store"},
]
# common/case/<room>; "." are the files of the folder itself.
CASE = [
    {"model"},      # rows, the command, the decision
    {"clocks"},
    {"people"},
    {"message"},    # rows as messages of the contract
    {"history"},    # an event holds messages, and a hash
    {"."},          # the aggregate: gate, status, refresh, event, owner
    {"ladder"},     # climbing changes the owner and states events
    {"command"},    # deciding drives all of them
]
# common/policy/<room>; each stands on the folder's own files.
POLICY = [
    {"."},
    {"describe", "read"},
    {"validate"},   # problems are described
    {"compile"},
]
ROOMS = {"case": CASE, "policy": POLICY}
# services/<part>; program and amends put services together, amendsctl is a client.
SERVICES = [
    {"shared"},
    {"intake", "assignment", "resolution"},
    {"program"},
    {"amends", "amendsctl"},
]


def level_of(order, part):
    for level, parts in enumerate(order):
        if part in parts:
            return level
    return None


def room_of(path):
    """("common", "case", "clocks") of "common/case/clocks/rules.c"; room "." for files of the part's folder."""
    words = path.split("/")
    room = words[2] if len(words) > 3 else "."
    return words[0], words[1], room


def included(name, line):
    """The path in the tree of what an #include line names, or None for another folder's or a system header."""
    found = INCLUDE.match(line)
    if not found or "/" not in found[1] or found[1].startswith(("amends/", "google/", "grpc/", "protobuf-c/")):
        return None
    part = found[1].split("/")[0]
    side = "common" if any(part in parts for parts in COMMON) else "services"
    return f"{side}/{found[1]}"


def allowed(order, part, other):
    mine, theirs = level_of(order, part), level_of(order, other)
    return part == other or (mine is not None and theirs is not None and theirs < mine)


def findings(name, line):
    """What is wrong with one line of a source of common/ or services/."""
    if not name.startswith(("common/", "services/")) or name.count("/") < 2:
        return
    target = included(name, line)
    if target is None:
        return
    side, part, room = room_of(name)
    other_side, other, other_room = room_of(target)
    order = COMMON if side == "common" else SERVICES
    if level_of(order, part) is None:
        yield f"{side}/{part} is no known part: say in .ci/arrows.py where it stands"
    elif side == "common" and other_side == "services":
        yield f"common/{part} must not include {other_side}/{other}"
    elif side == other_side and not allowed(order, part, other):
        yield f"{side}/{part} must not include {other_side}/{other}"
    elif side == "common" and part == other and part in ROOMS and not allowed(ROOMS[part], room, other_room):
        yield f"common/{part}/{room} must not include common/{part}/{other_room}"


# --- calls between files ---


def calls(objects, symbols):
    """{source: sources whose functions it calls} of {source: object}; symbols(object) -> (defined, used)."""
    home, uses = {}, {}
    for source, path in objects.items():
        defined, uses[source] = symbols(path)
        home.update((name, source) for name in defined)
    return {source: {home[name] for name in used if home.get(name, source) != source}
            for source, used in uses.items()}


def ring(graph):
    """One ring of the graph as a list of its nodes, or None."""
    state, way = {}, []

    def visit(node):
        state[node] = "open"
        way.append(node)
        for other in sorted(graph.get(node, ())):
            if state.get(other) == "open":
                return way[way.index(other):]
            if other not in state:
                found = visit(other)
                if found:
                    return found
        way.pop()
        state[node] = "done"
        return None

    for node in sorted(graph):
        if node not in state:
            found = visit(node)
            if found:
                return found
    return None
