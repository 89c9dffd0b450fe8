"""From claims to list rows: components of entities, and each component folded once.

Everything here is a function of the *set* of claims: an entity's component is recomputed from its edges, a row is
recomputed from the component's registers, and no total is kept by adding to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from exchange_contracts.keys import normal_text
from exchange_hub.views.findings import Finding
from exchange_hub.views.lists import KINDS, town_claims
from exchange_hub.views.lists.folding import Kind
from exchange_hub.views.lists.statements import of_statements
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Row, Statement, new


class Folded(NamedTuple):
    """The rows of one component.

    Attributes:
        component: name of the component, ``<bureau>:<entity>`` of its first claim.
        members: the claims in it, sorted.
        rows: rows of the list views.
        failure: why the component could not be folded, or ``None``; then it has no rows.
        findings: what a comparison of its statements shows.
    """

    component: str
    members: tuple[ClaimKey, ...]
    rows: tuple[Row, ...]
    failure: str | None = None
    findings: tuple[Finding, ...] = ()

    def failed(self, failure: str) -> "Folded":
        """Return the same component as one that could not be folded."""
        return Folded(self.component, self.members, (), failure)


def component_name(members: Iterable[ClaimKey]) -> str:
    """Name a component by the smallest of its claims: the same name whatever order they came in."""
    return min(f"{key.bureau}:{key.entity}" for key in members)


def components(edges: Mapping[ClaimKey, Iterable[str]]) -> list[list[ClaimKey]]:
    """Group claims that share an identity value, directly or through others.

    Args:
        edges: claim → identity values (project code, credit code, merge decision, …).

    Returns:
        The groups; claims within a group and the groups are sorted.
    """
    parent: dict[ClaimKey, ClaimKey] = {key: key for key in edges}

    def find(key: ClaimKey) -> ClaimKey:
        while parent[key] is not key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    holder: dict[str, ClaimKey] = {}
    for key, values in edges.items():
        for value in values:
            other = holder.setdefault(value, key)
            if other is not key:
                parent[find(key)] = find(other)
    groups: dict[ClaimKey, list[ClaimKey]] = {}
    for key in edges:
        groups.setdefault(find(key), []).append(key)
    return sorted(sorted(group) for group in groups.values())


def identities(claim: Claim) -> list[str]:
    """Return the identity values a claim states, in their normal form; claims of a kind that share one are the same entity."""
    identities_of = KINDS[claim.key.kind].identities
    return [] if identities_of is None else [*dict.fromkeys(normal_text(value) for value in identities_of(claim))]


def fold_component(claims: Sequence[Claim], rules: FoldRules) -> Folded:
    """Fold the claims of one component into its list rows.

    A claim is a set of registers; a fold that fails leaves the component without rows and says why, so that
    one broken entity never stops another.
    """
    members: tuple[ClaimKey, ...]
    if len(claims) == 1:
        members = (claims[0].key,)
        name = f"{members[0].bureau}:{members[0].entity}"
    else:
        members = tuple(sorted(claim.key for claim in claims))
        name = component_name(members)
    try:
        kind = KINDS[members[0].kind]
        if kind.claimed is not None and any(member.bureau in rules.towns for member in members):
            rows, found = _with_towns(kind, claims, rules)
        else:
            rows, found = _of_owners(kind, name, claims, rules)
        found = (*found, *of_statements(kind, claims, rows))
    except Exception as error:  # noqa: BLE001 — any defect of a fold must end as a visible, contained failure
        return Folded(name, members, (), f"{type(error).__name__}: {error}")
    return new(Folded, (name, members, rows, None, found))


def _of_owners(kind: Kind, name: str, claims: Sequence[Claim], rules: FoldRules) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """Return the rows of claims that all count, and what a comparison of them shows."""
    rows = tuple(kind.rows(name, claims, rules))
    return rows, tuple(kind.findings(claims, rows)) if kind.findings is not None else ()


def _with_towns(kind: Kind, claims: Sequence[Claim], rules: FoldRules) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """Fold what owners say as if no town had spoken, and beside it what towns claim."""
    own = [claim for claim in claims if claim.key.bureau not in rules.towns]
    rows: tuple[Row, ...] = ()
    found: tuple[Finding, ...] = ()
    if own:
        keys = [claim.key for claim in own]
        owners = tuple(sorted({key.bureau for key in keys}))
        rows, found = _of_owners(kind, component_name(keys), own, rules)
        # What towns claim is no word in a row of the owner's.
        rows = tuple(row if row.bureaus is not None else row._replace(bureaus=owners) for row in rows)
        found = tuple(each if each.bureaus is not None else each._replace(bureaus=owners) for each in found)
    claimed = tuple(town_claims.rows(kind, [claim for claim in claims if claim.key.bureau in rules.towns], rows, rules))
    return (*rows, *claimed), (*found, *town_claims.findings(kind, claimed, rows))


def trial(statement: Statement, rules: FoldRules) -> Folded:
    """Fold one statement alone; its failure is a property of the event and decides whether it is held."""
    return fold_component((new(Claim, (statement.key, {statement.register: statement.fact})),), rules)
