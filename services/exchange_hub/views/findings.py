"""Findings (待核实线索): what a comparison of statements shows and people should look at.

A finding never blocks an event and is no verdict; its words say what differs and nothing more. Its id derives from
rule and subject, so that an explanation given once survives merges and rebuilds. What is compared stands with each kind of
entity in ``views.lists``: an entity's own statements when it is folded, rows of different entities when a reader asks.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """Something to look at.

    Attributes:
        rule: code of the comparison.
        subject: key of the row it speaks of.
        words: what the comparison showed, in Chinese, without judgement.
        detail: the values compared (money in fen).
    """

    rule: str
    subject: str
    words: str
    detail: Mapping[str, Any]

    @property
    def finding_id(self) -> str:
        """The id that explanations refer to."""
        return finding_id(self.rule, self.subject)


def finding_id(rule: str, subject: str) -> str:
    """Derive a finding's id from rule and subject."""
    return hashlib.blake2b(f"{rule}\n{subject}".encode(), digest_size=10).hexdigest()


class Comparison(NamedTuple):
    """A comparison between rows of a list.

    Attributes:
        rule: code of the comparison.
        kind: kind of entity.
        query: gives subject, bureaus, detail (jsonb) and row keys of each group to look at, at most *FOUND_MAX*.
        words: what it shows, in Chinese; ``{subject}`` is filled in.
    """

    rule: str
    kind: str
    query: str
    words: str


#: Findings of one comparison that are shown; more than that is a matter for the office, not for single looks.
FOUND_MAX = 1000


def same_identifier(rule: str, kind: str, table: str, column: str, words: str) -> Comparison:
    """Compare one identifier that should occur once."""
    query = f"""SELECT {column}, array_agg(DISTINCT lead_bureau ORDER BY lead_bureau),
                  jsonb_build_object('rows', jsonb_agg(row_key ORDER BY row_key)), count(*)
                FROM {{schema}}.{table} WHERE {column} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT {FOUND_MAX}"""
    return Comparison(rule, kind, query, words)
