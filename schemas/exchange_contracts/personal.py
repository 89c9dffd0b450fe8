"""Resident identity numbers and mobile numbers: never collected, refused wherever an event could carry one.

Free texts (names, reasons, texts of progress, file names) may hold neither, whole or masked. In keys and in the numbers of
business (orders, applications, vouchers, VIN, 文号) digits are the rule; there only what is certain counts: an identity
number with a sound check character, and a key that as a whole is a mobile number. Fields whose shape the contract fixes
(credit code, project code, month, digest, token, code lists) hold none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any, Literal

from exchange_contracts.keys import seen
from exchange_contracts.problem import Problem
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Shape

Kind = Literal["身份证号", "手机号"]

PERSONAL = "personal_number"
"""Code of the problem."""

KEYS = frozenset(("entity_key", "related_key"))
"""Fields that are or repeat a business key."""

_OTHER_NUMBERS = frozenset(("identifier", "number", "indicator", "finding_id", "version", "policy_version", "figures_digest"))

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_PROVINCES = frozenset(map(str, (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)))
_EDGE, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_ID_18 = re.compile(_EDGE + r"([1-8][0-9]{5}[- ]?(?:[0-9]{4}[- ]?){2}[0-9]{3}[0-9Xx])" + _END)
_ID_RUN = re.compile(_EDGE + r"([1-8][0-9]{16}[0-9Xx])" + _END)
_ID_15 = re.compile(_EDGE + r"([1-8][0-9]{14})" + _END)
_MOBILE = re.compile(r"(?:\+?86[- ]?)?1[3-9][0-9](?:[- ]?[0-9]{4}){2}")
_MOBILE_IN_TEXT = re.compile(_EDGE + _MOBILE.pattern + _END)
_MOBILE_AS_KEY = re.compile(r"(?:^|[|@:,;/])" + _MOBILE.pattern + r"(?:$|[|@:,;/])")
_MASKED_ID = re.compile(_EDGE + r"[1-8][0-9]{5,13}[*xX×]{4,}[0-9]{0,3}[0-9Xx]?" + _END)
_MASKED_MOBILE = re.compile(_EDGE + r"1[3-9][0-9][*×]{4}[0-9]{4}" + _END)
_SAYS_ID = re.compile(r"身份证|证件号")

_DIGIT = "0-9０-９"
_HIDDEN = "\u00a0\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_IN_TEXT = re.compile(f"[{_DIGIT}][{_DIGIT}*＊×xXｘＸ \\u3000\u2010-\u2015\u2212－{_HIDDEN}-]{{9}}")
"""What a text has at least where it holds a personal number: ten digits, masks and what may stand between them."""
_BEGINS = re.compile(_EDGE + "[1-8][0-9][0-9]")
"""How a personal number begins, whole or masked, in a text as a reader sees it."""
_IN_NUMBER = re.compile(f"[{_DIGIT}][{_DIGIT}xXｘＸ{_HIDDEN}]{{16}}")
_IN_KEY = re.compile(f"[1１][3-9３-９][{_DIGIT}][{_DIGIT} \u3000\u2010-\u2015\u2212－{_HIDDEN}-]{{8}}")


def kind_in_text(text: str) -> Kind | None:
    """Return what kind of personal number a text holds, whole or masked, or ``None``.

    Identity numbers: 18 characters with a known province, a real date and a right check character (a wrong one counts
    too where the text says 身份证), or 15 digits of the old form. Office landlines are not personal.
    """
    if not may_hold(text):
        return None
    text = seen(text)
    named = _SAYS_ID.search(text) is not None
    if (
        any(_is_identity_number(number, named=named) for number in _ID_18.findall(text))
        or any(number[:2] in _PROVINCES and _is_date("19" + number[6:12]) for number in _ID_15.findall(text))
        or _MASKED_ID.search(text)
    ):
        return "身份证号"
    return "手机号" if _MOBILE_IN_TEXT.search(text) or _MASKED_MOBILE.search(text) else None


def kind_in_number(text: str, *, key: bool = False) -> Kind | None:
    """Return what kind of personal number stands for a number of business, or as a *key*: only what is certain counts."""
    if not text.isascii():
        text = seen(text)
    if any(_is_identity_number(number, named=False) for number in _ID_RUN.findall(text)):
        return "身份证号"
    return "手机号" if key and _MOBILE_AS_KEY.search(text) else None


def may_hold(text: str) -> bool:
    """Tell whether a text may hold a personal number: the quick way through :func:`holds_personal_number`."""
    return _IN_TEXT.search(text) is not None and (not text.isascii() or _BEGINS.search(text) is not None)


def holds_personal_number(text: str) -> bool:
    """Tell whether a text holds a personal number; see :func:`kind_in_text`."""
    return kind_in_text(text) is not None


def problems(contract: Contract, facts: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each field of the facts that holds a personal number; the words never repeat it."""
    found = []
    for name, shape in _looked_at(contract):
        kinds = {kind for inner, text in _texts(name, shape, facts[name]) if (kind := _kind(inner, text)) is not None}
        if kinds:
            words = f"{{{name}}}含{'、'.join(sorted(kinds))}，请删除个人信息后重报，本系统不收集"
            found.append(Problem(PERSONAL, (name,), words, "personal-number"))
    return found


