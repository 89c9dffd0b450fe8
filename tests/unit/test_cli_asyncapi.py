"""The AsyncAPI document: what the specification's own schema accepts, with every contract and topic in it."""

import json
import lzma
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from exchange_contracts import registry, topics
from exchange_contracts.receipts import Receipt
from exchange_hub.cli import asyncapi, main

SPECIFICATION = Path(__file__).parents[1] / "golden/asyncapi-3.0.0.schema.json.xz"
"""The schema of AsyncAPI 3.0.0 as the npm package @asyncapi/specs 6.11.1 has it, without its examples (Apache License 2.0)."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as the command prints it."""
    done = CliRunner().invoke(main, ["contracts", "docs", "--format", "asyncapi"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def of_few(document: dict[str, Any]) -> dict[str, Any]:
    """The document with three of its messages: the others are laid out alike, and all of them would take seconds."""
    few = {"ProjectAdded", "SubsidyBatchPaid", "EntitiesMerged", "Receipt"}
    channels = {
        name: channel | {"messages": {message: place for message, place in channel["messages"].items() if message in few}}
        for name, channel in document["channels"].items()
    }
    components = document["components"]
    messages = {name: message for name, message in components["messages"].items() if name in few}
    return document | {"channels": channels, "components": components | {"messages": messages}}


def test_the_specification_s_schema_accepts_the_document(document: dict[str, Any]) -> None:
    """The document is valid AsyncAPI 3.0, and one that is not would be found."""
    validator = jsonschema.Draft7Validator(json.loads(lzma.decompress(SPECIFICATION.read_bytes())))
    few = of_few(document)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(few)] == []
    assert not validator.is_valid(few | {"channels": {"events": {"address": 1}}})


def test_every_contract_is_a_message_with_its_number(document: dict[str, Any]) -> None:
    """Each newest contract stands in it with schema, number and version, alike in form, and reachable from the topic's channel."""
    messages = document["components"]["messages"]
    told = {name: (message["x-schema-id"], message["x-schema-version"]) for name, message in messages.items() if name != "Receipt"}
    assert told == {contract.event: (contract.schema_id, contract.version) for contract in registry.load().contracts()}
    assert {name: place["$ref"] for name, place in document["channels"]["events"]["messages"].items()} == {
        name: f"#/components/messages/{name}" for name in told
    }
    assert len({tuple(message) for name, message in messages.items() if name != "Receipt"}) == 1


def test_addresses_and_receipts_are_those_of_the_hub(document: dict[str, Any]) -> None:
    """The channels' addresses are the names of topics, and a receipt is valid by the schema that is described."""
    address = document["channels"]["events"]["address"].format(district="wuqing", bureau="industry")
    assert address == topics.events_topic("wuqing", "industry")
    answer = Receipt.from_bytes(
        b'{"topic": "t", "first": 0, "next": 2, "accepted": 1, "batch": 1, "at": "2026-11-02T01:30:00Z", "exceptions": [{"offset": 1, "event_id": null, '
        b'"entity_key": "P1", "outcome": "rejected", "code": "unreadable", "reason": "x"}]}'
    )
    schema = {"$ref": "#/components/schemas/Receipt", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(answer.to_bytes()))


def test_the_document_is_a_function_of_the_contracts() -> None:
    """It holds no time and no place: the same contracts give the same document."""
    assert asyncapi.document(registry.load()) == asyncapi.document(registry.load())
