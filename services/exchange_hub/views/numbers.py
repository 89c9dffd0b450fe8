"""Business numbers in SQL: the normal form in which two of them are the same, as ``exchange_contracts.keys`` gives it in Python."""

from exchange_contracts.keys import HYPHENS, UNSEEN

_BLANKS = "\\s\\u0085\\u1680\\u2028\\u2029"
# Brackets of every kind around a year, written as their numbers, as patterns of the database allow.
_YEAR = "[[(\\u007b\\u3014\\u3010\\u300c]((19|20)[0-9][0-9])\\u5e74?[])\\u007d\\u3015\\u3011\\u300d]"


def normal(column: str) -> str:
    """Return the SQL expression for the normal form of the number in *column*; it may stand in an index.

    What is plain already is left as it is, for to fold a text costs more than to look at it.
    """
    folded = f"translate(normalize({column}, NFKC), '{HYPHENS}', '{'-' * len(HYPHENS)}')"
    bare = f"regexp_replace({folded}, '[{_BLANKS}{UNSEEN}]', '', 'g')"
    return f"(CASE WHEN {column} ~ '^[0-9A-Z|@./_-]+$' THEN {column} ELSE upper(regexp_replace({bare}, '{_YEAR}', '〔\\1〕', 'g')) END)"
