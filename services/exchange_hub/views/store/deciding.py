"""What decides the rows of a kind of entity: its code, the contracts of its events, and what its fold asks the district.

Code counts without comments, docstrings and layout, and only as far as the kind's own module and what all folds share reach.
Of the district counts what it *answers* to the questions that the kind's fold can ask, never how it comes to the answer: a
bureau's telephone number, or a calendar written in another way, is no other configuration.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, NamedTuple, get_args

from exchange_contracts import registry, vocabulary
from exchange_contracts.shape import Shape
from exchange_hub.views.lists import KINDS
from exchange_hub.views.lists.folding import Kind
from exchange_hub.views.rules import FoldRules

#: Where an import is followed to. The table of all rooms names each kind, and the generated event classes, which no fold
#: reads, name each contract: through them every kind would depend on all others. What they say of a kind is digested with it.
_PACKAGES = ("exchange_hub.views", "exchange_contracts")
_NOT_FOLLOWED = frozenset({"exchange_hub.views.lists", "exchange_contracts.events", "exchange_contracts.model"})

#: From these on, what turns the log's events into rows, whatever their kind.
_SHARED = (
    "exchange_hub.views.store.schema", "exchange_hub.views.store.applying", "exchange_hub.views.store.planning",
    "exchange_hub.views.store.prepared",
)  # fmt: skip

#: Answers of a district, as JSON can hold them: ``ranking`` is list → field → domain → bureaus, where ``*`` stands for fields
#: that are not named and the empty domain for domains that are not; ``due_on`` is receipt date → due date,
#: ``towns`` is code → name of those whose words are claims, ``plans`` names the expected plans, ``tasks`` is task → title and bureaus, ``steps`` is category → step by which it counts.
Answers = Mapping[str, Mapping[str, Any]]

#: Answers that rows go by and that never only grow.
_STANDING = ("plans", "steps", "tasks")

#: Kinds of entity that have lists; decisions of the coordination office show in the lists of the kinds they speak of.
LISTED: tuple[str, ...] = tuple(name for name, kind in KINDS.items() if kind.lists)
#: Those whose claims can be joined with others, by a decision too.
JOINED: tuple[str, ...] = tuple(name for name in LISTED if not KINDS[name].own)


@dataclass(frozen=True, slots=True)
class Asked:
    """A district as folds see it.

    Attributes:
        rules: answers the folds' questions.
        domains: the domains it tells apart.
        years: years that its calendar holds.
        digest: digest of all its data, for the record.
    """

    rules: FoldRules
    domains: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    digest: str = ""


@cache
def code_version() -> str:
    """Return the distribution's version with a digest of the code that decides any list's rows."""
    modules = sorted({name for kind in LISTED for name in modules_of(kind)})
    return f"{version('exchange-hub')}+{_digest(_read(name).code for name in modules)}"


@cache
def code_of(kind: str) -> str:
    """Return the digest of the code that decides the rows of a kind."""
    return _digest(f"{name}\n{_read(name).code}" for name in modules_of(kind))


@cache
def modules_of(kind: str) -> tuple[str, ...]:
    """Return the names of the modules that decide the rows of a kind, in their order."""
    found: set[str] = set()
    waiting = [*_SHARED, KINDS[kind].rows.__module__]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_read(name).imports)
    return tuple(sorted(found))


class _Read(NamedTuple):
    """What is read of a module: those of the packages above that it imports, and its code without words."""

    imports: tuple[str, ...]
    code: str


@cache
def _read(name: str) -> _Read:
    """Read a module; it is parsed once for both, for every start of a worker waits for this."""
    named: set[str] = set()
    tree = ast.parse(_source(name))
    for node in _without_words(tree):
        if isinstance(node, ast.Import):
            named.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            named.add(node.module)
            named.update(f"{node.module}.{each.name}" for each in node.names)
    imports = tuple(each for each in sorted(named - _NOT_FOLLOWED) if each.startswith(_PACKAGES) and _exists(each))
    return _Read(imports, ast.unparse(tree))


def _exists(name: str) -> bool:
    """Tell whether a name is that of a module, rather than of something in a module or of a package, which holds no code."""
    path = name.split(".")
    return files(path[0]).joinpath(*path[1:-1], f"{path[-1]}.py").is_file()


def _source(name: str) -> str:
    path = name.split(".")
    return files(path[0]).joinpath(*path[1:-1], f"{path[-1]}.py").read_text(encoding="utf-8")


def _without_words(node: ast.AST) -> list[ast.stmt]:
    """Drop docstrings — strings that stand for themselves — and return the statements that are left; expressions, which hold none, are not gone through."""
    blocks = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    blocks += [holder.body for holder in (*getattr(node, "handlers", ()), *getattr(node, "cases", ()))]
    left: list[ast.stmt] = []
    for block in blocks:
        if isinstance(block, list):
            block[:] = (each for each in block if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)))
            for statement in block:
                left += [statement, *_without_words(statement)]
    return left


def bare(source: str) -> str:
    r"""Return code without comments, docstrings and layout.

    >>> bare('def f(x):  # one\n    "Two."\n    return (x +\n        1)') == bare('def f(x): return x + 1')
    True
    """
    tree = ast.parse(source)
    _without_words(tree)
    return ast.unparse(tree)


def contracts_of(kind: str) -> str:
    """Return the digest of the contracts whose events feed a kind, with the code lists that they use."""
    known = registry.load()
    fed = [contract for contract in known.versions() if contract.kind == kind]
    lists = {name: known.codelists[name] for contract in fed for name in _codelists(field.shape for field in contract.fields)}
    if kind in JOINED:
        fed += [contract for contract in known.versions() if (contract.kind, contract.register) == ("coordination", "merge")]
    parts = [[each.schema_id, each.event, each.version, registry.canonical_sha256(each.schema)] for each in fed]
    return _digest([_canonical([parts, lists])])


def _codelists(shapes: Iterable[Shape]) -> Iterator[str]:
    for shape in shapes:
        yield from (name for name in (shape.codelist, shape.keys_codelist) if name)
        yield from _codelists([shape.inner] if shape.inner is not None else [])
        yield from _codelists(field.shape for field in shape.fields)


def answers_of(kind: str, asked: Asked) -> Answers:
    """Return what a district answers to all that the fold of a kind can ask."""
    room = KINDS[kind]
    # Which bureau's statement wins is no question where each claim stands for itself.
    answers: dict[str, Mapping[str, Any]] = {"ranking": {} if room.own else _rankings(room, asked)}
    if "calendar" in room.asks:
        answers["due_on"] = _due_dates(asked)
    if "plans" in room.asks:
        answers["plans"] = {"|".join(plan): True for plan in sorted(asked.rules.plans)}
    if "tasks" in room.asks:
        answers["tasks"] = {no: [title, *bureaus] for no, (title, bureaus) in asked.rules.tasks.items()}
    if room.claimed is not None:
        answers["towns"] = dict(asked.rules.towns)
    if "steps" in room.asks:
        answers["steps"] = {category: asked.rules.counting_step(category) for category in get_args(vocabulary.ScrapCategory)}
    return answers


def _rankings(room: Kind, asked: Asked) -> dict[str, dict[str, dict[str, list[str]]]]:
    domains = ("", *(asked.domains if "domain" in room.asks else ()))
    rankings: dict[str, dict[str, dict[str, list[str]]]] = {}
    for view in room.lists:
        fields = {
            field: _by_domain({domain: list(asked.rules.ranking(view.name, field, domain)) for domain in domains})
            for field in ("*", *(column.name for column in view.columns), *_series(room, view.name))
        }
        rankings[view.name] = {field: said for field, said in fields.items() if field == "*" or said != fields["*"]}
    return rankings


def _series(room: Kind, list_name: str) -> tuple[str, ...]:
    """Return what a fold asks for in the place of a column: rows that are taken whole are ranked by one of their values."""
    apart = room.apart.get(list_name)
    return apart.fields if apart is not None else ()


def _by_domain(of: dict[str, list[str]]) -> dict[str, list[str]]:
    return {domain: bureaus for domain, bureaus in of.items() if not domain or bureaus != of[""]}


def _due_dates(asked: Asked) -> dict[str, str]:
    """Return the due day of every receipt date, of each form with a longer track too, and which levels have a clock at all."""
    if not asked.years:
        return {}
    day, last = date(min(asked.years) - 1, 12, 1), date(max(asked.years), 12, 31)
    found = {"levels": "、".join(asked.rules.levels)}
    while day <= last:
        for form, due_on in (("", asked.rules.due_on), *asked.rules.longer.items()):
            if (due := due_on(day)) is not None:
                found[f"{form} {day}".strip()] = due.isoformat()
        day += timedelta(days=1)
    return found


def configuration_digest(answers: Answers) -> str:
    """Return the digest of a district's answers."""
    return _digest([_canonical(answers)])