def _kind(name: str, text: str) -> Kind | None:
    """Return the kind of personal number that the text of a field holds."""
    if name in KEYS:
        return kind_in_number(text, key=True)
    return kind_in_number(text) if is_number(name) else kind_in_text(text)


def is_number(name: str) -> bool:
    """Tell whether a field holds a number of business, in which digits are the rule."""
    return name.endswith("_no") or name in _OTHER_NUMBERS


def _is_free(shape: Shape) -> bool:
    return shape.meaning == "text" and not shape.codelist and shape.format in ("", "key")


@cache
def _looked_at(contract: Contract) -> tuple[tuple[str, Shape], ...]:
    """Return the fields of a contract that hold texts of any form, directly or inside."""
    return tuple((field.name, field.shape) for field in contract.fields if _holds_free(field.shape))


def _holds_free(shape: Shape) -> bool:
    if shape.meaning == "map":
        return not (shape.keys_codelist or shape.keys_format)
    if shape.inner is not None:
        return _holds_free(shape.inner)
    return _is_free(shape) or any(_holds_free(field.shape) for field in shape.fields)


def _texts(name: str, shape: Shape, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts of a value that may have any form, each with the name of its field."""
    if not value:
        return
    if shape.meaning == "map":
        yield from ((name, key) for key in value)
    elif shape.meaning == "array" and shape.inner is not None:
        for item in value:
            yield from _texts(name, shape.inner, item)
    elif shape.meaning == "record":
        for field in shape.fields:
            if _holds_free(field.shape):
                yield from _texts(field.name, field.shape, value[field.name])
    elif _is_free(shape):
        yield name, value


@cache
def quick(contract: Contract) -> tuple[str, Mapping[str, Any]]:
    """Return a Python expression over the facts *f*, true only where :func:`problems` finds none, and what it names.

    Texts that come again (source, file, sheet) are remembered; the others are joined and searched for long numbers in one go.
    """
    parts, texts, numbers = [], [], []
    for name, shape in _looked_at(contract):
        if name == "source":
            parts.append("unheld(f['source'])")
        elif name == "origin":
            parts.append("((v := f['origin']) is None or unheld(v['file']) and unheld(v['sheet']) and unheld(v['unit'] or '') and unheld(v['cells'] or ''))")
        elif name == "evidence":
            parts.append("(not (v := f['evidence']) or not [e for e in v if in_number(e['number']) or not unheld(e['kind'])])")
        elif shape.meaning != "text":
            parts.append(f"(not (v := f[{name!r}]) or none_in({name!r}, shapes[{name!r}], v))")
        elif name in KEYS or is_number(name):
            numbers.append(name)
        else:
            texts.append(name)
    parts += [f"not in_text({_joined(texts)})", f"not in_number({_joined(numbers)})"]
    parts += [f"not in_key({_joined([name for name in numbers if name in KEYS])})"]
    return " and ".join(parts), {
        "unheld": _unheld, "none_in": _none_in, "in_text": _IN_TEXT.search, "in_number": _IN_NUMBER.search, "in_key": _IN_KEY.search,
        "shapes": {str(field.name): field.shape for field in contract.fields},
    }  # fmt: skip


def _joined(names: Iterable[str]) -> str:
    """Return the source text of the fields' values, a line each."""
    return 'f"' + "\\n".join(f"{{f[{name!r}]}}" for name in names) + '"'


@lru_cache(1 << 14)
def _unheld(text: str) -> bool:
    return kind_in_text(text) is None


def _none_in(name: str, shape: Shape, value: Any) -> bool:
    return all(_kind(inner, text) is None for inner, text in _texts(name, shape, value))


def _is_identity_number(number: str, *, named: bool) -> bool:
    """Tell whether 18 characters are an identity number; *named* waives the check character."""
    number = number.replace("-", "").replace(" ", "")
    if number[:2] not in _PROVINCES or not _is_date(number[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return named or _ID_CHECKS[total % 11] == number[17].upper()


def _is_date(digits: str) -> bool:
    """Tell whether eight digits are a date of 1900 to 2099."""
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return date(1900, 1, 1) <= day <= date(2099, 12, 31)
