"""A contract may only grow: every breaking change is refused, and a field added later changes nothing already said."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts import codec, lint, lock, registry
from exchange_contracts.decoder import decoder_of
from tests.contract.event_strategies import plain_event

Schema = dict[str, Any]
EVENT = "SubsidyPaid"
NOW = registry.load().latest(EVENT).version
"""The version that a change makes past."""
FRAME = 5


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the contracts' folder."""
    for name in ("avro", "codelists.json", "codelists.lock.json", "registry.lock.json"):
        source = Path(str(registry.folder())) / name
        copier = shutil.copytree if source.is_dir() else shutil.copy
        copier(source, tmp_path / name)
    return tmp_path


def read(root: Path, event: str = EVENT) -> Schema:
    schema: Schema = json.loads((root / "avro" / f"{event}.avsc").read_text(encoding="utf-8"))
    return schema


def write(root: Path, schema: Schema) -> None:
    (root / "avro" / f"{schema['name']}.avsc").write_text(json.dumps(schema, ensure_ascii=False), encoding="utf-8")


def keep_history(root: Path, event: str = EVENT) -> None:
    """Copy the current version of an event to the history, as one does before changing it."""
    (root / "avro" / "history").mkdir(exist_ok=True)
    shutil.copy(root / "avro" / f"{event}.avsc", root / "avro" / "history" / f"{event}.v{registry.load().latest(event).version}.avsc")


def named(schema: Schema, name: str) -> Schema:
    field: Schema = next(field for field in schema["fields"] if field["name"] == name)
    return field


def drop(schema: Schema, name: str) -> None:
    schema["fields"].remove(named(schema, name))


def add(schema: Schema, **field: Any) -> None:
    schema["fields"].append({"name": "note", "type": ["null", "string"], "doc": "补充说明"} | field)


BREAKING: dict[str, tuple[Callable[[Schema], None], str]] = {
    "field removed": (lambda s: drop(s, "batch_no"), "/batch_no was removed or renamed"),
    "field renamed": (lambda s: named(s, "voucher_no").update(name="voucher"), "/voucher_no was removed or renamed"),
    "renamed with an alias": (
        lambda s: named(s, "voucher_no").update(name="voucher", aliases=["voucher_no"]),
        "/voucher_no was removed or renamed",
    ),
    "type changed": (lambda s: named(s, "budget_year").update(type="long"), "/budget_year changed"),
    "type widened to text": (lambda s: named(s, "budget_year").update(type="string"), "/budget_year changed"),
    "decimal scale 2 to 4": (lambda s: named(s, "amount")["type"].update(scale=4), "/amount changed"),
    "decimal precision": (lambda s: named(s, "amount")["type"].update(precision=20), "/amount changed"),
    "decimal no longer a decimal": (lambda s: named(s, "amount").update(type="bytes"), "/amount changed"),
    "nested scale": (lambda s: named(s, "share_city")["type"][1].update(scale=4), "/share_city changed"),
    "milliseconds to microseconds": (
        lambda s: named(s, "recorded_at")["type"].update(logicalType="timestamp-micros"),
        "/recorded_at changed",
    ),
    "date no longer a date": (lambda s: named(s, "on").update(type="int"), "/on changed"),
    "null no longer allowed": (lambda s: named(s, "channel").update(type=named(s, "channel")["type"][1]), "/channel"),
    "default changed": (lambda s: named(s, "granularity").update(default="汇总"), "/granularity default changed"),
    "default taken away": (lambda s: named(s, "batch_no").pop("default"), "/batch_no default was removed"),
    "code list swapped": (lambda s: named(s, "channel")["type"][1].update(codelist="level"), "/channel changed"),
    "code list put on a free text": (
        lambda s: named(s, "policy_no").update(type={"type": "string", "codelist": "level"}),
        "/policy_no changed",
    ),
    "format tightened": (
        lambda s: named(s, "batch_no").update(type=["null", {"type": "string", "format": "month"}]),
        "/batch_no changed",
    ),
    "field added without default": (add, "/note was added without a default"),
    "register moved": (lambda s: s["hub"].update(register="settled"), "hub attributes are frozen"),
    "sub-key changed": (lambda s: s["hub"].update(subkey=[]), "hub attributes are frozen"),
    "field of a nested record removed": (
        lambda s: named(s, "evidence")["type"]["items"]["fields"].pop(1),
        "/evidence/[items]/number was removed or renamed",
    ),
    "nested record renamed": (
        lambda s: named(s, "evidence")["type"]["items"].update(name="Proof"),
        "cannot read",
    ),
}


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_refused(root: Path, change: str) -> None:
    """Each breaking change is named by path, although its author kept the history and appended a lock entry."""
    make, expected = BREAKING[change]
    schema = read(root)
    keep_history(root)
    make(schema)
    write(root, schema)
    lock.append(root)
    problems = lint.problems(root)
    assert any(expected in problem for problem in problems), problems


