"""What a cell shows: the part of spreadsheet number formats that changes the meaning of a number. Pure.

A clerk says what the cell shows, not what it stores: 0.32 shown as 32%, 35 shown as 35%, 1234 shown as 00001234. A
format that only rounds, groups digits or colours is no news and reads as ``None``.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from unicodedata import numeric

from exchange_connectors.kit.money import plain

_SECTION = re.compile(r'(?:"[^"]*"|\[[^\]]*\]|[\\!_*].|[^;"\[\\!_*])*', re.DOTALL)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\[(?P<bracket>[^\]]*)\]|[\\!](?P<escaped>.)|[_*].|(?P<general>General|G/通用格式)|(?P<plain>.)',
    re.DOTALL | re.IGNORECASE,
)
_ROUNDS = re.compile(r"E[+-]0+|\\?\s*\?+/[?0-9]+", re.IGNORECASE)
"""Powers of ten and fractions: another way to write the same number."""
_DATE_LETTERS = frozenset("ymdhseYMDHSEg年月日")
_PARTS = (("y", "yeg年"), ("m", "m月"), ("d", "d日"))
_DIGITS = frozenset("0#?")
_CONDITION = re.compile(r"(?P<sign><=|>=|<>|<|>|=)(?P<bound>-?\d+(?:\.\d+)?)")
_CONDITION_INSIDE = re.compile(r"\[((?:<=|>=|<>|<|>|=)-?\d+(?:\.\d+)?)\]")

EAST_ASIAN_DATES = frozenset({*range(27, 32), 36, *range(50, 55), 57, 58})
"""Built-in formats that show a date in East-Asian spreadsheets alone (ECMA-376, 18.8.30)."""

BUILT_IN = {9: "0%", 10: "0.00%", 17: "mmm-yy", 27: "yyyy年m月", 36: "yyyy年m月", 50: "yyyy年m月", 52: "yyyy年m月", 57: "yyyy年m月"} | dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "h:mm")
"""Built-in formats that are not plain; of dates those that show no day, and times."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A number format that changes what a number says.

    Attributes:
        date: shows a date or a time.
        parts: of a date, which of year, month and day show: ``ymd``, ``ym``, ``y``.
        percent: multiplies by 100 and shows %.
        prefix: words before the digits.
        suffix: words behind the digits, % of the format itself left out.
        shifted: shows another number than is stored: scaled by thousands, or signs between the digits.
        blank: shows nothing, or words alone.
        pattern: digits and signs from the first to the last digit, for numbers of things.
        as_shown: the number of a thing as the file itself says that it shows.
        sections: what other numbers show, each with its condition, where the format says it of several kinds.
    """

    date: bool = False
    parts: str = ""
    percent: bool = False
    prefix: str = ""
    suffix: str = ""
    shifted: bool = False
    blank: bool = False
    pattern: str = "0"
    as_shown: str = ""
    sections: tuple[tuple[str, "NumberFormat | None"], ...] = ()

    def of(self, number: Decimal) -> "NumberFormat | None":
        """Return what the format changes for this number, ``None`` where it shows as it is."""
        return next((found for condition, found in self.sections if _meets(number, condition)), None) if self.sections else self

    def text(self, number: Decimal) -> str | None:
        """Return a number as the cell shows it, ``None`` where that is not known."""
        if self.date or self.shifted or self.blank:
            return None
        if self.percent:
            return f"{self.prefix}{plain(number * 100)}%{self.suffix}"
        return f"{self.prefix}{plain(number)}{self.suffix}"

    def identifier(self, number: Decimal) -> str | None:
        """Return the number of a thing as the cell shows it, ``None`` where it shows an amount."""
        if self.as_shown:
            return self.as_shown
        if (
            self.date
            or self.percent
            or self.blank
            or not self.pattern
            or number < 0
            or number != number.to_integral_value()
            or "." in self.pattern
        ):
            return None
        digits, shown = list(str(int(number))), []
        for sign in reversed(self.pattern):
            if sign not in _DIGITS:
                shown.append(sign)
            elif digits:
                shown.append(digits.pop())
            elif sign == "0":
                shown.append("0")
        return self.prefix + "".join([*digits, *reversed(shown)]) + self.suffix


def in_words(text: str) -> Decimal | None:
    """Return the number that Chinese words for it say, ``None`` where they say none.

    >>> in_words("三千零二点五"), in_words("壹仟贰佰"), in_words("一亿二千零三万"), in_words("十二"), in_words("二〇二六"), in_words("约三百")
    (Decimal('3002.5'), Decimal('1200'), Decimal('120030000'), Decimal('12'), Decimal('2026'), None)
    """
    whole, _, behind = text.removeprefix("负").partition("点")
    values = [-1.0 if sign.isdecimal() else numeric(sign, -1.0) for sign in whole]
    digits = "".join(str(int(numeric(sign, 0))) for sign in behind)
    if not values or min(values) < 0 or not all(numeric(sign, 10) < 10 for sign in behind):
        return None
    amount = "".join(str(int(value)) for value in values) if max(values) < 10 else _amount([int(value) for value in values])
    return Decimal(f"{'-' if text.startswith('负') else ''}{amount}{'.' if digits else ''}{digits}")


def _amount(values: list[int]) -> int:
    """Return the amount that digits and powers of ten say one after another: what stands before the greatest is multiplied by it, the rest is added."""
    if not values or (greatest := max(values)) < 10:
        return values[-1] if values else 0
    at = values.index(greatest)
    return (_amount(values[:at]) or 1) * greatest + _amount(values[at + 1 :])


def _meets(number: Decimal, condition: str) -> bool:
    """Say whether a number meets a section's condition, such as ``>=1000``; an empty one is met by all."""
    match = _CONDITION.fullmatch(condition)
    if match is None:
        return True
    bound = Decimal(match["bound"])
    return {
        "<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound, "=": number == bound, "<>": number != bound,
    }[match["sign"]]  # fmt: skip


