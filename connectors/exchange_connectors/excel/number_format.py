"""What a cell shows: the part of spreadsheet number formats that changes the meaning of a number. Pure.

A clerk says what the cell shows, not what it stores: 0.32 shown as 32%, 35 shown as 35%, 1234 shown as 00001234. A
format that only rounds, groups digits or colours is no news and reads as ``None``.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_SECTION = re.compile(r'(?:"[^"]*"|\[[^\]]*\]|[\\!_*].|[^;"\[\\!_*])*', re.DOTALL)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\[(?P<bracket>[^\]]*)\]|[\\!](?P<escaped>.)|[_*].|(?P<general>General|G/通用格式)|(?P<plain>.)',
    re.DOTALL | re.IGNORECASE,
)
_ROUNDS = re.compile(r"E[+-]0+|\\?\s*\?+/[?0-9]+", re.IGNORECASE)
"""Powers of ten and fractions: another way to write the same number."""
_DATE_LETTERS = frozenset("ymdhseYMDHSEg年月日")
_DIGITS = frozenset("0#?")

EAST_ASIAN_DATES = frozenset({*range(27, 32), 36, *range(50, 55), 57, 58})
"""Built-in formats that show a date in East-Asian spreadsheets alone (ECMA-376, 18.8.30)."""

BUILT_IN = {9: "0%", 10: "0.00%"}
"""Built-in formats that are not plain and show no date."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A number format that changes what a number says.

    Attributes:
        date: shows a date or a time.
        percent: multiplies by 100 and shows %.
        prefix: words before the digits.
        suffix: words behind the digits, % of the format itself left out.
        shifted: shows another number than is stored: scaled by thousands, or signs between the digits.
        pattern: digits and signs from the first to the last digit, for numbers of things.
    """

    date: bool = False
    percent: bool = False
    prefix: str = ""
    suffix: str = ""
    shifted: bool = False
    pattern: str = "0"

    def identifier(self, number: Decimal) -> str | None:
        """Return the number of a thing as the cell shows it, ``None`` where it shows an amount."""
        if (
            self.date
            or self.percent
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


@lru_cache(maxsize=1024)
def parse(code: str) -> NumberFormat | None:
    """Return what the number format *code* changes, ``None`` where the number says what it is.

    >>> parse("#,##0.00")
    >>> parse('0"%"').suffix
    '%'
    """
    section = _SECTION.match(code)
    tokens = _tokens(_ROUNDS.sub("", section[0] if section else code))
    if any(kind == "sign" and text in _DATE_LETTERS for kind, text in tokens):
        return NumberFormat(date=True)
    places = [at for at, (kind, text) in enumerate(tokens) if kind == "general" or (kind == "sign" and text in _DIGITS)]
    if not places or any(kind == "sign" and text == "@" for kind, text in tokens):
        return None
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
    """Return what the built-in format *number* changes; of dates only those that readers take for plain numbers."""
    if number in EAST_ASIAN_DATES:
        return NumberFormat(date=True)
    return parse(BUILT_IN[number]) if number in BUILT_IN else None
