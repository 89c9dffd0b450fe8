"""A room of the lists under another source text: what a version with that text would fold, and be stamped with."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from exchange_hub.views.lists import KINDS
from exchange_hub.views.store import deciding


@contextmanager
def rewritten(kind: str, old: str, new: str) -> Iterator[None]:
    """Let the module of a kind's lists have *new* in the place of *old*, both as it folds and as it is digested."""
    module = KINDS[kind].rows.__module__
    source = deciding._source
    text = source(module)
    assert old in text
    changed = ModuleType(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deciding, "_source", lambda name: text.replace(old, new) if name == module else source(name))
        patch.setitem(sys.modules, module, changed)
        exec(compile(text.replace(old, new), module, "exec"), changed.__dict__)
        patch.setitem(KINDS, kind, changed.KIND)
        _forget()
        yield
    _forget()


def _forget() -> None:
    for cached in (deciding.code_version, deciding.code_of, deciding.modules_of, deciding._read):
        cached.cache_clear()
