"""The mapping of a drop folder: which sheet, which header, which field, which event. Read from ``connector.toml``.

An unknown key, an unknown field or a code outside its list is an error at reading, with its place: a mapping that
loads is one that can be used.
"""

import hashlib
import re
import tomllib
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from exchange_connectors.kit.errors import ConfigError
from exchange_connectors.kit.ledger import LATER_FORM
from exchange_connectors.kit.money import Unit
from exchange_contracts import registry, topics

Kind = Literal[
    "text", "prose", "money", "count", "quantity", "date", "month", "period", "percent", "texts", "uscc", "vin",
    "project_code", "document_no", "department", "departments", "code", "flag",
]  # fmt: skip

SHARED = "*"
"""The bureau of a mapping that several bureaus run."""

SPECIAL_FIELDS = frozenset({"$unit", "$reason", "$row", "$remark"})
ENVELOPE_FIELDS = frozenset(
    {"event_id", "bureau", "source", "entity_key", "revision", "occurred_on", "recorded_at", "corrects", "origin"}
)
"""Common fields that the connector itself fills."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMap(_Strict):
    """A header's meaning.

    Attributes:
        field: row field; ``map.key`` for an entry of a map; ``$…`` for columns that no event carries.
        unit: unit of a money column where the header names none.
        kind: kind of value where no contract says it.
        values: rewrites of values, as agreed with the bureau.
        optional: the header may be missing.
        required: the cell may not be empty.
        ignore: the column is read for personal data only.
        marks: row field that is filled where the cell says 是, and empty where it says 否; a row that contradicts itself goes back.
        evidence: kind of evidence whose number the column holds.
        join: headings of the columns whose texts, one after the other, are the field; the entry's own name is none then.
        between: what stands between joined texts.
    """

    field: str = "$row"
    unit: Unit | None = None
    kind: Kind | None = None
    values: dict[str, str] = {}
    optional: bool = False
    required: bool = False
    ignore: bool = False
    marks: str | None = None
    evidence: str | None = None
    join: tuple[str, ...] = ()
    between: str = ""

    @property
    def carried(self) -> bool:
        """Whether some event may carry the value."""
        return not self.ignore and self.field not in SPECIAL_FIELDS


def _column(value: Any) -> Any:
    return {"field": value} if isinstance(value, str) else value


Condition = dict[str, list[str]] | list[str]
Scalar = str | int | bool


class EventMap(_Strict):
    """An event that each row gives.

    Attributes:
        type: event type, in its first form.
        key: template of the entity key.
        occurred_on: ``month-end``, ``month-start``, a date field's name or a fixed date.
        when: fields of which one must be filled, or field → allowed values.
        unless: the opposite.
        fields: only these event fields.
        except_: all but these (``except`` in TOML).
        rename: event field → row field.
        constants: event field → value, where no column says otherwise.
    """

    type: str
    key: str
    occurred_on: str = "month-end"
    when: Condition = []
    unless: Condition = []
    fields: list[str] = []
    except_: list[str] = Field(default=[], alias="except")
    rename: dict[str, str] = {}
    constants: dict[str, Scalar] = {}

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            contract = registry.load().latest(self.type)
        except KeyError as error:
            raise ValueError(f"there is no event type {self.type}") from error
        if self.type in LATER_FORM.values():
            raise ValueError(f"write the first form of {self.type}; the connector tells later statements by its ledger")
        names = {field.name for field in contract.fields} - ENVELOPE_FIELDS
        for field in (*self.fields, *self.except_, *self.rename, *self.constants):
            if field not in names:
                raise ValueError(f"{self.type} has no field {field}")
        if not placeholders(self.key):
            raise ValueError(f"key {self.key!r} names no field")
        return self


class SheetMap(_Strict):
    """A sheet and what its rows mean; see the connector guide for each key."""

    name: str | None = None
    match: str | None = None
    kind: Literal["rows", "nil", "submission"] = "rows"
    list: str | None = None
    title: str | None = None
    required: bool = False
    header: tuple[int, ...] = ()
    month: tuple[str, ...] = ("title", "file")
    unit: Unit | None = None
    match_extra: bool = False
    columns: dict[str, Annotated[ColumnMap, BeforeValidator(_column)]]
    constants: dict[str, Scalar] = {}
    event: tuple[EventMap, ...] = ()
    total_labels: tuple[str, ...] = ()
    merge_down: tuple[str, ...] = ()
    submit_total: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.name is None) == (self.match is None):
            raise ValueError("give either name or match")
        if self.kind == "rows" and not self.event:
            raise ValueError("a sheet of rows needs at least one [[sheet.event]]")
        if self.kind != "rows" and self.event:
            raise ValueError(f"a {self.kind} sheet has no [[sheet.event]]; its event is fixed")
        for source in self.month:
            if source not in ("title", "file", "column") and not re.fullmatch(r"cell:[A-Z]{1,2}[1-9][0-9]*", source):
                raise ValueError(f"month source {source!r} is none of title, file, column, cell:B2")
        lists = registry.load().codelists["list_view"]
        if self.list is not None and self.list not in lists:
            raise ValueError(f"list {self.list!r} is none of {', '.join(lists)}")
        return self

    def headings(self) -> dict[str, ColumnMap]:
        """Return every heading that the sheet needs with what it means; of joined columns each."""
        found = {heading: column for heading, column in self.columns.items() if not column.join}
        for column in self.columns.values():
            for heading in column.join:
                found.setdefault(heading, column)
        return found

    def covers(self, sheet_name: str) -> bool:
        """Say whether this mapping is for the sheet called *sheet_name*."""
        if self.name is not None:
            return sheet_name.strip() == self.name
        return re.fullmatch(self.match or "", sheet_name.strip()) is not None

    @property
    def label(self) -> str:
        """The list's Chinese title, as submission sheets call it."""
        return self.title or self.name or self.match or ""


