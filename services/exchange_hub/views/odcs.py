"""A resource of the catalogue as an Open Data Contract Standard document (ODCS 3.0, https://bitol-io.github.io/open-data-contract-standard), in YAML.

It says nothing that the catalogue does not: the same resource gives the same bytes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.resources import Entry, Resource

API_VERSION = "v3.0.2"
_LOGICAL = {
    "文本": "string", "月份": "string", "金额": "number", "数量": "number", "整数": "integer", "日期": "date", "时刻": "date", "是否": "boolean", "列表": "array",
    "对照表": "object", "记录": "object",
}  # fmt: skip
_PHYSICAL_LIST = {
    "文本": "text", "月份": "text", "金额": "bigint", "数量": "numeric(18,4)", "整数": "bigint", "日期": "date", "时刻": "timestamptz", "是否": "boolean",
    "列表": "text[]", "对照表": "jsonb", "记录": "jsonb",
}  # fmt: skip
_PHYSICAL_AVRO = {
    "文本": "string", "月份": "string", "金额": "decimal(18,2)", "数量": "decimal(18,4)", "整数": "long", "日期": "date", "时刻": "timestamp-millis", "是否": "boolean",
    "列表": "array", "对照表": "map", "记录": "record",
}  # fmt: skip

Document = dict[str, Any]


def document(resource: Resource, district: str, *, confirmed: bool) -> Document:
    """Return the contract of a resource.

    Args:
        resource: the resource.
        district: name of the district, the tenant.
        confirmed: whether the district has confirmed sharing class and cycle; until then it is a draft.
    """
    is_list = resource.kind == "清单"
    custom = {
        "resourceCode": resource.code, "sharingClass": resource.sharing, "sharingCondition": resource.condition, "updateCycle": resource.cycle,
        "lists" if not is_list else "events": list(resource.related),
    }  # fmt: skip
    return {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": resource.code,
        "name": resource.title,
        "version": f"{resource.version}.0.0",
        "status": "active" if confirmed else "draft",
        "tenant": district,
        "domain": "两新",
        "description": {
            "purpose": f"{resource.title}（{resource.kind} {resource.name}）",
            "usage": f"{resource.sharing}{f'：{resource.condition}' if resource.condition else ''}",
            "limitations": "空值表示没有或未填报，不表示零。",
        },
        "schema": [_object(resource, is_list=is_list)],
        "team": [{"name": bureau, "username": bureau, "role": "报送单位"} for bureau in resource.bureaus],
        "slaProperties": [{"property": "frequency", "value": resource.cycle}],
        "customProperties": _custom(custom),
    }


def _object(resource: Resource, *, is_list: bool) -> Document:
    return {
        "name": resource.name,
        "businessName": resource.title,
        "logicalType": "object",
        "physicalType": "table" if is_list else "topic",
        "properties": [_property(entry, _PHYSICAL_LIST if is_list else _PHYSICAL_AVRO) for entry in resource.fields],
    }


def _property(entry: Entry, physical: Mapping[str, str]) -> Document:
    made: Document = {
        "name": entry.name, "businessName": entry.title, "logicalType": _LOGICAL[entry.type], "physicalType": physical[entry.type],
        "required": entry.required,
    }  # fmt: skip
    if entry.key:
        made["primaryKey"] = True
    if entry.note:
        made["description"] = entry.note
    if made["logicalType"] == "array":
        made["items"] = {"logicalType": "string"}
    # Money of a list is kept in whole fen, and given out in yuan.
    unit = "分" if entry.type == "金额" and physical is _PHYSICAL_LIST else entry.unit
    custom = {"unit": unit, "codeList": entry.codelist, "codes": list(entry.codes)}
    if any(custom.values()):
        made["customProperties"] = _custom(custom)
    return made


def _custom(values: Mapping[str, Any]) -> list[Document]:
    return [{"property": name, "value": value} for name, value in values.items() if value]


def yaml(made: Document) -> str:
    """Write a document as YAML: block style, every text in double quotes, so that nothing is read as anything else.

    >>> print(yaml({"a": ["x: y", {"b": True}], "c": []}), end="")
    a:
    - "x: y"
    - b: true
    c: []
    """
    return "".join(f"{line}\n" for line in _mapping(made))


def _mapping(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield f"{name}:"
            yield from (f"  {line}" for line in _mapping(value))
        elif isinstance(value, Sequence) and not isinstance(value, str) and value:
            yield f"{name}:"
            yield from _sequence(value)
        else:
            yield f"{name}: {_scalar(value)}"


def _sequence(values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        lines = list(_mapping(value)) if isinstance(value, Mapping) else [_scalar(value)]
        yield f"- {lines[0]}"
        yield from (f"  {line}" for line in lines[1:])


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
