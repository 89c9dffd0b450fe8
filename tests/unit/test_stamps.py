"""What a list's stamp is made of: its own code, contracts and the district's answers, and nothing else (invariant 9)."""

import pickle
import shutil
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from exchange_hub.processes.compose import Hub
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import KINDS
from exchange_hub.views.reading import read
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact, Record, Rejection
from exchange_hub.views.store import deciding
from exchange_hub.views.store import stamp as stamping
from exchange_hub.views.store.deciding import JOINED, LISTED, has_grown, rows_stand
from exchange_hub.views.store.stamp import Stamp
from tests.strategies.history import bulk
from tests.strategies.rooms import rewritten
from tests.strategies.store import RULES

SEED = 20261128
WUQING = Path("deploy/districts/wuqing")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample district."""
    return Path(shutil.copytree(WUQING, tmp_path / "district", ignore=shutil.ignore_patterns("samples", "connectors")))


def stamp(folder: Path) -> Stamp:
    """The stamp under a district's folder."""
    return Hub.load(Settings(district=folder)).stamp


def test_a_hub_works_its_stamp_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild asks for the stamp at each of its parts; a process that a hub is handed to does not work it out again either."""
    hub = Hub.load(Settings(district=WUQING))
    found = hub.stamp
    monkeypatch.setattr(stamping, "stamp_of", None)
    assert hub.stamp is found
    assert pickle.loads(pickle.dumps(hub)).stamp == found


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Change a file of the folder; an empty *old* adds to its end."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")


def codes() -> dict[str, str]:
    """The code digest of every kind."""
    return {kind: deciding.code_of(kind) for kind in LISTED}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    row = merged(said, _TAKEN, rules, LIST.name)\n", "    row = merged(said, _TAKEN, rules, LIST.name)  # said again\n"),
        ('"""Give a row per allocation and per summary of a bureau, and the rows of each application."""', '"""Say it in other words,\n\n    over some lines."""'),
        ("    lead, facts = ranked(said, rules, LIST.name)[0]\n", "\n\n    lead, facts = ranked(\n        said, rules, LIST.name\n    )[0]\n"),
    ],
    ids=["comment", "docstring", "layout"],
)
def test_words_and_layout_are_no_code(old: str, new: str) -> None:
    """A comment, a docstring or another layout in a list's module leaves every stamp as it is."""
    before = codes()
    with rewritten("fund", old, new):
        assert codes() == before


def test_code_of_a_list_is_its_own() -> None:
    """Another statement in a list's module is another code of that kind and of no other."""
    before = codes()
    with rewritten("fund", 'row["lead_bureau"] = on, step, lead.bureau\n', 'row["lead_bureau"] = on, step, lead.bureau.upper()\n'):
        after = codes()
    assert {kind for kind in LISTED if after[kind] != before[kind]} == {"fund"}
    assert codes() == before


def test_what_all_folds_share_is_code_of_every_list() -> None:
    """Each kind goes by its own room and by the machinery, by no other kind's room, and by no words or checks of contracts."""
    rooms = {kind: KINDS[kind].rows.__module__ for kind in KINDS}
    for kind in LISTED:
        modules = set(deciding.modules_of(kind))
        assert modules & set(rooms.values()) == {rooms[kind]}
        assert {"exchange_hub.views.fold", "exchange_hub.views.lists.folding", "exchange_hub.views.statement", "exchange_contracts.decoder"} <= modules
        assert not modules & {"exchange_hub.views.check", "exchange_hub.views.store.commit", "exchange_contracts.events"}


def test_contracts_of_a_list_are_those_of_its_events() -> None:
    """No two kinds have the same contracts, and each kind's digest is of its own events and code lists."""
    assert len({deciding.contracts_of(kind) for kind in LISTED}) == len(LISTED)


def test_only_answers_count(folder: Path) -> None:
    """A comment, a bureau's other name, another goal: none of it is another configuration of a list."""
    before = stamp(folder)
    edit(folder, "bureaus.toml", "", "\n# a comment\n")
    edit(folder, "calendar.toml", "国务院办公厅关于2026年", "国办关于2026年")
    edit(folder, "district.toml", "overdue_payment_days = 30", "overdue_payment_days = 31")
    after = stamp(folder)
    assert after.kinds == before.kinds
    assert after.whole.configuration != before.whole.configuration


