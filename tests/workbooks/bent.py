"""Bent workbooks against their own right values: ``python -m tests.workbooks.bent --count 5000 --seed 1``.

A sound workbook is bent once or several times, written in one of the forms, and looked at by the district's own mapping. Every
row is then either taken with exactly its right values, or returned or asked about; nothing is taken wrong, nothing lost
without a word, nothing crashes. What is merely returned although it was sound is counted beside it.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Facts
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from random import Random

from exchange_connectors.excel import Inspection, Mapping, load, look_at
from exchange_connectors.excel.model import Finding, Level
from exchange_contracts.keys import normal_text
from tests.workbooks.bends import BENDS
from tests.workbooks.package import places
from tests.workbooks.sheets import SCENES, Book, Record, Sheet, sound
from tests.workbooks.untouched import Bend, UnfitError
from tests.workbooks.writers import FORMS, Form

CONNECTORS = Path(__file__).parents[2] / "deploy/districts/wuqing/connectors"


@dataclass(slots=True)
class Verdict:
    """What became of a workbook: faults in words, and rows counted by outcome."""

    right: int = 0
    returned: int = 0
    over_refused: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [*self.wrong, *self.lost, *self.crashed]


@dataclass(frozen=True, slots=True)
class Made:
    """A workbook made: its file and what is right of it."""

    seed: int
    book: Book
    form: Form
    bends: tuple[str, ...]
    body: bytes
    name: str


@lru_cache
def mapping(name: str) -> Mapping:
    """Return a bureau's own mapping."""
    return load(CONNECTORS / name)


def make(seed: int, first: Bend | None = None) -> Made:
    """Make the bent workbook of a seed; *first* is the bend that it has in any case.

    Raises:
        UnfitError: *first* suits none of the lists.
    """
    random = Random(seed)
    for _ in range(40):
        book = sound(random, random.choice(SCENES))
        tried = [first] if first is not None else []
        tried += random.sample(BENDS, 12)
        wanted = random.choice([1, 1, 1, 2, 2, 3])
        bends: list[str] = []
        for bend in tried:
            if len(bends) < wanted and bend.__name__ not in bends:
                book = _bent(random, book, bend, bends)
        fitting = [form for form in FORMS if book.needs <= form.can]
        if fitting and (first is None or first.__name__ in bends):
            form = random.choice(fitting)
            return Made(seed, book, form, tuple(bends), form.write(book, random), f"{book.stem}{form.suffix}")
    raise UnfitError


def _bent(random: Random, book: Book, bend: Bend, bends: list[str]) -> Book:
    """Return the workbook with one more bend, or as it was where the bend does not suit it."""
    before = deepcopy(book)
    try:
        bend(random, book)
    except UnfitError:
        return before
    bends.append(bend.__name__)
    return book


def judge(made: Made, seen: Inspection) -> Verdict:
    """Compare what was said and taken with what is right."""
    verdict = Verdict()
    truth = {normal_text(line.record.key): (sheet, line) for sheet, line in made.book.records() if line.record is not None}
    rows = {id(line): number for sheet in made.book.sheets for number, line in enumerate(places(sheet)[0], 1)}
    told = [finding for finding in seen.findings if finding.level is not Level.NOTED]
    taken: set[str] = set()
    named = made.form.name not in ("page", "archive", "csv", "txt", "tab.xls")
    for each in seen.statements:
        key = normal_text(each.statement.entity_key)
        if each.statement.type == "MaterialRecovered":
            key = f"{key}@{each.statement.facts['material']}"
        at = truth.get(key)
        if at is None or at[1].record is None:
            verdict.wrong.append(f"row {each.row}: {each.statement.entity_key} is nobody's")
            continue
        taken.add(key)
        sheet, line = at
        record = line.record
        difference = differs(record, each.statement.facts)
        words = told_of(told, sheet, rows[id(line)], named)
        if record.forbidden:
            verdict.wrong.append(f"row {each.row}: {key} cannot be known and was taken")
        elif difference:
            verdict.wrong.append(f"row {each.row}: {key} {difference}")
        elif record.asked and not words:
            verdict.wrong.append(f"row {each.row}: {key} was taken and not asked about")
        else:
            verdict.right += 1
    for key, (sheet, line) in truth.items():
        if key in taken:
            continue
        if told_of(told, sheet, rows[id(line)], named) or (seen.sheets_returned and sheet is made.book.main):
            verdict.returned += 1
            verdict.over_refused += made.book.sound
        else:
            verdict.lost.append(f"row {rows[id(line)]}: {key} was not taken, and nothing said")
    if any(sheet.hidden for sheet in made.book.sheets) and not any("隐藏的工作表" in each.message for each in told):
        verdict.lost.append("nothing was said of the hidden sheet")
    if "copy" in made.book.told and not any(each.sheet.strip() == made.book.sheets[-1].name.strip() for each in told):
        verdict.lost.append("nothing was said of the copied sheet")
    if "second table" in made.book.told and not told:
        verdict.lost.append("nothing was said of the second table")
    for account in seen.accounts:
        parts = account.headings + account.taken + account.returned + account.totals + account.notes + account.unread
        if parts != account.filled:
            verdict.lost.append(f"the account of {account.sheet} does not add up: {account}")
    return verdict


