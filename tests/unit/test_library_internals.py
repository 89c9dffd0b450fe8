"""What the product uses of its Kafka libraries beyond their documented names, named one by one: a new version that lacks one is told here."""

import ast
import asyncio
import importlib
import inspect
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import aiokafka
import faust
import pytest
from aiokafka.consumer import fetcher, subscription_state
from faust.transport.drivers import aiokafka as driver
from kafka.net import transport
from kafka.record import default_records as kafka_records
from kafka.record import memory_records
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas/exchange_contracts", "connectors/exchange_connectors", "services/exchange_hub")
#: Import name → distribution, of the libraries whose names are looked at; mode is what Faust's services are made of.
LIBRARIES = {"aiokafka": "aiokafka", "faust": "faust-streaming", "kafka": "kafka-python", "mode": "mode-streaming"}
#: Python's own: of named tuples, and what its typing writes into classes.
_OF_PYTHON = {"_replace", "_fields", "_asdict", "_is_protocol"}


def _in_loop(made: Callable[[], object]) -> object:
    """Make something that asks for the running event loop."""

    async def asked() -> object:
        return made()

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(asked())
    finally:
        loop.close()


def _faust_consumer() -> object:
    return faust.App("internals", broker="kafka://127.0.0.1:9", store="memory://", web_enabled=False)._new_consumer()


def _fetch_result() -> object:
    return fetcher.FetchResult(None, assignment=None, partition_records=None, backoff=0)


#: Bytes that a parser of batches takes for an empty one.
_BATCH = bytes(100)


class Owner(NamedTuple):
    """Something of a library, how to get hold of one, and the names of it that the product uses or replaces."""

    what: str
    made: Callable[[], Any]
    names: tuple[str, ...]


OWNERS: tuple[Owner, ...] = (
    Owner(
        "aiokafka.AIOKafkaConsumer", lambda: _in_loop(aiokafka.AIOKafkaConsumer),
        ("_isolation_level", "_fetch_max_wait_ms", "_partition_assignment_strategy", "_subscription", "_client"),
    ),
    Owner(
        "aiokafka.consumer.subscription_state.Subscription", lambda: _in_loop(lambda: subscription_state.Subscription({"topic"})),
        ("_reassignment_in_progress",),
    ),
    Owner("aiokafka.consumer.fetcher", lambda: fetcher, ("MemoryRecords", "PartitionRecords", "FetchResult")),
    Owner("aiokafka.consumer.fetcher.PartitionRecords", lambda: fetcher.PartitionRecords, ("_consumer_record",)),
    Owner("aiokafka.consumer.fetcher.FetchResult", _fetch_result, ("_topic_partition", "_update_position")),
    Owner("faust.App", lambda: faust.App("internals"), ("_consumer", "_new_consumer", "_new_transport")),
    Owner("faust.transport.drivers.aiokafka.Consumer", _faust_consumer, ("_getmany", "_new_consumer_thread", "_seek", "_thread")),
    Owner(
        "faust.transport.drivers.aiokafka.AIOKafkaConsumerThread", lambda: driver.AIOKafkaConsumerThread,
        ("_create_worker_consumer", "_ensure_consumer"),
    ),
    Owner("kafka.record.default_records.DefaultRecordBatch", lambda: kafka_records.DefaultRecordBatch(_BATCH), ("_buffer",)),
    Owner("kafka.net.transport.KafkaTCPTransport", lambda: transport.KafkaTCPTransport, ("_sock_recv",)),
    Owner("kafka.net.transport.KafkaSSLTransport", lambda: transport.KafkaSSLTransport, ("_sock_recv",)),
    Owner("kafka.record.memory_records", lambda: memory_records, ("DefaultRecordBatch",)),
)  # fmt: skip


class Use(NamedTuple):
    """A place in the product, and the library's name that is used there."""

    place: str
    name: str


