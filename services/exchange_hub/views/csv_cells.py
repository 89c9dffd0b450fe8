"""Cells of CSV files: what a spreadsheet would evaluate gets a quote before it, and the mark that lets Excel read Chinese."""

import re

from exchange_hub.views.values import Filed

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def guarded(cell: Filed) -> str:
    """Write a cell of a CSV file; what a spreadsheet would read as a formula gets a quote before it, a negative number stays one.

    >>> from decimal import Decimal
    >>> guarded("=1+1"), guarded("＠SUM"), guarded(Decimal("-2.50")), guarded("-3"), guarded("-x"), guarded(None)
    ("'=1+1", "'＠SUM", '-2.50', '-3', "'-x", '')
    """
    if isinstance(cell, str) and FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return "" if cell is None else str(cell)