def differs(record: Record, facts: Facts[str, object]) -> str:
    """Say where the facts of a statement are not the record's."""
    for name, right in record.facts.items():
        base, _, key = name.partition(".")
        value = facts.get(base)
        if key:
            value = value.get(key) if isinstance(value, dict) else None
        if value in (None, "无") and right in (None, "无", "无旧机交回", ""):
            continue
        if value != right:
            return f"{name} is {value!r}, right is {right!r}"
    return ""


def told_of(told: list[Finding], sheet: Sheet, row: int, named: bool) -> bool:
    """Say whether the clerk hears of a row: of itself, of its sheet, of the file, or of the rows from one on."""
    for finding in told:
        if named and finding.sheet not in ("", sheet.name.strip(), sheet.name):
            continue
        if finding.row is None or abs(finding.row - row) <= (not named) or finding.row <= len(sheet.titles) + len(sheet.header):
            return True
        if finding.no in (36, 38) and finding.row <= row:
            return True
    return False


OFFICE = frozenset({"comment", "merge", "hidden", "format", "rich", "sheets", "strike", "1904", "wide"})
"""What survives another program's conversion; covered cells, errors and formulas without a result do not."""


def converted(seeds: range, suffix: str, folder: Path) -> Iterator[Made]:
    """Yield workbooks that LibreOffice has opened and saved in another format, many in one run of it."""
    source, target = folder / "made", folder / suffix
    source.mkdir()
    wanted = {}
    for seed in seeds:
        made = make(seed)
        if made.form.name in ("xlsxwriter", "openpyxl") and made.book.needs <= OFFICE - ({"wide"} if suffix == "xls" else set()):
            (source / f"{seed}.xlsx").write_bytes(made.body)
            wanted[seed] = made
    files = [str(source / f"{seed}.xlsx") for seed in wanted]
    office = ["soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--convert-to", suffix, "--outdir", str(target)]
    subprocess.run([*office, *files], check=True, capture_output=True)
    for seed, made in wanted.items():
        path = target / f"{seed}.{suffix}"
        if path.exists():
            form = replace(made.form, name=f"office {suffix}", suffix=f".{suffix}")
            yield replace(made, form=form, body=path.read_bytes(), name=f"{made.book.stem}.{suffix}")


def look(made: Made) -> Verdict:
    """Look at a workbook and judge what is said of it."""
    try:
        seen = look_at(Path(made.name), mapping(made.book.scene.mapping), None, made.body)
    except Exception:  # noqa: BLE001 - a crash is what is looked for
        return Verdict(crashed=[traceback.format_exc().splitlines()[-1]])
    return judge(made, seen)


def run(seed: int, first: Bend | None = None) -> tuple[Made, Verdict]:
    """Make, look at and judge one workbook."""
    made = make(seed, first)
    return made, look(made)


def workbooks(given: argparse.Namespace, folder: Path) -> Iterator[Made]:
    """Yield the workbooks that are asked for."""
    seeds = range(given.seed, given.seed + given.count)
    if given.office:
        yield from converted(seeds, given.office, folder)
    else:
        yield from map(make, seeds)


def main() -> None:
    """Run many, print every fault with its seed, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--office", metavar="FORMAT", help="let LibreOffice save each workbook as ods, xls or xlsx first")
    given = parser.parse_args()
    print(f"seeds {given.seed} to {given.seed + given.count - 1}")
    counts: Counter[str] = Counter()
    over: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for made in workbooks(given, Path(folder)):
            verdict = look(made)
            counts.update(
                workbooks=1, rows_right=verdict.right, rows_returned=verdict.returned, wrong=len(verdict.wrong), lost=len(verdict.lost),
                crashed=len(verdict.crashed), over_refused=verdict.over_refused,
            )  # fmt: skip
            if verdict.over_refused:
                over[f"{'+'.join(made.bends)}/{made.form.name}"] += 1
            for fault in verdict.faults:
                print(f"{made.seed} {made.book.scene.sheet} {made.form.name} {'+'.join(made.bends)}: {fault}")
    print(dict(counts))
    print("sound and yet returned:", over.most_common(40))


if __name__ == "__main__":
    main()
