"""The contracts' lint: what may never change on the wire, and what every contract must have.

Standard checkers accept a change of a decimal's scale or of a time's precision: a silent hundredfold error. So two
judges look: ``avro.compatibility`` (FULL_TRANSITIVE) and an own comparison that freezes every path's type, logical
type, precision, scale, default, code list and format.
"""

import importlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exchange_contracts.formats import FORMATS
from exchange_contracts.lock import CODELISTS_LOCK_FILE, pending
from exchange_contracts.registry import (
    LockEntry,
    canonical_sha256,
    folder,
    read_codelists,
    read_lock,
    read_schemas,
    read_version,
)
from exchange_contracts.shape import SchemaShapeError, shape_of

Schema = Mapping[str, Any]

NAMESPACE = "cn.exchange"
COMMON_FIELDS = 12
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
_HUB_ATTRIBUTES = frozenset(("kind", "register", "subkey", "withdraws", "requires"))
_FROZEN = ("type", "logicalType", "precision", "scale", "codelist", "format", "keys_codelist", "keys_format", "text")


def problems(root: Path | None = None) -> list[str]:
    """Return every problem of the contracts in *root* (default: the installed package), in English; empty is good."""
    root = root or Path(str(folder()))
    schemas = read_schemas(root)
    codelists = read_codelists(root)
    found: list[str] = []
    for event, schema in schemas.items():
        found.extend(f"{event}: {text}" for text in schema_problems(event, schema, codelists))
    found.extend(common_part_problems(schemas))
    found.extend(codelist_problems(root, codelists))
    found.extend(lock_problems(root, schemas))
    found.extend(history_problems(root, schemas))
    return found


