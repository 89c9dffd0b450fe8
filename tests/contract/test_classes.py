"""The typed classes and the contracts say the same, and the generated files are current."""

from typing import Literal, get_args, get_origin

import pytest
from pydantic import ConfigDict, TypeAdapter, with_config

from exchange_contracts import codec, events, facts, generate, registry
from exchange_contracts.model import Event, Value
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field
from tests.contract.event_strategies import plain_event

REGISTRY = registry.load()
each_contract = pytest.mark.parametrize("contract", REGISTRY.contracts(), ids=lambda contract: contract.event)


def test_the_generated_files_are_current() -> None:
    """``python -m exchange_contracts.generate`` would change nothing."""
    assert not generate.stale()


@each_contract
def test_decoded_facts_are_of_their_type(contract: Contract) -> None:
    """What the decoder gives has the keys of its type, no others, and values of just that type: full, and as empty as can be."""
    adapter = TypeAdapter(with_config(ConfigDict(extra="forbid", strict=True))(facts.FACTS[contract.event]))
    empty = {field.name: None for field in contract.fields if field.shape.optional and field.name not in contract.requires}
    for event in (plain_event(contract), plain_event(contract, **empty)):
        _, decoded = codec.decode_facts(codec.encode(event))
        assert adapter.validate_python(decoded) == decoded
        assert set(decoded) == set(facts.FACTS[contract.event].__annotations__) | set(facts.EventFacts.__annotations__)


@each_contract
def test_a_class_has_its_contracts_fields(contract: Contract) -> None:
    """Names, what may be left out, and defaults are those of the contract; so is the register."""
    model = events.EVENTS[contract.event]
    assert (model.family, model.subkey) == (contract.family, contract.subkey)
    assert set(model.model_fields) == {field.name for field in contract.fields}
    for field in contract.fields:
        info = model.model_fields[field.name]
        if field.name == "event_id":
            continue  # computed where it is left out
        if field.name in contract.requires:
            assert info.is_required()
            continue
        assert info.is_required() is not field.has_default, field.name
        if field.has_default:
            default = info.default
            assert (list(default) if isinstance(default, tuple) else default) == field.default
        assert codes_of(info.annotation) == expected_codes(field), field.name


def codes_of(annotation: object) -> set[str]:
    """Return the values of every Literal inside an annotation, nested models included."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return set().union(*(codes_of(info.annotation) for info in annotation.model_fields.values()))
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return set().union(*(codes_of(part) for part in get_args(annotation)))


def expected_codes(field: Field) -> set[str]:
    """Return the code-list values that a field's annotation must spell out."""
    shapes = [field.shape, field.shape.inner] if field.shape.inner else [field.shape]
    shapes += [inner.shape for shape in shapes for inner in shape.fields]
    names = {name for shape in shapes for name in (shape.codelist, shape.keys_codelist) if name}
    return {value for name in names for value in REGISTRY.codelists[name]}


def test_the_common_part_is_the_base_class() -> None:
    """The first twelve fields of every contract are those of ``Event``, in its order."""
    common = list(Event.model_fields)
    for contract in REGISTRY.contracts():
        assert [field.name for field in contract.fields[: len(common)]] == common


@each_contract
def test_every_contract_explains_itself_in_chinese(contract: Contract) -> None:
    """A field of money or quantity names its unit."""
    units = ("元", "吨", "%", "台", "小数", "单位")
    for field in contract.fields:
        if field.shape.meaning in ("money", "quantity"):
            assert any(unit in field.doc for unit in units), field.name


def test_the_wire_ids_never_change() -> None:
    """Ids are published: the first contracts keep theirs."""
    ids = {contract.event: contract.schema_id for contract in REGISTRY.versions() if contract.version == 1}
    assert {name: ids[name] for name in ("BaselineSet", "NilReturned", "ProjectAdded", "SubsidyPaid")} == {
        "BaselineSet": 1, "NilReturned": 17, "ProjectAdded": 24, "SubsidyPaid": 30,
    }  # fmt: skip