def test_the_standard_checker_alone_lets_a_hundredfold_error_pass() -> None:
    """Why the own lint exists: avro.compatibility accepts scale 2 → 4 and milliseconds → microseconds."""
    old = dict(registry.load().latest(EVENT).schema)
    for change in ("decimal scale 2 to 4", "milliseconds to microseconds"):
        new = copy.deepcopy(old)
        BREAKING[change][0](new)
        assert list(lint.avro_compatibility_problems(old, new)) == []
        assert list(lint.breaking_changes(old, new)) != []


def test_the_contracts_as_they_stand_pass(root: Path) -> None:
    """The lint has nothing to say about the contracts in the repository, nor about a copy of them."""
    assert lint.problems() == []
    assert lint.problems(root) == []


def test_a_change_without_a_lock_entry_is_refused(root: Path) -> None:
    """A schema that is not what its last lock entry says is refused until the entry is appended."""
    schema = read(root)
    keep_history(root)
    add(schema, default=None)
    write(root, schema)
    assert any(f"SubsidyPaid: v{NOW + 1} is not locked" in problem for problem in lint.problems(root))
    [entry] = lock.append(root)
    assert (entry.id, entry.version) == (max(each.schema_id for each in registry.load().versions()) + 1, NOW + 1)
    assert lint.problems(root) == []
    assert lock.append(root) == []


def test_a_change_without_history_is_refused(root: Path) -> None:
    """Past versions stay readable for ever: without the old schema in the history nothing is appended."""
    schema = read(root)
    add(schema, default=None)
    write(root, schema)
    with pytest.raises(FileNotFoundError, match=rf"SubsidyPaid\.v{NOW}"):
        lock.append(root)
    assert any("avro/history lacks it" in problem for problem in lint.problems(root))


def test_an_altered_past_is_refused(root: Path) -> None:
    """A history file that is not what was locked is refused."""
    schema = read(root)
    keep_history(root)
    add(schema, default=None)
    write(root, schema)
    lock.append(root)
    past = root / "avro" / "history" / f"{EVENT}.v{NOW}.avsc"
    past.write_text(past.read_text(encoding="utf-8").replace('"voucher_no"', '"voucher_number"'), encoding="utf-8")
    assert any("does not hold what was locked" in problem for problem in lint.problems(root))
    with pytest.raises(registry.RegistryError, match=f"SubsidyPaid v{NOW}"):
        registry.build(root)


def test_better_documentation_is_no_new_version(root: Path) -> None:
    """A doc text may be improved at any time."""
    schema = read(root)
    named(schema, "amount")["doc"] = "金额,单位元,两位小数,正数"
    write(root, schema)
    assert lint.problems(root) == []
    assert lock.append(root) == []


def test_a_removed_or_unlocked_code_is_refused(root: Path) -> None:
    """A published code-list value stays; a new one is locked before it is used."""
    path = root / "codelists.json"
    lists = json.loads(path.read_text(encoding="utf-8"))
    lists["build_state"].remove("储备")
    lists["build_state"].append("停建")
    path.write_text(json.dumps(lists), encoding="utf-8")
    problems = lint.problems(root)
    assert any("储备 was published and may not be removed" in problem for problem in problems)
    assert any("停建 is not locked" in problem for problem in problems)
    lists["build_state"].insert(1, "储备")
    path.write_text(json.dumps(lists), encoding="utf-8")
    lock.append(root)
    assert lint.problems(root) == []


