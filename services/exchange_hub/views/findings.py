"""Findings (待核实线索): what a comparison of statements shows and people should look at.

A finding never blocks an event and is no verdict; its words say what differs and nothing more. Its id derives from
rule and subject, so that an explanation given once survives merges and rebuilds. What is compared stands with each kind of
entity in ``views.lists``: an entity's own statements when it is folded, rows of different entities when a reader asks.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from exchange_hub.views.numbers import normal


class Finding(NamedTuple):
    """Something to look at.

    Attributes:
        rule: code of the comparison.
        subject: key of the row it speaks of.
        words: what the comparison showed, in Chinese, without judgement.
        detail: the values compared (money in fen); ``of`` names the column of what bureaus say.
        bureaus: who can answer; ``None`` where everybody can who is in the component.
    """

    rule: str
    subject: str
    words: str
    detail: Mapping[str, Any]
    bureaus: tuple[str, ...] | None = None

    @property
    def finding_id(self) -> str:
        """The id that explanations refer to."""
        return finding_id(self.rule, self.subject)


def finding_id(rule: str, subject: str) -> str:
    """Derive a finding's id from rule and subject."""
    return hashlib.blake2b(f"{rule}\n{subject}".encode(), digest_size=10).hexdigest()


def asking(words: str, facts: Mapping[str, Any] | None) -> str:
    """Ask the bureau to look; a cause that the event itself gives is not asked for again.

    >>> asking("自年初累计小于上次报送", {"reason": "核减"})
    '自年初累计小于上次报送，申报已注明原因'
    """
    return f"{words}，申报已注明原因" if facts and facts.get("reason") else f"{words}，请核对"


class Comparison(NamedTuple):
    """A comparison between rows of different entities.

    Attributes:
        rule: code of the comparison.
        kind: kind of entity.
        query: gives subject, bureaus, detail (jsonb) and row keys of each group to look at, at most *FOUND_MAX*.
        words: what it shows, in Chinese; ``{subject}``, ``{count}`` and the detail's ``{month}`` and ``{category}`` are filled in.
        indexes: what makes it quick over a long list: ``table (columns) WHERE …`` each.
    """

    rule: str
    kind: str
    query: str
    words: str
    indexes: tuple[str, ...] = ()


#: Findings of one comparison that are shown; more than that is a matter for the office, not for single looks.
FOUND_MAX = 1000


def same_identifier(rule: str, kind: str, table: str, column: str, words: str, *, exact: bool = False) -> Comparison:
    """Compare one identifier that should occur once, by its normal form; *exact*, letter by letter, as addresses are."""
    by = column if exact else normal(column)
    query = f"""SELECT {by}, array_agg(DISTINCT lead_bureau ORDER BY lead_bureau),
                  jsonb_build_object('rows', jsonb_agg(row_key ORDER BY row_key)), count(*)
                FROM {{schema}}.{table} WHERE {by} IN (
                  SELECT {by} FROM {{schema}}.{table} WHERE {column} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT {FOUND_MAX}
                ) GROUP BY 1 ORDER BY 1"""
    return Comparison(rule, kind, query, words, (f"{table} ({by}) INCLUDE ({column}) WHERE {column} IS NOT NULL" if not exact else f"{table} ({by}) WHERE {column} IS NOT NULL",))


def apart_from_history(
    rule: str, kind: str, table: str, columns: tuple[str, str, str], by: str, words: str, *, where: str = "true", name: str = ""
) -> Comparison:
    """Compare each value with the middle one of its own row of months; a thousand times apart is a slip between units.

    Args:
        rule: code of the comparison.
        kind: kind of entity.
        table: table of the list.
        columns: SQL of the value, the month and the category.
        by: SQL of what makes one row of months.
        words: what it shows.
        where: which rows are compared.
        name: the column whose value it is, where the SQL is not its name.
    """
    value, month, category = columns
    query = f"""WITH said AS (
                  SELECT row_key, lead_bureau, {value} AS value, {month} AS month, {category} AS category, jsonb_build_array({by}) AS of
                  FROM {{schema}}.{table} WHERE {where} AND {value} > 0
                ), usual AS (
                  SELECT of, percentile_disc(0.5) WITHIN GROUP (ORDER BY value) AS middle FROM said GROUP BY of HAVING count(*) > 1
                )
                SELECT row_key, array[lead_bureau], jsonb_build_object(
                    'of', '{name or value}', 'usual', middle, 'later', value, 'month', month, 'category', category, 'rows', jsonb_build_array(row_key)), 1
                FROM said JOIN usual USING (of) WHERE value >= 1000 * middle OR middle >= 1000 * value ORDER BY 1 LIMIT {FOUND_MAX}"""
    return Comparison(rule, kind, query, words)


#: SQL for the day up to which bureaus have reported, as ``day``: the last of the latest month that anybody confirmed or returned as
#: nil, without a row before the first. What is late is told as of it, for nothing that is read over the lists asks a clock.
REPORTED_TO = "(SELECT ((max(month) || '-01')::date + interval '1 month - 1 day')::date AS day FROM {schema}.submission)"

#: SQL for the month of a date.
MONTH_OF = "to_char({}, 'YYYY-MM')".format
