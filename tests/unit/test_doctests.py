"""The examples in docstrings say what the functions do."""

import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import exchange_connectors
import exchange_contracts
import exchange_hub


def examples() -> Iterator[doctest.DocTest]:
    """Every docstring of the three packages that holds examples; only modules that show some are imported."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for package in (exchange_contracts, exchange_connectors, exchange_hub):
        folder = Path(package.__path__[0])
        for path in sorted(folder.rglob("*.py")):
            if ">>> " in path.read_text(encoding="utf-8"):
                name = ".".join((package.__name__, *path.relative_to(folder).with_suffix("").parts))
                yield from (found for found in finder.find(importlib.import_module(name.removesuffix(".__init__"))) if found.examples)


@pytest.mark.parametrize("example", [pytest.param(each, id=each.name) for each in examples()])
def test_an_example_of_a_docstring_is_true(example: doctest.DocTest) -> None:
    """Each line that a docstring shows gives what stands below it."""
    told: list[str] = []
    failed = doctest.DocTestRunner().run(example, out=told.append).failed
    assert not failed, "".join(told)