def rows_stand(before: Answers, now: Answers) -> bool:
    """Tell whether no row can be another by a district's newer answers: bureaus joined, and nothing else changed."""
    same = all(before.get(name) == now.get(name) for name in ("due_on", *_STANDING))
    return same and _keeps_order(before["ranking"], now["ranking"]) and _keeps_towns(before, now)


def has_grown(before: Answers, now: Answers) -> bool:
    """Tell whether all that a district answered before still holds: bureaus joined, or the calendar reaches further."""
    then, due = before.get("due_on", {}), now.get("due_on", {})
    same = all(before.get(name) == now.get(name) for name in _STANDING)
    ordered = _keeps_order(before["ranking"], now["ranking"]) and _keeps_towns(before, now)
    return same and ordered and all(due.get(day) == said for day, said in then.items())


def _keeps_towns(before: Answers, now: Answers) -> bool:
    """Tell whether all towns are what they were, and no bureau became one: a town that joined had stated nothing before."""
    then, newer = before.get("towns", {}), now.get("towns", {})
    spoke = {bureau for fields in before["ranking"].values() for domains in fields.values() for said in domains.values() for bureau in said}
    return all(newer.get(code) == name for code, name in then.items()) and not (newer.keys() - then.keys()) & spoke


def _keeps_order(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Tell whether all bureaus of earlier rankings stand in the same order; one that joined had stated nothing before."""
    if before.keys() != now.keys():
        return False
    for name in before:
        for field in {*before[name], *now[name]}:
            then, newer = (said[name].get(field, said[name]["*"]) for said in (before, now))
            for domain in {*then, *newer}:
                old, new = (each.get(domain, each[""]) for each in (then, newer))
                if [bureau for bureau in new if bureau in set(old)] != old:
                    return False
    return True


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
