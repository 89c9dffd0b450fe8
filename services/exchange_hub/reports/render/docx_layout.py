"""How a table fits a page: column widths, text size, and how many rows a page has room for."""

import re
from collections.abc import Sequence
from math import ceil

from exchange_hub.reports.render.docx_markup import LINE_BREAK, LOOSE, Air
from exchange_hub.reports.render.style import text_width

MM_PER_POINT = 25.4 / 72
CELL_PADDING_MM = 2.3
# Text sizes tried from large to small, in half-points: 小五 is 18, the smallest that reads well on paper is 13.
SIZES = (18, 17, 16, 15, 14, 13)
TEXT_COLUMN_EM_MAX = 16.0
TEXT_COLUMN_EM_MIN = 3.2
# A column of short texts, such as 10月12日, is not broken.
UNBROKEN_TEXT_EM_MAX = 4.6
HEADING_LINES_MAX = 2
# A heading of three characters is not broken: one of them would stand alone.
UNBROKEN_EM_MAX, UNBROKEN_WITH_UNIT_EM_MAX = 3.0, 4.0
# Where a number or a Latin letter meets a Chinese character; punctuation brings its own space.
_MEETING = re.compile(r"(?<=[0-9A-Za-z%])(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])(?=[0-9A-Za-z])")
SPACE_EM = 0.15


def spaced_width(text: str) -> float:
    """Return the width of a text in em where a program spaces numbers from Chinese characters, as LibreOffice always does."""
    return text_width(text) + SPACE_EM * len(_MEETING.findall(text))


def fitted(
    headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], width_mm: float,
    sizes: Sequence[int] = SIZES, *, whole: bool = False,
) -> tuple[int, list[float]]:
    """Return text size (half-points) and column widths (mm) with which no number breaks over two lines.

    The largest size is taken at which numbers fit on one line and text columns have at least three characters;
    what is left of the width goes to the text columns by the length of their texts, and where *whole* to headings on one line first.
    """
    for size in sizes:
        floors, wishes = _demands(headings, rows, numeric, size, whole=whole)
        if sum(floors) <= width_mm:
            break
    spare = width_mm - sum(floors)
    if spare < 0:
        return size, [floor * width_mm / sum(floors) for floor in floors]
    wanted = [max(wish - floor, 0.0) for wish, floor in zip(wishes, floors, strict=True)]
    given = shared(wanted, spare)
    rest = max(spare - sum(wanted), 0.0) / len(floors)
    return size, [floor + more + rest for floor, more in zip(floors, given, strict=True)]


def shared(wanted: Sequence[float], spare: float) -> list[float]:
    """Share what there is, width or height: small wishes in full, so that only the largest are cut."""
    given = [0.0] * len(wanted)
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    for done, index in enumerate(order):
        given[index] = min(wanted[index], spare / (len(order) - done))
        spare -= given[index]
    return given


def _demands(
    headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], size: int, *, whole: bool = False
) -> tuple[list[float], list[float]]:
    """Return for each column the least width it needs and the width it would like, in mm."""
    em = size / 2 * MM_PER_POINT
    floors, wishes = [], []
    for column, title in enumerate(headings):
        widest = max((_widest_line(row[column], spaced=whole) for row in rows), default=0.0)
        head = _heading_floor(title)
        if numeric[column]:
            floor = max(widest, head)
            wish = max(floor, _widest_line(title, spaced=True)) if whole else floor
        else:
            floor = max(widest if widest <= UNBROKEN_TEXT_EM_MAX else min(widest, TEXT_COLUMN_EM_MIN), head)
            wish = max(min(widest, TEXT_COLUMN_EM_MAX), min(_widest_line(title), 4.2))
        floors.append(floor * em + CELL_PADDING_MM)
        wishes.append(wish * em + CELL_PADDING_MM)
    return floors, wishes


def with_break(heading: str) -> str:
    """Put the unit of a heading on a line of its own: ``总投资`` over ``（万元）``."""
    title, opened, unit = heading.rpartition("（")
    return f"{title}{LINE_BREAK}（{unit}" if opened and title else heading


def _widest_line(text: str, *, spaced: bool = False) -> float:
    """Return the width of the longest line of a heading or a text, in em."""
    width = spaced_width if spaced else text_width
    return max(width(line) for line in text.split(LINE_BREAK))


def _heading_floor(heading: str) -> float:
    """Return the least width of a heading in em: its name may break, its unit never."""
    title, _, unit = heading.partition(LINE_BREAK)
    name = text_width(title)
    unbroken = UNBROKEN_WITH_UNIT_EM_MAX if unit else UNBROKEN_EM_MAX
    return max(name if name <= unbroken else ceil(name / HEADING_LINES_MAX), text_width(unit), 2.1)


def balanced(heading: str, width_mm: float, half_points: int) -> str:
    """Break a heading's name that does not fit its column into two even lines, at its slash where it has one."""
    title, opened, unit = heading.partition(LINE_BREAK)
    if lines_needed(title, width_mm, half_points) == 1:
        return heading
    middle = title.index("/") + 1 if "/" in title else ceil(len(title) / 2)
    return f"{title[:middle]}{LINE_BREAK}{title[middle:]}{opened}{unit}"


def lines_needed(text: str, width_mm: float, half_points: int) -> int:
    """Return how many lines a text takes in a cell of this width."""
    room = max(width_mm - CELL_PADDING_MM, 1.0) / (half_points / 2 * MM_PER_POINT)
    # A hair more than the room is rounding, not a second line.
    return sum(max(ceil(text_width(line) / room - 0.02), 1) for line in text.split(LINE_BREAK))


def shortened(text: str, width_mm: float, half_points: int, lines: int) -> str:
    """Return the text cut to so many lines, with ``…`` where something is left out."""
    if lines_needed(text, width_mm, half_points) <= lines:
        return text
    room = lines * (max(width_mm - CELL_PADDING_MM, 1.0) / (half_points / 2 * MM_PER_POINT)) - 1.6
    kept, used = [], 0.0
    for character in text:
        used += text_width(character)
        if used > room:
            break
        kept.append(character)
    return "".join(kept) + "…"


def row_mm(lines: int, half_points: int, air: Air = LOOSE) -> float:
    """Return the height of a table row with so many lines: exact line height, air above and below, a border."""
    return (lines * (half_points * 10 + air.line) + 2 * air.around) / 1440 * 25.4 + 0.25
