"""Sound workbooks, bent as clerks and their programs bend them: taken right, or told; the short form of ``tests.workbooks.bent``."""

import pytest

from tests.workbooks.bends import BENDS
from tests.workbooks.bent import run
from tests.workbooks.untouched import Bend

WORKBOOKS_EACH = 4


@pytest.mark.parametrize("bend", dict.fromkeys(BENDS), ids=lambda bend: bend.__name__)
def test_a_bent_workbook_is_taken_right_or_told(bend: Bend) -> None:
    """Every row is taken with exactly its right values, or its clerk hears of it; nothing is wrong, lost or crashes."""
    for seed in range(WORKBOOKS_EACH):
        made, verdict = run(seed, bend)
        assert not verdict.faults, f"seed {seed}: {made.book.scene.sheet} as {made.form.name}, {'+'.join(made.bends)}: {verdict.faults}"
        assert not verdict.over_refused, f"seed {seed}: {made.book.scene.sheet} as {made.form.name}, {'+'.join(made.bends)} is sound and was returned"


@pytest.mark.parametrize("seed", [8_200_669, 8_300_733, 8_400_271, 8_400_647, 8_400_884, 8_600_324, 8_600_477, 8_701_238, 9_302_350, 9_401_955, 300_974, 304_977])
def test_what_the_long_form_found_stays_mended(seed: int) -> None:
    """No hidden column is read for a visible one of like heading, no moved row under a later page's headings, no line of numbers below a total or a note as data, no column beside its twin with a measure, no two keys of one cell in full width, no amount merged with an unread column, no other table behind a gap and a note; a stray cell in a text of equally wide lines is only asked about."""
    made, verdict = run(seed)
    assert not verdict.faults, f"{made.book.scene.sheet} as {made.form.name}, {'+'.join(made.bends)}: {verdict.faults}"
    assert not verdict.over_refused
