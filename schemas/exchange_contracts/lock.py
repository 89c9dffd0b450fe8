"""``python -m exchange_contracts.lock``: append the lock entries that new or changed schemas and code lists need.

Entries are only ever appended; an id, once given, means the same schema for ever. Before a schema changes, its last
version is copied to ``avro/history/<Event>.v<N>.avsc``.
"""

import json
import sys
from pathlib import Path

from exchange_contracts.registry import (
    LOCK_FILE,
    LockEntry,
    canonical_sha256,
    folder,
    read_codelists,
    read_lock,
    read_schemas,
)

CODELISTS_LOCK_FILE = "codelists.lock.json"
"""Every code-list value ever published, in order of publication."""


def pending(root: Path) -> list[LockEntry]:
    """Return the entries that the schemas in *root* need and the lock file lacks."""
    entries = list(read_lock(root)) if (root / LOCK_FILE).exists() else []
    newest = {entry.event: entry for entry in entries}
    next_id = max((entry.id for entry in entries), default=0) + 1
    added: list[LockEntry] = []
    for event, schema in read_schemas(root).items():
        sha256 = canonical_sha256(schema)
        last = newest.get(event)
        if last is None or last.sha256 != sha256:
            added.append(LockEntry(next_id + len(added), event, last.version + 1 if last else 1, sha256))
    return added


def append(root: Path) -> list[LockEntry]:
    """Append what is pending and return it.

    Raises:
        FileNotFoundError: a changed schema whose last version is not in ``avro/history``.
    """
    added = pending(root)
    for entry in added:
        past = root / "avro" / "history" / f"{entry.event}.v{entry.version - 1}.avsc"
        if entry.version > 1 and not past.exists():
            raise FileNotFoundError(f"copy the last version of {entry.event} to {past} first (git show HEAD:…)")
    entries = (list(read_lock(root)) if (root / LOCK_FILE).exists() else []) + added
    lines = (json.dumps({"id": e.id, "event": e.event, "version": e.version, "sha256": e.sha256}) for e in entries)
    (root / LOCK_FILE).write_text("[\n  " + ",\n  ".join(lines) + "\n]\n", encoding="utf-8")
    append_codelists(root)
    return added


def append_codelists(root: Path) -> None:
    """Append the code-list values that are not locked yet."""
    path = root / CODELISTS_LOCK_FILE
    locked: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, values in read_codelists(root).items():
        known = locked.setdefault(name, [])
        known.extend(value for value in values if value not in known)
    lines = (f"  {json.dumps(name)}: {json.dumps(known, ensure_ascii=False)}" for name, known in locked.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> int:
    """Append pending entries and print each."""
    for entry in append(Path(str(folder()))):
        sys.stdout.write(f"{entry.id}\t{entry.event}\tv{entry.version}\t{entry.sha256}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