def schema_problems(event: str, schema: Schema, codelists: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield what one schema lacks or may not have."""
    if schema.get("name") != event or schema.get("namespace") != NAMESPACE:
        yield f"must be named {event} in the namespace {NAMESPACE}"
    yield from hub_problems(schema)
    yield from type_problems(schema, codelists)
    for path, node in documented(schema):
        if not _CHINESE.search(node.get("doc", "")):
            yield f"{path} needs a doc in Chinese"
    yield from fastavro_parse_problems(schema)
    yield from avro_parse_problems(schema)


def hub_problems(schema: Schema) -> Iterator[str]:
    """Yield what is wrong with the record's ``hub`` attribute."""
    hub = schema.get("hub", {})
    missing = {"kind", "register", "subkey", "withdraws"} - set(hub)
    unknown = set(hub) - _HUB_ATTRIBUTES
    if missing or unknown:
        yield f"hub attribute lacks {sorted(missing)}, does not know {sorted(unknown)}"
    names = {field["name"] for field in schema["fields"]}
    for name in [*hub.get("subkey", ()), *hub.get("requires", ())]:
        if name not in names:
            yield f"hub attribute names the field {name}, which there is not"


def type_problems(schema: Schema, codelists: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield fields whose type contracts may not use, or whose code list or format does not exist."""
    for field in schema["fields"]:
        try:
            # Refuses floats, wide unions and null: an array of nulls is a memory bomb of a few bytes.
            shape_of(field["type"])
        except SchemaShapeError as error:
            yield f"{field['name']}: {error}"
    for path, node in typed_nodes(schema):
        for key in ("codelist", "keys_codelist"):
            if key in node and node[key] not in codelists:
                yield f"{path}: no code list {node[key]}"
        for key in ("format", "keys_format"):
            if key in node and node[key] not in FORMATS:
                yield f"{path}: no text format {node[key]}"
        if node["type"] == "record" and not node["fields"]:
            yield f"{path}: a record without fields takes no bytes"


def common_part_problems(schemas: Mapping[str, Schema]) -> Iterator[str]:
    """Yield the events whose first fields are not the common part, which is that of most events."""
    parts = {event: json.dumps(schema["fields"][:COMMON_FIELDS]) for event, schema in schemas.items()}
    texts = list(parts.values())
    common = max(set(texts), key=texts.count, default="")
    for event, part in parts.items():
        if part != common:
            yield f"{event}: its first {COMMON_FIELDS} fields differ from the common part"


def codelist_problems(root: Path, codelists: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield values that were published once and are gone, or that are not locked yet."""
    locked = json.loads((root / CODELISTS_LOCK_FILE).read_text(encoding="utf-8"))
    for name, values in locked.items():
        gone = [value for value in values if value not in codelists.get(name, ())]
        if gone:
            yield f"code list {name}: {'、'.join(gone)} was published and may not be removed"
    for name, present in codelists.items():
        new = [value for value in present if value not in locked.get(name, ())]
        if new:
            yield f"code list {name}: {'、'.join(new)} is not locked; run python -m exchange_contracts.lock"
        if len(set(present)) != len(present):
            yield f"code list {name} has a value twice"


def lock_problems(root: Path, schemas: Mapping[str, Schema]) -> Iterator[str]:
    """Yield where the lock file is not an append-only record of the schemas."""
    entries = read_lock(root)
    ids = [entry.id for entry in entries]
    if ids[:1] != [1] or ids != sorted(set(ids)):
        yield "lock file: ids must count from 1 and rise; entries are only appended"
    versions: dict[str, int] = {}
    for entry in entries:
        if entry.version != versions.get(entry.event, 0) + 1:
            yield f"lock file: {entry.event} v{entry.version} does not follow v{versions.get(entry.event, 0)}"
        versions[entry.event] = entry.version
    for event in sorted(set(versions) - set(schemas)):
        yield f"{event}: the lock file has it, but its schema is gone"
    for entry in pending(root):
        yield f"{entry.event}: v{entry.version} is not locked; run python -m exchange_contracts.lock"


def history_problems(root: Path, schemas: Mapping[str, Schema]) -> Iterator[str]:
    """Yield incompatibilities between every two versions of an event, and past versions that were altered."""
    locked: dict[str, list[LockEntry]] = {}
    for entry in read_lock(root):
        locked.setdefault(entry.event, []).append(entry)
    for event, schema in schemas.items():
        entries = locked.get(event, [])
        is_changed = bool(entries) and canonical_sha256(schema) != entries[-1].sha256
        past = entries if is_changed else entries[:-1]
        known: list[tuple[str, Schema]] = []
        for entry in past:
            name = f"{event} v{entry.version}"
            try:
                version = read_version(root, event, entry.version)
            except FileNotFoundError:
                yield f"{name}: avro/history lacks it"
                continue
            if canonical_sha256(version) != entry.sha256:
                yield f"{name}: avro/history does not hold what was locked"
            known.append((name, version))
        known.append((f"{event} (current)", schema))
        for (old_name, old), (new_name, new) in itertools.combinations(known, 2):
            yield from (f"{old_name} → {new_name}: {text}" for text in breaking_changes(old, new))


def breaking_changes(old: Schema, new: Schema) -> Iterator[str]:
    """Yield what makes *new* unable to live beside *old* on one topic, in either direction."""
    if old.get("hub") != new.get("hub"):
        yield f"hub attributes are frozen: {old.get('hub')} → {new.get('hub')}"
    before, after = dict(frozen_paths(old)), dict(frozen_paths(new))
    for path, attributes in before.items():
        if path not in after:
            yield f"{path} was removed or renamed"
        elif after[path] != attributes:
            yield f"{path} changed: {attributes} → {after[path]}"
    yield from added_without_default(old, new)
    yield from avro_compatibility_problems(old, new)


def added_without_default(old: Schema, new: Schema) -> Iterator[str]:
    """Yield the added fields that have no default."""
    before = {path for path, _ in documented(old)}
    for path, node in documented(new):
        if path not in before and "name" in node and node.get("type") != "record" and "default" not in node:
            yield f"{path} was added without a default"


def frozen_paths(schema: Schema) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path → the attributes that may never change there."""
    for path, node in typed_nodes(schema):
        yield path, {key: node[key] for key in _FROZEN if key in node}
    for path, node in documented(schema):
        if "default" in node:
            yield f"{path} default", {"default": node["default"]}
        if isinstance(node.get("type"), list):
            yield f"{path} union", {"null": node["type"].index("null") if "null" in node["type"] else None}


def typed_nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every type in a schema with its path; a plain name stands as ``{"type": name}``."""
    if isinstance(node, list):
        for branch in node:
            if branch != "null":
                yield from typed_nodes(branch, path)
    elif isinstance(node, str):
        yield path, {"type": node}
    else:
        yield path, node
        for field in node.get("fields", ()):
            yield from typed_nodes(field["type"], f"{path}/{field['name']}")
        for part in ("items", "values"):
            if part in node:
                yield from typed_nodes(node[part], f"{path}/[{part}]")


def documented(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every record and field, each of which needs a ``doc``."""
    for inner, typed in typed_nodes(node, path):
        if typed["type"] == "record":
            yield inner or "/", typed
            for field in typed["fields"]:
                yield f"{inner}/{field['name']}", field


NO_LIBRARY = "the {} library is not installed: pip install 'exchange-hub[dev]' for this check"


def _library(name: str) -> Any:
    """Import a library that only this lint needs, or return ``None``: a bureau's install has none of them."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def fastavro_parse_problems(schema: Schema) -> Iterator[str]:
    """Yield why fastavro cannot parse a schema."""
    library = _library("fastavro.schema")
    if library is None:
        yield NO_LIBRARY.format("fastavro")
        return
    try:
        library.parse_schema(json.loads(json.dumps(schema)), named_schemas={})
    except (library.SchemaParseException, library.UnknownType, KeyError, ValueError) as error:
        yield f"fastavro cannot parse it: {error}"


def avro_parse_problems(schema: Schema) -> Iterator[str]:
    """Yield why the reference library cannot parse a schema."""
    library = _library("avro.schema")
    if library is None:
        yield NO_LIBRARY.format("avro")
        return
    try:
        library.parse(json.dumps(schema))
    except Exception as error:  # noqa: BLE001  # the library raises several unrelated types for a bad schema
        yield f"avro cannot parse it: {error}"


def avro_compatibility_problems(old: Schema, new: Schema) -> Iterator[str]:
    """Yield what ``avro.compatibility`` holds against reading either version with the other."""
    parser, judge = _library("avro.schema"), _library("avro.compatibility")
    if parser is None or judge is None:
        yield NO_LIBRARY.format("avro")
        return
    parsed = {"old": parser.parse(json.dumps(old)), "new": parser.parse(json.dumps(new))}
    for reader, writer in (("new", "old"), ("old", "new")):
        result = judge.ReaderWriterCompatibilityChecker().get_compatibility(parsed[reader], parsed[writer])
        if result.compatibility is not judge.SchemaCompatibilityType.compatible:
            yield f"the {reader} version cannot read the {writer} one: {sorted(result.messages)}"