class Mapping(_Strict):
    """A whole connector: one bureau, one drop folder.

    *district* is the code in topic names; a mapping that names none is for whoever runs it to complete. *digest* is that of the mapping itself, *lists_digest* that of the district's files of names it looks at.
    *own_name* is what people call the bureau, where a file of names says it. *known* holds every way to write a name, *offered* the one that people read, in the order of its file.
    """

    bureau: str
    source: str
    district: str = ""
    inbox: Path
    state: Path | None = None
    files: str = "*.xlsx"
    unit: Unit | None = None
    ignore_other_sheets: bool = False
    sheet: tuple[SheetMap, ...]
    lists: dict[str, str] = {}
    departments: dict[str, str] = {}
    known: dict[str, frozenset[str]] = {}
    offered: dict[str, tuple[str, ...]] = {}
    own_name: str = ""
    digest: str = ""
    lists_digest: str = ""

    def list_titled(self, text: str) -> str | None:
        """Return the list that a submission or nil sheet calls *text* (title, sheet name or code)."""
        wanted = "".join(text.split())
        for sheet in self.sheet:
            if sheet.list is not None and wanted in (sheet.label, sheet.name, sheet.list):
                return sheet.list
        if wanted in registry.load().codelists["list_view"]:
            return wanted
        return self.lists.get(wanted)


def alias_fields(mapping: Mapping) -> dict[str, tuple[str, ...]]:
    """Return kind → event fields whose values name the same thing as its key: the alternatives of ``{a|b}``."""
    found: dict[str, tuple[str, ...]] = {}
    for event in (event for sheet in mapping.sheet for event in sheet.event):
        parts = placeholders(event.key)
        if len(parts) == 1 and len(parts[0]) > 1:
            field_of = {row: field for field, row in event.rename.items()}
            kind = registry.load().latest(event.type).kind
            fields = tuple(field_of.get(name, name) for name in parts[0])
            found[kind] = tuple(dict.fromkeys((*found.get(kind, ()), *fields)))
    return found


@lru_cache(1 << 10)
def placeholders(template: str) -> tuple[tuple[str, ...], ...]:
    """Return the fields named by each ``{a|b}`` of a key template."""
    return tuple(tuple(part.split("|")) for part in re.findall(r"\{([^{}]+)\}", template))


def of_bureau(folder: Path, bureau: str) -> Mapping:
    """Read the mapping of a bureau in a district's folder of connectors: its own, else the one that is shared.

    Raises:
        ConfigError: there is none, or something in it is wrong.
    """
    own = folder / f"{bureau}.toml"
    shared = next(iter(sorted((folder / "shared").glob("*.toml"))), None)
    return load(own) if own.exists() or shared is None else load(shared, bureau)


