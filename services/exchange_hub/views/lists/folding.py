"""What the folds of all kinds share: the form of a kind, reading registers, precedence, and conversions at the edge of a row."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, get_args

from exchange_contracts import vocabulary
from exchange_contracts.keys import normal_text
from exchange_hub.views.findings import Comparison, Finding
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact, Row

_EPOCH = date(1970, 1, 1).toordinal()


class Apart(NamedTuple):
    """How the rows of one entity in a list are told apart.

    Attributes:
        columns: the columns that tell them apart, such as a month or a department.
        whole: columns that are of the entity, the same in all its rows.
        ranked_by: the column whose value names the field of the precedence by which the row is taken; empty where each
            column has its own.
    """

    columns: tuple[str, ...]
    whole: tuple[str, ...] = ()
    ranked_by: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """What the precedence may name in the place of a column: the values of *ranked_by*."""
        return get_args({"series": vocabulary.Series, "safeguard": vocabulary.Safeguard}[self.ranked_by]) if self.ranked_by else ()


AMOUNT_MAX: Final = 10**12
"""Fen in 10 thousand million yuan (100亿元), more than a row of a district can hold."""


def _beyond(view: ListView) -> Callable[[Mapping[str, Any]], str | None] | None:
    """Compile the look for the first amount of a row that lies beyond all that a row can hold."""
    names = [column.name for column in view.columns if column.type == "money"]
    if not names:
        return None
    lines = "".join(f"    v = get({name!r})\n    if v and not -{AMOUNT_MAX} <= v <= {AMOUNT_MAX}: return {name!r}\n" for name in names)
    environment: dict[str, Any] = {}
    exec(f"def of(row):\n    get = row.get\n{lines}    return None", environment)  # noqa: S102  # made of the lists' own names alone
    found: Callable[[Mapping[str, Any]], str | None] = environment["of"]
    return found


class FactColumns(NamedTuple):
    """Columns of a row that are facts under the same name.

    Attributes:
        names: names of the columns.
        of: facts → name → value, ``None`` where there is no such fact.
    """

    names: tuple[str, ...]
    of: Callable[[Mapping[str, Any]], dict[str, Any]]


class Claimed(NamedTuple):
    """How the word of a town, street or park on an entity that a bureau owns is kept: a claim, which the owner confirms.

    Attributes:
        view: the list of such claims.
        register: the register that states the entity.
        owned: facts → the list in which its owner has it.
        number: facts → the number by which people know it.
        taken: columns of a claim that are facts of the same name.
        compared: columns in which claim and owner should agree.
    """

    view: ListView
    register: str
    owned: Callable[[Mapping[str, Any]], str]
    number: Callable[[Mapping[str, Any]], str | None]
    taken: FactColumns
    compared: tuple[str, ...]

    @property
    def rules(self) -> tuple[str, str]:
        """Codes of the findings: a claim that is open, and one that differs from what its owner says."""
        return f"{self.view.name}-open", f"{self.view.name}-differ"


Rows = Callable[[str, Sequence[Claim], FoldRules], Iterable[Row]]
Compare = Callable[[Sequence[Claim], Sequence[Row]], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entity: how its claims become rows, and what a look at them shows.

    Attributes:
        name: name of the kind in contracts, claims and merge decisions.
        title: what people call it.
        rows: (component name, claims, rules) → rows.
        lists: the lists that it can have rows in; only these are cleared when a component changes.
        identities: claim → identity values that join it with other claims of the kind; ``None`` where each claim is its own
            component.
        apart: list → how the rows of one entity are told apart; only of kinds that are joined, a list that is not named
            has one row an entity.
        rules: codes of what *findings* may show.
        findings: (claims, rows) of one component → what a comparison of its statements shows.
        comparisons: comparisons between rows of different components, read over the lists.
        asks: what its fold asks the district beside the order of bureaus for a list and field: ``domain``, that order by
            domain too, ``calendar``, due dates, ``plans``, what the work plan expects, ``tasks``, whom it names for a
            task, and ``steps``, by which step what is scrapped counts. What it does not ask changes nothing of its lists.
        numbers: amounts and quantities of its lists, in the order of their columns.
        beyond: list → row → its first amount that lies beyond all that a row can hold; ``None`` for a list without amounts.
        decided: whether people can decide that two of them are one; numbers alone join the others.
        claimed: how words of towns are kept, where bureaus alone own such an entity; else a town's words are as good as any.
        of_reporting: whether it tells how a bureau reports, which every bureau does and no duty names.
    """

    name: str
    title: str
    rows: Rows
    lists: tuple[ListView, ...] = ()
    identities: Callable[[Claim], list[str]] | None = None
    apart: Mapping[str, Apart] = field(default_factory=dict)
    findings: Compare | None = None
    rules: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    asks: frozenset[Literal["domain", "calendar", "plans", "steps", "tasks"]] = frozenset()
    decided: bool = True
    claimed: Claimed | None = None
    of_reporting: bool = False
    own: bool = field(init=False)
    list_names: tuple[str, ...] = field(init=False)
    numbers: tuple[str, ...] = field(init=False)
    beyond: Mapping[str, "Callable[[Mapping[str, Any]], str | None] | None"] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", self.identities is None)
        object.__setattr__(self, "list_names", tuple(view.name for view in self.lists))
        numbers = (column.name for view in self.lists for column in view.columns if column.type in ("money", "quantity"))
        object.__setattr__(self, "numbers", tuple(dict.fromkeys(numbers)))
        object.__setattr__(self, "beyond", {view.name: _beyond(view) for view in self.lists})


