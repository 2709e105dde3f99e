# SPDX-License-Identifier: Apache-2.0
"""The rule for the first line of a commit's message: `area: verb what`, at most 70 columns."""

import re

WIDEST = 70
# One area in lower case, or several with commas: "policy: ...", "pg, rpc: ...".
SUBJECT = re.compile(r"[a-z][a-z0-9_./-]*(?:, [a-z][a-z0-9_./-]*)*: (?P<verb>[a-z][a-z-]*) \S.*")
# Words that begin a description of the result, where the imperative ("bound", "add", "mend") belongs.
NO_VERBS = {"a", "an", "the", "this", "that", "these", "what", "who", "how", "why", "where", "when", "which", "some",
            "more", "less", "no", "not", "all", "every", "one", "two", "new", "now", "it"}


def finding(subject):
    """What is wrong with a subject, or None."""
    if len(subject) > WIDEST:
        return f"has {len(subject)} columns; at most {WIDEST}"
    form = SUBJECT.fullmatch(subject)
    if form is None:
        return "is not of the form 'area: verb what', as in 'policy: bound memory used by error lists'"
    if form["verb"] in NO_VERBS:
        return f"begins with '{form['verb']}'; say in the imperative what the commit does"
    return None