def test_a_removed_event_is_refused(root: Path) -> None:
    """An event that was published once keeps its schema."""
    (root / "avro" / f"{EVENT}.avsc").unlink()
    assert any("its schema is gone" in problem for problem in lint.problems(root))


def test_a_reordered_lock_is_refused(root: Path) -> None:
    """Ids count up in the order they were given."""
    path = root / registry.LOCK_FILE
    entries = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(entries[1:] + entries[:1]), encoding="utf-8")
    assert any("only appended" in problem for problem in lint.problems(root))


UNSOUND: dict[str, tuple[Callable[[Schema], None], str]] = {
    "array of nulls": (lambda s: add(s, type={"type": "array", "items": "null"}, default=[]), "do not use the type"),
    "double": (lambda s: add(s, type=["null", "double"], default=None), "do not use the type"),
    "wide union": (lambda s: add(s, type=["null", "string", "long"], default=None), "a union must be"),
    "microseconds": (
        lambda s: add(s, type=["null", {"type": "long", "logicalType": "timestamp-micros"}], default=None),
        "do not use the type",
    ),
    "empty record": (
        lambda s: add(
            s,
            type={"type": "array", "items": {"type": "record", "name": "E", "doc": "空记录", "fields": []}},
            default=[],
        ),
        "takes no bytes",
    ),
    "no doc": (lambda s: add(s, doc="", default=None), "/note needs a doc in Chinese"),
    "english doc": (lambda s: add(s, doc="a note", default=None), "/note needs a doc in Chinese"),
    "no such code list": (
        lambda s: add(s, type=["null", {"type": "string", "codelist": "nope"}], default=None),
        "no code list nope",
    ),
    "common part moved": (lambda s: s["fields"].insert(0, s["fields"].pop()), "differ from the common part"),
    "bad default": (lambda s: add(s, type="string", default=None), "cannot parse it"),
}


@pytest.mark.parametrize("change", UNSOUND)
def test_an_unsound_schema_is_refused(root: Path, change: str) -> None:
    """Types without bytes, binary fractions, missing documentation and the like are named."""
    make, expected = UNSOUND[change]
    schema = read(root)
    make(schema)
    write(root, schema)
    problems = lint.problems(root)
    assert any(expected in problem for problem in problems), problems


def test_a_field_added_later_fills_in_and_changes_no_digest(root: Path) -> None:
    """Old bytes under a grown contract: the added fields hold their defaults, nested too, and the digest is the same."""
    contract = registry.load().latest("DocumentReceived")
    value = codec.encode(plain_event(contract))
    schema = read(root, "DocumentReceived")
    keep_history(root, "DocumentReceived")
    add(schema, name="note", default=None)
    add(schema, name="tags", type={"type": "array", "items": "string"}, default=[], doc="标签清单")
    add(schema, name="copies", type="long", default=1, doc="份数,单位份")
    named(schema, "departments")["type"]["items"]["fields"].append(
        {"name": "pages", "type": ["null", "int"], "default": None, "doc": "页数,单位页"}
    )
    write(root, schema)
    lock.append(root)
    assert lint.problems(root) == []
    grown = registry.build(root)
    newest = grown.latest("DocumentReceived")
    assert newest.version == contract.version + 1
    old, _ = decoder_of(grown.by_id(contract.schema_id), newest, grown.codelists)(value, FRAME)
    assert (old["note"], old["tags"], old["copies"]) == (None, [], 1)
    assert old["departments"][0]["pages"] is None
    again, _ = decoder_of(grown.by_id(contract.schema_id), newest, grown.codelists)(value, FRAME)
    assert again["tags"] is not old["tags"]
    before = codec.decode_facts(value)[1]
    assert codec.facts_digest(newest, old) == codec.facts_digest(contract, before)
    said_more = old | {"note": "说明"}
    assert codec.facts_digest(newest, said_more) != codec.facts_digest(newest, old)