def joined(*parts: str) -> str:
    """Join parts into a row key that no other parts give: a bar inside a part is escaped."""
    plain = "|".join(parts)
    if "\\" not in plain and plain.count("|") == len(parts) - 1:
        return plain
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def unnamed(component: str) -> str:
    """Return the row key of an entity without an identifier of its own; no identifier gives the same."""
    return joined("", component)


@lru_cache(maxsize=65536)
def day(days: int | None) -> date | None:
    """Turn days since 1970-01-01 into a date."""
    return None if days is None else date.fromordinal(_EPOCH + days)


def month_of(days: int) -> str:
    """Return the month (``YYYY-MM``) of a business date; dates are dates in Asia/Shanghai already."""
    return date.fromordinal(_EPOCH + days).isoformat()[:7]


@lru_cache(maxsize=1024)
def last_day_of(month: str) -> int:
    """Return the last day of a month (``YYYY-MM``), in days since 1970-01-01."""
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1).toordinal() - 1 - _EPOCH


def current(claim: Claim, register: str) -> Mapping[str, Any] | None:
    """Return the facts of a register, or ``None`` where it is absent or withdrawn."""
    fact = claim.registers.get(register)
    return None if fact is None or fact.withdrawn else fact.facts


def of_family(claim: Claim, family: str) -> Iterator[tuple[str, Fact]]:
    """Yield (sub-key, fact) of a family's registers that are not withdrawn, in the order of their sub-keys."""
    prefix = f"{family}:"
    for name in sorted(claim.registers):
        if name.startswith(prefix) and not claim.registers[name].withdrawn:
            yield name[len(prefix) :], claim.registers[name]


def facts_named(*names: str) -> FactColumns:
    """Compile what takes the facts called *names*: written out it is twice as quick as a loop, and every row needs it."""
    taken = ", ".join(f"{name!r}: get({name!r})" for name in names)
    environment: dict[str, Any] = {}
    exec(f"def of(facts):\n    get = facts.get\n    return {{{taken}}}", environment)  # noqa: S102  # made of the folds' own names alone
    return FactColumns(names, environment["of"])


_EMPTY: tuple[Any, ...] = ({}, [])

def number(text: str | None) -> str:
    """Return the normal form of a number, in which it is compared with others and names a row; empty where there is none."""
    return normal_text(text) if text else ""


#: What a claim says in one register: the bureau, its key, and the facts.
Said = tuple[ClaimKey, Mapping[str, Any]]

SUMMARY = "汇总"


def is_summary(facts: Mapping[str, Any]) -> bool:
    """Tell whether a statement sums up (汇总): it stays its bureau's own and is never joined with another's."""
    return facts.get("granularity") == SUMMARY


def voices(said: Sequence[Said]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (who speaks, facts) by claim: the bureau, and its entry too where it has several."""
    ordered = sorted(said, key=lambda pair: pair[0])
    bureaus = [claim.bureau for claim, _ in ordered]
    return [
        (claim.bureau if bureaus.count(claim.bureau) == 1 else f"{claim.bureau}:{claim.entity}", facts) for claim, facts in ordered
    ]


def tellers(said: Sequence[Said]) -> tuple[str, ...]:
    """Return the bureaus that say something, sorted."""
    return (said[0][0].bureau,) if len(said) == 1 else tuple(sorted({claim.bureau for claim, _ in said}))


def own_key(claim: ClaimKey, *parts: str) -> str:
    """Return the row key of what stays one bureau's own; no identifier gives the same."""
    return joined("", f"{claim.bureau}:{claim.entity}", *parts)


def ranked(said: Sequence[Said], rules: FoldRules, list_name: str, domain: str | None = None, field: str = "*") -> list[Said]:
    """Sort statements of one entity by precedence for *field* of *list_name*, then by claim; a claim's own keep their order."""
    if len(said) < 2 or len({key for key, _ in said}) < 2:
        return list(said)
    order = rules.order(list_name, field, domain)
    return sorted(said, key=lambda pair: (order(pair[0].bureau), pair[0]))


def merged(
    said: Sequence[Said], taken: FactColumns, rules: FoldRules, list_name: str, domain: str | None = None
) -> dict[str, Any]:
    """Take each column from the first bureau, in the field's own precedence, that fills it.

    An empty map or list counts as not filled.
    """
    if len(said) == 1:
        return taken.of(said[0][1])
    result: dict[str, Any] = {}
    # Few rankings serve many fields: each is sorted by once.
    sorted_by: dict[tuple[str, ...], list[Said]] = {}
    for name in taken.names:
        ranking = rules.ranking(list_name, name, domain or "")
        order = sorted_by.get(ranking)
        if order is None:
            order = sorted_by[ranking] = ranked(said, rules, list_name, domain, name)
        for _, facts in order:
            value = facts.get(name)
            if value or (value is not None and value not in _EMPTY):
                result[name] = value
                break
        else:
            result[name] = None
    return result


def saying(claims: Sequence[Claim], register: str) -> list[Said]:
    """Return what the claims say in *register*, leaving out those that are silent or withdrew it."""
    return [(claim.key, facts) for claim in claims if (facts := current(claim, register)) is not None]