@lru_cache(maxsize=1024)
def parse(code: str) -> NumberFormat | None:
    """Return what the number format *code* changes, ``None`` where the number says what it is.

    >>> parse("#,##0.00")
    >>> parse('0"%"').suffix
    '%'
    >>> parse('0;0').of(Decimal(-3)).shifted
    True
    """
    if not code:
        return None
    texts = _split(code)
    first = _positive(texts[0])
    if len(texts) == 1 or (first is not None and first.date):
        return first
    conditions = [next(iter(_CONDITION_INSIDE.findall(text)), "") for text in texts]
    if not any(conditions):
        conditions = [">=0" if len(texts) == 2 else ">0", "<0", "", ""]
    ordered = [
        (condition, _negative(text) if condition in ("<0", "<=0") else _positive(text))
        for condition, text in zip(conditions, texts[:3], strict=False)
    ]
    ordered.sort(key=lambda each: not each[0])  # a section without a condition is for all the rest
    return NumberFormat(sections=tuple(ordered)) if any(found for _, found in ordered) else None


def _split(code: str) -> list[str]:
    """Return a format's sections."""
    texts, at = [], 0
    while True:
        match = _SECTION.match(code, at)
        texts.append(match[0] if match else "")
        at += len(texts[-1]) + 1
        if at > len(code):
            return texts


def _positive(section: str) -> NumberFormat | None:
    """Return what a section for other than negative numbers changes: with a minus or in brackets they show as negative."""
    found = _section(section)
    if found is not None and (found.date or found.blank or not any(sign in section for sign in "-(−")):
        return found
    signs = "".join(text for kind, text in _tokens(_ROUNDS.sub("", section)) if kind == "sign")
    return NumberFormat(shifted=True) if re.search(r"^[^0#?]*[-(]|[-)][^0#?]*$", signs) else found


def _negative(section: str) -> NumberFormat | None:
    """Return what a section for negative numbers changes: without a sign, brackets or a colour they show as positive."""
    found = _section(section)
    marked = re.search(r"[-(−]|\[(?:Red|红色|Color\s*\d+)\]", section, re.IGNORECASE)
    if found is not None and found == NumberFormat(prefix=found.prefix, suffix=found.suffix, pattern=found.pattern) and set(found.prefix + found.suffix) <= set("()-−"):
        return None  # the minus in words: \\(0\\)
    return NumberFormat(shifted=True) if found is None and not marked else found


def _section(section: str) -> NumberFormat | None:
    """Return what one section changes."""
    tokens = _tokens(_ROUNDS.sub("", section))
    letters = "".join(text for kind, text in tokens if kind == "sign" and text in _DATE_LETTERS).lower()
    if letters:
        if set("hs") & set(letters) and not set("yeg年d日月") & set(letters):
            return NumberFormat(date=True)  # beside hours and seconds an m is a minute
        return NumberFormat(date=True, parts="".join(part for part, signs in _PARTS if set(signs) & set(letters)))
    places = [at for at, (kind, text) in enumerate(tokens) if kind == "general" or (kind == "sign" and text in _DIGITS)]
    if any(kind == "sign" and text == "@" for kind, text in tokens):
        return None
    if not places:
        return None if _ROUNDS.search(section) else NumberFormat(blank=True)
    first, last = places[0], places[-1]
    while last + 1 < len(tokens) and tokens[last + 1] == ("sign", ","):
        last += 1  # a comma behind the digits shows thousands
    inner = tokens[first : last + 1]
    scaled = inner[-1] == ("sign", ",")
    body = [(kind, text) for kind, text in inner if (kind, text) != ("sign", ",")]
    literal = any(kind == "word" or (kind == "sign" and text in "-/ ()") for kind, text in body)
    found = NumberFormat(
        percent=any(kind == "sign" and text == "%" for kind, text in tokens),
        prefix=_words(tokens[:first]), suffix=_words(tokens[last + 1 :]), shifted=scaled or literal,
        pattern="" if scaled else "".join("0" if kind == "general" else text for kind, text in body),
    )  # fmt: skip
    padded = re.match(r"0{2,}$", found.pattern) is not None
    plain = not (found.percent or found.prefix or found.suffix or found.shifted or padded)
    return None if plain else found


def _tokens(section: str) -> list[tuple[str, str]]:
    """Return the parts of a format's section: ``word`` for what is shown as it stands, ``sign`` for what means something."""
    found: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(section):
        if match["quoted"] or match["escaped"]:
            found.append(("word", match["quoted"] or match["escaped"]))
        elif match["bracket"]:
            if match["bracket"].startswith("$") and (symbol := match["bracket"][1:].partition("-")[0]):
                found.append(("word", symbol))
            elif re.fullmatch("[hmsHMS]+", match["bracket"]):
                found.append(("sign", "h"))
        elif match["general"]:
            found.append(("general", ""))
        elif match["plain"]:
            found.append(("sign", match["plain"]))
    return found


def _words(tokens: list[tuple[str, str]]) -> str:
    """Return what tokens before or behind the digits show; brackets and signs of negative numbers are no words."""
    return "".join(text for kind, text in tokens if kind == "word" or text not in "%()-+,. ").strip()


def built_in(number: int) -> NumberFormat | None:
    """Return what the built-in format *number* changes; of dates only those that readers take for plain numbers, or without a day."""
    if number in BUILT_IN:
        return parse(BUILT_IN[number])
    return NumberFormat(date=True, parts="ymd") if number in EAST_ASIAN_DATES else None
