"""Comparisons between entities, read over the lists in the reader's own snapshot: always as fresh as the lists."""

from typing import Any

import psycopg

from exchange_hub.views.findings import Comparison, finding_id
from exchange_hub.views.lists import KINDS

COMPARISONS: tuple[Comparison, ...] = tuple(comparison for kind in KINDS.values() for comparison in kind.comparisons)


def crossing(conn: psycopg.Connection[Any], schema: str = "live") -> list[dict[str, Any]]:
    """Return the findings of all comparisons between rows, in the form of ``views.read.findings``."""
    found = []
    for comparison in COMPARISONS:
        for subject, bureaus, detail, count in conn.execute(comparison.query.format(schema=schema).encode()).fetchall():
            found.append({
                "finding_id": finding_id(comparison.rule, subject), "rule": comparison.rule, "kind": comparison.kind,
                "subject": subject, "component": "", "bureaus": bureaus,
                "words": comparison.words.format(subject=subject, count=count), "detail": detail,
            })  # fmt: skip
    return found
