"""Which month a title, a cell or a file name speaks of. Pure."""

import re
from collections.abc import Iterable

from exchange_connectors.excel.cells import fold_width

_DASH = "[-–—~～至到]"
_RANGE = re.compile(
    rf"(?:(?:19|20)\d{{2}}年?[-.年]?)?\d{{1,2}}月?(?:份)?{_DASH}(?:累计)?(?P<year>(?:19|20)\d{{2}}年)?(?P<month>\d{{1,2}})月"
)
_DAYS = re.compile(
    rf"(?P<first>(?:19|20)\d{{2}})年\d{{1,2}}月\d{{1,2}}[日号]{_DASH}(?P<year>(?:19|20)\d{{2}}年)?(?P<month>\d{{1,2}})月\d{{1,2}}[日号]"
)
_MONTH = re.compile(r"(?P<year>(?:19|20)\d{2})年(?P<month>\d{1,2})月(?:份)?(?!\d{1,2}[日号])")
_UNTIL = re.compile(r"截[至止到]{0,2}(?:日期|时间)?[::]?(?P<year>(?:19|20)\d{2})年(?P<month>\d{1,2})月(?:\d{1,2}[日号])?")
_UNTIL_DIGITS = re.compile(
    r"截[至止到]{0,2}(?:日期|时间)?[::]?(?P<year>(?:19|20)\d{2})[-./](?P<month>\d{1,2})(?:[-./]\d{1,2})?(?!\d)"
)
_SEVERAL = re.compile(r"(?:(?:19|20)\d{2})年(?:\d{1,2}月?[、,和及])+\d{1,2}月")
_DIGITS = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2})[-_./]?(?P<month>0[1-9]|1[0-2])(?!\d)(?![-_./]\d)")
_NOT_THE_MONTH = re.compile(
    r"(?:填报|填表|制表|打印|导出|成文|印发|上报|报出|报送|提交)(?:日期|时间)[:为]*(?:(?:\d{4}[年./-]?)?\d{1,2}[月./-]?(?:\d{1,2}[日号]?)?)?|"
    r"(?:19|20)\d{2}年\d{1,2}月(?:\d{1,2}[日号])?(?:印发|发布|出台|下发|公布|实施|施行|修订|制定)"
)
_BARE = re.compile(r"\((?:\d{1,2}月?[-~至到])?(\d{1,2})月份?\)|(?<![\d年])(\d{1,2})月份")
_CHINESE = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_CHINESE_YEAR = re.compile(r"[〇○零一二三四五六七八九]{4}(?=年)")
_CHINESE_MONTH = re.compile(r"(?<=[年至到、和及(—-])(?P<ten>十)?(?P<one>[一二三四五六七八九])?(?=月)")


def months_in(text: str) -> tuple[str, ...]:
    """Return the months that a text may mean, one for a range (its last); several where it has to be asked.

    >>> months_in("2026年10月与2025年10月对比")
    ('2026-10', '2025-10')
    """
    squeezed = _NOT_THE_MONTH.sub("", _with_digits("".join(fold_width(text).split())))
    squeezed = _DAYS.sub(lambda match: f"{match['year'] or match['first'] + '年'}{match['month']}月", squeezed)
    if _SEVERAL.search(squeezed):
        numbers = re.findall(r"\d{1,2}(?=月|[、,和及])", squeezed)
        year = re.search(r"(19|20)\d{2}(?=年)", squeezed)
        return _sound((year[0], number) for number in numbers) if year else ()
    squeezed, ranges = _without_ranges(squeezed)
    found = [(match["year"], match["month"]) for match in _UNTIL.finditer(squeezed)]
    found = found or [(match["year"], match["month"]) for match in _UNTIL_DIGITS.finditer(squeezed)]
    found += [(match["year"], match["month"]) for match in _MONTH.finditer(squeezed)]
    found = found or ([] if ranges else [(match["year"], match["month"]) for match in _DIGITS.finditer(squeezed)])
    return _sound([*ranges, *found])


def bare_months(text: str) -> list[str]:
    """Return the months that a title names without a year: ``（10月）``, ``10月份``.

    >>> bare_months("设备更新月报（9月）"), bare_months("2026年9月")
    (['9'], [])
    """
    squeezed = _NOT_THE_MONTH.sub("", _with_digits("".join(fold_width(text).split())))
    return [one or other for one, other in _BARE.findall(squeezed)] if not months_in(text) else []


_PART = re.compile(r"(?P<year>(?:19|20)\d{2})年度?(?:第?(?P<quarter>[一二三四1-4])季度|(?P<part>上半年|下半年|前三季度))")
_PARTS = {"上半年": range(1, 7), "下半年": range(7, 13), "前三季度": range(1, 10)}


def other_period_in(text: str, month: str) -> tuple[str, bool] | None:
    """Return a quarter or half of a year that a text names and *month* is not of, and whether the text says nothing else.

    >>> other_period_in("统计期：2026年三季度", "2026-10"), other_period_in("2026年三季度", "2026-09")
    (('2026年三季度', True), None)
    """
    squeezed = _NOT_THE_MONTH.sub("", "".join(fold_width(text).split()))
    year, number = map(int, month.split("-"))
    for match in _PART.finditer(squeezed):
        first = 3 * "一二三四1234".index(match["quarter"]) % 12 + 1 if match["quarter"] else 0
        months = range(first, first + 3) if first else _PARTS[match["part"]]
        if int(match["year"]) != year or number not in months:
            beside = squeezed.replace(match[0], "", 1)
            return match[0], re.fullmatch(r"[(]?(?:(?:统计|报告|报送|填报)(?:期|期间|时间|区间|周期|范围)?:?)?[)]?", beside) is not None
    return None


def _with_digits(text: str) -> str:
    """Return a text with the numbers of years and months in digits: 二〇二六年十月 → 2026年10月."""
    text = _CHINESE_YEAR.sub(lambda match: match[0].translate(_CHINESE), text)
    return _CHINESE_MONTH.sub(
        lambda match: f"{'1' if match['ten'] else ''}{(match['one'] or ('0' if match['ten'] else '')).translate(_CHINESE)}", text
    )


def _without_ranges(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Take the ranges out of a text; return the rest, and the last month of each."""
    found: list[tuple[str, str]] = []

    def last(match: re.Match[str]) -> str:
        year = match["year"] or _year_before(match)
        if year is None:
            return match[0]
        found.append((year.removesuffix("年"), match["month"]))
        return "…"

    return _RANGE.sub(last, text), found


def _year_before(match: re.Match[str]) -> str | None:
    year = re.match(r"((?:19|20)\d{2})", match[0]) or re.search(r"((?:19|20)\d{2})年?$", match.string[: match.start()])
    return year[1] if year else None


def _sound(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    months = [f"{year}-{int(month):02d}" for year, month in pairs if 1 <= int(month) <= 12]
    return tuple(dict.fromkeys(months))


def month_in(text: str) -> str | None:
    """Return the one month a title or file name speaks of; a date of filling in is none.

    >>> month_in("样例区设备更新项目清单（2026年1-9月）")
    '2026-09'
    """
    months = months_in(text)
    return months[0] if len(months) == 1 else None
