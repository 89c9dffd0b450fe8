"""Whose statement each column of a row was taken from, where several bureaus report the same entity.

The answer comes from the fold itself: each claim is folded alone, and what stands in the row is compared with what each
claim would have shown, in the ranking that the fold of all of them asked for. No precedence is worked out here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import BY_NAME, KINDS
from exchange_hub.views.lists.folding import ranked
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim

#: Columns that the fold gives of itself: who leads, the key of the row's project and the list in which that stands, and how far
#: an application is paid, whether a claim is confirmed, which no single statement says.
_OF_THE_FOLD = ("lead_bureau", "project_key", "list", "counted", "first_paid_on", "settled_on", "unapproved", "claim_state", "owner_bureau", "confirmed_as", "differs")
#: The same of one list alone: the clock runs from the receipt by a term that the measure's form decides.
_OF_A_LIST = frozenset({("documents", "due_on")})


class Attribution(NamedTuple):
    """Where a column's value was taken from.

    Attributes:
        column: name of the column.
        value: what the row shows, as stored.
        bureau: the bureau whose statement it is; ``None`` where no claim, folded alone, shows this: it comes of one that
            makes no row of its own, such as progress of a project that its bureau withdrew.
        others: (bureau, value) of each other statement that says something else; who says nothing is not among them.
    """

    column: str
    value: Any
    bureau: str | None
    others: tuple[tuple[str, Any], ...]


def attributed(list_name: str, row: Mapping[str, Any], claims: Sequence[Claim], rules: FoldRules) -> list[Attribution]:
    """Tell for each column that somebody filled whose statement the row shows, in the order of the columns.

    Args:
        list_name: list of the row.
        row: the row as stored; a closed month's row is told by the claims of its cut, of the columns that it has.
        claims: the claims of the row's component.
        rules: the configuration that the fold takes.
    """
    as_folded = _asked(claims, rules)
    said = [(claim.key, values) for claim in claims for values in _alone(list_name, row, claim, rules)]
    told = KINDS[claims[0].key.kind].apart.get(list_name) if claims else None
    by = str(row[told.ranked_by]) if told is not None and told.ranked_by else ""
    found = []
    for name in [column.name for column in BY_NAME[list_name].columns if column.name not in _OF_THE_FOLD and (list_name, column.name) not in _OF_A_LIST and column.name in row]:
        order = ranked(said, as_folded, list_name, field=by or name)
        stated = [(key.bureau, values[name]) for key, values in order if name in values]
        filled = [pair for pair in stated if pair[1] not in (None, {}, [])]
        if filled:
            # The word that was taken may be silence: of a month one bureau's report is taken whole, with what it left empty.
            bureau = next((bureau for bureau, value in stated if value == row[name]), None)
            others = [pair for pair in filled if pair[1] != row[name]]
            found.append(Attribution(name, row[name], bureau, tuple(pair for i, pair in enumerate(others) if pair not in others[:i])))
    return found


def _asked(claims: Sequence[Claim], rules: FoldRules) -> FoldRules:
    """Fold the claims together and return rules that know each ranking as this fold asked for it, with its domain."""
    rankings: dict[tuple[str, str], tuple[str, ...]] = {}

    def ask(list_name: str, field: str, domain: str) -> tuple[str, ...]:
        found = rankings[list_name, field] = rules.ranking(list_name, field, domain)
        return found

    fold_component(claims, replace(rules, ranking=ask))
    return replace(rules, ranking=lambda list_name, field, _: rankings.get((list_name, field)) or rankings.get((list_name, "*"), ()))


def _alone(list_name: str, row: Mapping[str, Any], claim: Claim, rules: FoldRules) -> Iterator[Mapping[str, Any]]:
    """Yield what a claim, folded alone, would show in the row: all columns, or those of the entity where it tells of another part."""
    apart = KINDS[claim.key.kind].apart
    told = apart.get(list_name)
    for own in fold_component([claim], rules).rows:
        # Bureaus may even disagree on the list: the row stands in one, a claim alone would stand in another.
        if own.list not in apart if told is None else own.list == list_name and all(own.values.get(name) == row.get(name) for name in told.columns):
            yield {column.name: own.values.get(column.name) for column in BY_NAME[list_name].columns}
        elif told is not None:
            yield {name: own.values[name] for name in told.whole if name in own.values}