def load(path: Path, bureau: str = "") -> Mapping:
    """Read a connector's mapping; paths in it are relative to its folder.

    A mapping whose bureau is ``*`` is shared: *bureau* says for whom it is read, and stands in place of ``{bureau}`` in its inbox and state.

    Raises:
        ConfigError: unreadable, or something in it is wrong; every problem is named with its place.
    """
    try:
        body = path.read_bytes()
        raw = tomllib.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}：不是UTF-8编码（多半是GBK），请用编辑器另存为UTF-8") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    _complete(path, raw, bureau)
    folder = path.parent
    digest_parts: list[bytes] = []
    raw["departments"] = _departments(folder, raw.get("departments", {}), digest_parts)
    files = {field: _toml(folder / file, digest_parts) for field, file in raw.get("known", {}).items()}
    raw["known"] = {field: frozenset(_names(found, _NAMED_BY)) for field, found in files.items()}
    raw["own_name"] = _own_name(raw, files)
    raw["offered"] = {field: tuple(dict.fromkeys(_names(found, _NAMED_BY, most=1))) for field, found in files.items()}
    try:
        mapping = Mapping.model_validate({**raw, "digest": _digest([body]), "lists_digest": _digest(digest_parts)})
    except ValidationError as error:
        raise ConfigError(f"{path}: " + "; ".join(map(_words, error.errors()))) from error
    return mapping.model_copy(
        update={
            "inbox": folder / mapping.inbox,
            "state": folder / mapping.state if mapping.state is not None else None,
        }
    )


def _complete(path: Path, raw: dict[str, Any], bureau: str) -> None:
    """Put the bureau that runs a shared mapping into it."""
    named = raw.get("bureau")
    if named != SHARED:
        if bureau and bureau != named:
            raise ConfigError(f"{path}：这份对应关系属于{named}，不是{bureau}")
        return
    if not bureau:
        raise ConfigError(f"{path}：这份对应关系由多个单位共用，请用 hub connect --bureau CODE 说明是哪个单位")
    try:
        topics.events_topic("any-district", bureau)  # tells whether the code can stand in a topic's name
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    raw["bureau"] = bureau
    raw |= {key: raw[key].replace("{bureau}", bureau) for key in ("inbox", "state") if isinstance(raw.get(key), str)}


def _digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _words(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = {field.alias or name for model in (Mapping, SheetMap, EventMap, ColumnMap) for name, field in model.model_fields.items()}
        near = get_close_matches(str(error["loc"][-1]), sorted(known), n=1, cutoff=0.5)
        return f"{place}：没有“{error['loc'][-1]}”这一项" + (f"，应为“{near[0]}”？" if near else "，请删去或对照连接器指南")
    return f"{place or 'file'}: {error['msg'].removeprefix('Value error, ')}"


def _toml(path: Path, digest_parts: list[bytes]) -> dict[str, Any]:
    try:
        body = path.read_bytes()
        digest_parts.append(body)
        return tomllib.loads(body.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _own_name(raw: dict[str, Any], files: dict[str, dict[str, Any]]) -> str:
    """Return what people call the mapping's bureau: its first name in the file of bureaus, else in a file of known names (a town's)."""
    bureau = raw.get("bureau")
    items = (item for found in files.values() for value in found.values() if isinstance(value, list) for item in value)
    named = (str(item["name"]) for item in items if isinstance(item, dict) and item.get("code") == bureau and "name" in item)
    return next((name for name, code in raw["departments"].items() if code == bureau != name), next(named, ""))


_NAMED_BY = ("name", "uscc", "code")


def _names(raw: dict[str, Any], keys: tuple[str, ...], most: int | None = None) -> list[str]:
    """Return every string of every array, and the *keys* of every table of every array, of each the first *most*."""
    found: list[str] = []
    for value in raw.values():
        for item in value if isinstance(value, list) else ():
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, dict):
                found += [str(item[key]) for key in keys if key in item][:most]
    return found


def _departments(folder: Path, raw: dict[str, str], digest_parts: list[bytes]) -> dict[str, str]:
    """Return name → code from the district's bureau file and the entries beside it; a code means itself."""
    entries = {name: code for name, code in raw.items() if name != "file"}
    if "file" in raw:
        for item in _toml(folder / raw["file"], digest_parts).get("bureau", []):
            for name in (item.get("name"), item.get("full_name"), *item.get("aliases", []), item["code"]):
                if name:
                    entries.setdefault(name, item["code"])
    return entries
