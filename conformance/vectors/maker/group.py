"""Groups of vectors as they are collected and written."""

GROUPS = {}

# The files, by what input and expectation are.
SUBJECTS = {
    "node-id": "node-ids",
    "port-id": "port-ids",
    "greeting": "greetings",
    "lines": "lines",
    "md6": "digests",
    "tls-role": "tls-roles",
    "proof": "proof-data",
    "auth": "authentication",
    "choice": "choices",
    "read": "streams",
    "write": "writing",
    "same": "equality",
    "reading": "readings",
    "request": "requests",
}


class Group:
    def __init__(self, name, kind, title, *requirements):
        self.name, self.kind, self.title = name, kind, title
        self.requirements = list(requirements)
        self.vectors = []
        assert name not in GROUPS, name
        GROUPS[name] = self

    def add(self, title, given, expected, *requirements, verdict=None):
        if verdict is None:
            verdict = "invalid" if "reason" in expected else "valid"
        self.vectors.append({
            "id": f"{self.name}-{len(self.vectors) + 1}",
            "kind": verdict,
            "title": title,
            "requirements": list(requirements) or self.requirements,
            "input": given,
            "expected": expected,
        })

    def cited(self):
        return sorted({id for vector in self.vectors for id in vector["requirements"]})


def failure(name):
    stage, reason = name.split(".")
    return {"stage": stage, "reason": reason}


def subjects():
    """The groups in the form in which the files have them, by the file's name without `.json`."""
    made = {}
    for group in GROUPS.values():
        made.setdefault(SUBJECTS[group.kind], []).append({
            "id": group.name,
            "title": group.title,
            "requirements": group.cited(),
            "vectors": group.vectors,
        })
    return made
