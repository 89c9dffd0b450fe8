"""The lists, one module a kind of entity: all that is said of a list stands there, and everybody else derives from it.

A module holds the list's name, title, columns with their flags, its place in the report's annexes, how claims of the kind become
rows, what makes two claims the same entity, and what a comparison of them shows. This table is the only place that names the modules.
"""

from exchange_hub.views.lists import (
    coordination,
    documents,
    elimination,
    energy_stocks,
    enterprises,
    equipment_lines,
    funding_policies,
    funds,
    indicators,
    matches,
    materials,
    outlets,
    plans,
    problems,
    project_procedures,
    projects,
    publicity,
    returns,
    safeguards,
    scrappage,
    statements,
    submissions,
    support_sought,
    tasks,
    trade_in,
)
from exchange_hub.views.lists.folding import Kind
from exchange_hub.views.lists.model import ListView

_ROOMS = (
    projects, enterprises, funding_policies, funds, scrappage, trade_in, materials, indicators, documents, plans,
    problems, tasks, support_sought, safeguards, energy_stocks, equipment_lines, project_procedures,
    publicity, elimination, matches, outlets, submissions, returns, coordination,
)  # fmt: skip

#: Kind of entity by its name.
KINDS: dict[str, Kind] = {room.KIND.name: room.KIND for room in _ROOMS}

#: The lists in the order in which people see them.
LISTS: tuple[ListView, ...] = tuple(view for kind in KINDS.values() for view in kind.lists)

#: List by its name.
BY_NAME: dict[str, ListView] = {view.name: view for view in LISTS}


#: Code of the finding that a bureau speaks of a list that its duty does not cover; contracts know no district.
OUTSIDE_DUTY = "outside-duty"

#: Codes of all findings that there can be.
RULES: tuple[str, ...] = (
    *(rule for kind in KINDS.values() for rule in (*kind.rules, *(comparison.rule for comparison in kind.comparisons))),
    *statements.RULES, OUTSIDE_DUTY,
)  # fmt: skip


def kinds_of(list_name: str) -> list[str]:
    """Return the kinds of entity that can have rows in a list."""
    return [kind.name for kind in KINDS.values() if list_name in kind.list_names]
