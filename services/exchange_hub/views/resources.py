"""The catalogue of data (数据资源目录): every list and every event contract as a resource with its dictionary of fields.

Everything is taken from where it is said: columns from the lists' rooms, types, code lists and what must be filled from the contracts,
bureaus from who may report a list, sharing class and cycle of update from the district's data.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from exchange_contracts.registry import Contract, Registry
from exchange_contracts.shape import Field, Shape, title_of
from exchange_hub.programme.district import COORDINATION, District
from exchange_hub.programme.district_parts import Cycle, SharedList, Sharing
from exchange_hub.views.column_notes import note
from exchange_hub.views.lists import KINDS, LISTS
from exchange_hub.views.lists.model import Column, ListView

COMMON_FIELDS = 12
NOT_SHARED: Sharing = "不予共享"
#: The hub's own lists and decisions have no bureau that reports them.
HUB = "工作专班"

Type = Literal["文本", "金额", "整数", "数量", "日期", "月份", "时刻", "是否", "列表", "对照表", "记录"]
_OF_COLUMN: dict[str, Type] = {
    "text": "文本", "money": "金额", "count": "整数", "quantity": "数量", "date": "日期", "month": "月份", "texts": "列表", "flag": "是否", "money_map": "对照表",
}  # fmt: skip
_OF_SHAPE: dict[str, Type] = {
    "text": "文本", "uuid": "文本", "int": "整数", "long": "整数", "date": "日期", "instant": "时刻", "money": "金额", "quantity": "数量", "boolean": "是否",
    "array": "列表", "map": "对照表", "record": "记录",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a resource.

    Attributes:
        title: what people call it.
        unit: unit of its values, empty where none applies.
        codelist: code list that its values come from; *codes* are these values.
        required: whether whoever states it must fill it.
        key: whether it is part of what names a row or an event.
        note: what the contract says of it, or what a column means that is worked out.
    """

    name: str
    title: str
    type: Type
    unit: str = ""
    codelist: str = ""
    codes: tuple[str, ...] = ()
    required: bool = False
    key: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A list or an event contract as the catalogue names it.

    Attributes:
        code: its code, the same as long as it has its name.
        version: version of the contract; of a list, 1.
        bureaus: names of the bureaus that report it.
        related: the events that make a list, or the lists that an event goes into.
    """

    code: str
    name: str
    title: str
    kind: Literal["清单", "契约"]
    version: int
    sharing: Sharing
    condition: str
    cycle: Cycle
    bureaus: tuple[str, ...]
    related: tuple[str, ...]
    fields: tuple[Entry, ...]


def resources(district: District, registry: Registry) -> tuple[Resource, ...]:
    """Return every list in its order, then every contract."""
    return (*(_of_list(view, district, registry) for view in LISTS), *(_of_contract(contract, district, registry) for contract in registry.contracts()))


def _of_list(view: ListView, district: District, registry: Registry) -> Resource:
    contracts = _contracts_of(view, registry)
    rule = district.sharing_of(view.name)
    said = {field.name: field for contract in reversed(contracts) for field in contract.fields[COMMON_FIELDS:]}
    entries = (
        Entry("row_key", "行主键", "文本", required=True, key=True, note="该行的业务主键，合并后的行只有一个"),
        *(_of_column(view, column, said.get(column.name), registry) for column in view.columns),  # type: ignore[call-overload]  # names of fields are texts
        Entry("bureaus", "报送单位", "列表", required=True, note="填报该行的单位代码"),
    )
    return Resource(
        f"{district.sharing_rules.prefix}-{view.name}", view.name, view.title, "清单", 1, rule.sharing, rule.condition, rule.cycle,
        _reporters(district, (view.name,)), tuple(contract.event for contract in contracts), entries,
    )  # fmt: skip


def _contracts_of(view: ListView, registry: Registry) -> list[Contract]:
    kinds = {kind.name for kind in KINDS.values() if view in kind.lists}
    return [contract for contract in registry.contracts() if contract.kind in kinds]


def _of_column(view: ListView, column: Column, field: Field | None, registry: Registry) -> Entry:
    shape = None if field is None else field.shape.inner or field.shape
    codelist = shape.codelist if shape is not None else ""
    return Entry(
        column.name, column.title, "整数" if column.year else _OF_COLUMN[column.type], column.unit, codelist, registry.codelists.get(codelist, ()),
        field is not None and _needed(field), note=field.doc if field is not None else note(view.name, column.name),
    )  # fmt: skip


def _of_contract(contract: Contract, district: District, registry: Registry) -> Resource:
    lists = tuple(view.name for view in KINDS[contract.kind].lists) if contract.kind in KINDS else ()
    rule = district.sharing_of(lists[0]) if lists else SharedList("", NOT_SHARED, "实时")
    return Resource(
        f"{district.sharing_rules.prefix}-{contract.event}", contract.event, contract.doc, "契约", contract.version, rule.sharing, rule.condition, rule.cycle,
        _reporters(district, lists) if contract.kind != COORDINATION else (HUB,), lists, tuple(_of_fields(contract, registry)),
    )  # fmt: skip


def _of_fields(contract: Contract, registry: Registry) -> Iterator[Entry]:
    keys = {"event_id", "entity_key", *contract.subkey}
    for number, field in enumerate(contract.fields):
        shape = field.shape.inner or field.shape
        codelist = shape.codelist or field.shape.keys_codelist
        needed = _needed(field) or (number < COMMON_FIELDS and field.name in contract.requires)
        yield Entry(
            field.name, title_of(field.doc) or field.name, _type_of(field.shape), "元" if shape.meaning == "money" else "", codelist,
            registry.codelists.get(codelist, ()), needed, field.name in keys, field.doc,
        )  # fmt: skip


def _type_of(shape: Shape) -> Type:
    return "月份" if shape.format == "month" else _OF_SHAPE[shape.meaning]


def _needed(field: Field) -> bool:
    return not field.shape.optional and not field.has_default


def _reporters(district: District, lists: Iterable[str]) -> tuple[str, ...]:
    wanted = set(lists)
    return tuple(bureau.name for bureau in district.bureaus if wanted & set(bureau.lists)) or (HUB,)