BUREAU = '\n[[bureau]]\ncode = "veterans"\nname = "退役军人局"\nfull_name = "退役军人事务局"\nlists = ["tasks"]\nroles = []\n'
YEAR = '\n[[year]]\nyear = 2027\nsource = "样例"\nholidays = [2027-01-01]\nworking = []\n'


def test_a_bureau_that_joins_changes_no_row(folder: Path) -> None:
    """Of lists whose claims can be joined it changes the answers, and all that was said before stands."""
    before = stamp(folder)
    edit(folder, "bureaus.toml", "", BUREAU)
    after = stamp(folder)
    assert after.differing(before) == {kind: ["configuration"] for kind in JOINED}
    for kind in JOINED:
        assert rows_stand(before.answers[kind], after.answers[kind])
        assert not rows_stand(after.answers[kind], before.answers[kind])


def test_a_calendar_that_gains_a_year_changes_documents_alone(folder: Path) -> None:
    """Due dates that were known stay; rows that had none get theirs, so the list is to be filled anew."""
    before = stamp(folder)
    edit(folder, "calendar.toml", "", YEAR)
    after = stamp(folder)
    assert after.differing(before) == {"document": ["configuration"]}
    then, now = before.answers["document"], after.answers["document"]
    assert has_grown(then, now)
    assert not rows_stand(then, now)
    assert not has_grown(now, then)


@pytest.mark.parametrize(
    ("file", "old", "new", "kinds"),
    [
        ("calendar.toml", "working = [2026-01-04, ", "working = [", {"document"}),
        ("district.toml", "working_days = 10", "working_days = 9", {"document"}),
        ("precedence.toml", '["police", "@lead", "@order"]', '["police", "tax", "@order"]', {"scrappage"}),
    ],
)
def test_an_answer_that_changes_is_no_growth(folder: Path, file: str, old: str, new: str, kinds: set[str]) -> None:
    """Where a district answers otherwise than before, just the lists that asked differ, and nobody takes it for growth."""
    before = stamp(folder)
    edit(folder, file, old, new)
    after = stamp(folder)
    assert after.differing(before).keys() == kinds
    for kind in kinds:
        assert not has_grown(before.answers[kind], after.answers[kind])


def test_folds_ask_what_their_stamp_answers() -> None:
    """Folding random claims alone and in pairs, no fold asks the district for anything that its kind's stamp does not hold."""
    asked: set[tuple[str, str, str]] = set()
    received: set[date] = set()

    def ranking(list_name: str, field: str, domain: str) -> tuple[str, ...]:
        asked.add((list_name, field, domain))
        return RULES.ranking(list_name, field, domain)

    def due_on(day: date) -> date | None:
        received.add(day)
        return RULES.due_on(day)

    claims: dict[str, dict[ClaimKey, dict[str, Fact]]] = defaultdict(lambda: defaultdict(dict))
    for number, item in enumerate(bulk(SEED, 2_000)):
        result = read(Record(1, number, 0, item.key, item.value, list(item.headers)), item.bureau, RULES)
        if not isinstance(result, Rejection):
            statement = result[0]
            claims[statement.key.kind][statement.key][statement.register] = statement.fact
    choose = Random(SEED)
    for kind in LISTED:
        found = [Claim(key, registers) for key, registers in claims[kind].items()]
        choose.shuffle(found)
        groups = [[each] for each in found] + ([list(pair) for pair in pairwise(found)] if kind in JOINED else [])
        asked.clear()
        received.clear()
        folded = [fold_component(group, FoldRules(ranking, due_on)) for group in groups]
        assert any(each.rows for each in folded), f"no rows of {kind}, seed {SEED}"
        room = KINDS[kind]
        fields = {view.name: {"*", *(column.name for column in view.columns)} for view in room.lists}
        for name, apart in room.apart.items():
            fields[name].update(apart.fields)
        if kind in JOINED:
            assert {list_name for list_name, _, _ in asked} <= fields.keys()
            assert not {(name, field) for name, field, _ in asked if field not in fields[name]}
            assert "domain" in room.asks or {domain for _, _, domain in asked} <= {""}
        assert bool(received) == ("calendar" in room.asks), kind