@cache
def uses() -> tuple[Use, ...]:
    """Every private name of the libraries, and every name that is replaced in one of their modules, in the product's code."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(use for path in files for use in _of_file(ast.parse(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT))))


def _of_file(tree: ast.Module, shown: str) -> Iterator[Use]:
    taken = {
        alias.asname or alias.name.partition(".")[0]: node
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (node.module if isinstance(node, ast.ImportFrom) else alias.name or "").partition(".")[0] in LIBRARIES
    }
    others = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    } - taken.keys()  # fmt: skip
    own = _own(tree) if taken else set()
    for node in ast.walk(tree) if taken else ():
        place = f"{shown}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LIBRARIES:
            yield from (Use(place, alias.name) for alias in node.names if _is_private(alias.name))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id in taken:
            yield Use(place, node.attr)
        elif isinstance(node, ast.Attribute) and _is_private(node.attr) and node.attr not in _OF_PYTHON | own:
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            yield from () if of in others else (Use(place, node.attr),)  # another module's, such as os._exit


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _own(tree: ast.Module) -> set[str]:
    """Return the names that a module's own classes and functions give themselves.

    Not those that are asked of ``super()``, nor those that a class only declares: these come from a library.
    """
    given = {
        node.attr for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    }  # fmt: skip
    given |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    asked_above = {
        node.attr for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "super"
    }  # fmt: skip
    promised = {node.target.id for node in ast.walk(tree) if isinstance(node, ast.AnnAssign) and node.value is None and isinstance(node.target, ast.Name)}
    return given - asked_above - promised


def _told(owner: Owner, name: str) -> str:
    library = owner.what.partition(".")[0]
    places = ", ".join(use.place for use in uses() if use.name == name) or "a method that takes its place"
    return (
        f"{LIBRARIES[library]} {version(LIBRARIES[library])}: {owner.what} has no {name} any more. The product relies on it ({places}): "
        "see what took its place before the bound in pyproject.toml is raised."
    )


def lacking(owner: Owner) -> list[str]:
    """Say of each name that an owner does not have any more where it is used."""
    try:
        thing = owner.made()
    except (AttributeError, TypeError) as error:
        return [f"{owner.what} cannot be made as the product makes it: {error}"]
    return [_told(owner, name) for name in owner.names if not hasattr(thing, name)]


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.what)
def test_the_library_has_every_name_that_is_used(owner: Owner) -> None:
    """Each name is there in the version that is installed."""
    assert lacking(owner) == []


def test_a_library_without_a_name_is_told_in_words() -> None:
    """The words name the library with its version, the name, and the places in the product."""
    (said,) = lacking(Owner("aiokafka.AIOKafkaConsumer", lambda: object, ("_isolation_level",)))
    assert said.startswith(f"aiokafka {version('aiokafka')}: aiokafka.AIOKafkaConsumer has no _isolation_level any more.")
    assert "services/exchange_hub/views/worker/driver.py:" in said
    (said,) = lacking(Owner("faust.App", lambda: getattr(object(), "gone"), ()))  # noqa: B009 — the very error
    assert said.startswith("faust.App cannot be made")


def test_every_name_that_is_used_is_named_here() -> None:
    """A private name that the product uses, or a name that it replaces, stands in the table above; the table names no other."""
    named = {name for owner in OWNERS for name in owner.names}
    unnamed = [f"{use.place} uses {use.name}: name its owner in {Path(__file__).name}" for use in uses() if use.name not in named]
    assert unnamed == []
    assert named - {use.name for use in uses()} - set(overridden()) == set()


def overridden() -> Mapping[str, str]:
    """Return what the product's classes define over a library's class: private name → the class that had it."""
    found: dict[str, str] = {}
    for name in ("driver", "records", "sharing"):
        module = importlib.import_module(f"exchange_hub.views.worker.{name}")
        for ours in [each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == module.__name__]:
            above = [each for each in ours.__mro__[1:] if each.__module__.partition(".")[0] in LIBRARIES]
            for attribute in filter(_is_private, vars(ours)):
                owner = next((each for each in above if attribute in vars(each) and not attribute.startswith("_abc_")), None)
                if owner is not None:
                    found[attribute] = f"{owner.__module__}.{owner.__qualname__}"
    return found


def test_every_method_over_a_library_s_own_is_named_here() -> None:
    """What the product defines in place of a private method is in the table: a library that renames its own would never call ours."""
    named = {name for owner in OWNERS for name in owner.names}
    unnamed = {name: owner for name, owner in overridden().items() if name not in named | _OF_PYTHON}
    assert unnamed == {}
    assert {"_getmany", "_new_consumer_thread", "_create_worker_consumer", "_new_transport", "_new_consumer", "_consumer_record"} <= set(overridden())


@pytest.mark.parametrize("library", ["aiokafka", "faust", "kafka"])
def test_a_library_whose_insides_are_used_is_bounded(library: str) -> None:
    """The hub declares each such library itself, and takes no version that nobody has looked at."""
    name = LIBRARIES[library]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["hub"]]
    mine = [found for line in lines if (found := Requirement(line)).name == name]
    assert mine, f"{name} is not declared"
    bounds = {each.operator for found in mine for each in found.specifier}
    assert {">=", "<"} <= bounds, f"{name} has no upper bound in pyproject.toml: {mine}"
    assert all(found.specifier.contains(version(name)) for found in mine)
