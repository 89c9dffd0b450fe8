"""The contracts as an AsyncAPI document: topics, messages and receipts, for tools of systems that write Avro themselves."""

from typing import Any

from exchange_contracts import envelope
from exchange_contracts.receipts import Receipt
from exchange_contracts.registry import Contract, Registry

AVRO = "application/vnd.apache.avro;version=1.9.0"
_BINDING = "0.5.0"
_PARAMETERS = {"district": {"description": "区域代码，如 wuqing"}, "bureau": {"description": "单位代码，如 industry"}}
_DESCRIPTION = (
    "各单位向本单位的主题报送事件，中枢在回执主题上答复。消息值为“00 + 四字节契约编号 + Avro 正文”，"
    "消息键为业务主键（UTF-8 文本）。事件编号、消息头和示例字节见 schemas/README.md 与 vectors.json。"
)


def document(registry: Registry) -> dict[str, Any]:
    """Return the document (AsyncAPI 3.0) of the newest version of every contract."""
    contracts = list(registry.contracts())
    receipt = Receipt.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = receipt.pop("$defs")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "“两新”数据交换契约", "version": registry.digest[:12], "description": _DESCRIPTION},
        "defaultContentType": envelope.CONTENT_TYPE.decode(),
        "channels": {
            "events": _channel("events", "一个单位的事件，单分区，永久保存", {contract.event: f"#/components/messages/{contract.event}" for contract in contracts}),
            "receipts": _channel("receipts", "对一个单位的答复", {"Receipt": "#/components/messages/Receipt"}),
        },
        "operations": {
            "take": {"action": "receive", "channel": {"$ref": "#/channels/events"}, "summary": "接收各单位报送的事件"},
            "answer": {"action": "send", "channel": {"$ref": "#/channels/receipts"}, "summary": "逐批答复：接收多少条，其余各条的原因"},
        },
        "components": {
            "messages": {contract.event: _message(contract) for contract in contracts} | {"Receipt": _receipt()},
            "schemas": {"Receipt": receipt, "Headers": _headers(), **schemas},
        },
    }  # fmt: skip


def _channel(kind: str, description: str, messages: dict[str, str]) -> dict[str, Any]:
    return {
        "address": f"hub.{{district}}.{{bureau}}.{kind}", "description": description, "parameters": _PARAMETERS,
        "messages": {name: {"$ref": place} for name, place in messages.items()},
        "bindings": {"kafka": {"partitions": 1, "bindingVersion": _BINDING}},
    }  # fmt: skip


def _message(contract: Contract) -> dict[str, Any]:
    key = {"type": "string", "description": "业务主键 entity_key"}
    return {
        "name": contract.event, "title": contract.event, "summary": contract.doc, "contentType": envelope.CONTENT_TYPE.decode(),
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": {"schemaFormat": AVRO, "schema": dict(contract.schema)},
        "bindings": {"kafka": {"key": key, "schemaIdLocation": "payload", "schemaIdPayloadEncoding": "confluent", "bindingVersion": _BINDING}},
        "x-schema-id": contract.schema_id, "x-schema-version": contract.version,
    }  # fmt: skip


def _receipt() -> dict[str, Any]:
    return {
        "name": "Receipt", "title": "回执", "summary": "一批消息的结果", "contentType": "application/json",
        "payload": {"$ref": "#/components/schemas/Receipt"},
    }  # fmt: skip


def _headers() -> dict[str, Any]:
    told = {
        "ce_specversion": "1.0", "ce_id": "事件编号，同 event_id", "ce_source": "/单位代码/来源（百分号编码）",
        "ce_type": f"{envelope.TYPE_PREFIX}事件名", "ce_time": "记录时间，毫秒，以 Z 结尾", "content-type": envelope.CONTENT_TYPE.decode(),
        "traceparent": "W3C 跟踪上下文，可省略",
    }  # fmt: skip
    return {
        "type": "object", "description": "均可省略；写出的须与正文一致",
        "properties": {name: {"type": "string", "description": words} for name, words in told.items()},
    }  # fmt: skip
