"""Text formats that a contract names in its ``format`` attribute, with the words a bureau reads when one is broken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A text format: *pattern* must match the whole text; *hint* says in Chinese how to write it."""

    pattern: str
    hint: str


_YEAR = "(?:19|20|21)[0-9]{2}"
_MONTH = f"{_YEAR}-(?:0[1-9]|1[0-2])"

FORMATS: dict[str, TextFormat] = {
    "month": TextFormat(_MONTH, "月份应写成 YYYY-MM，如 2026-10"),
    "year": TextFormat(_YEAR, "年份应为四位数字，如 2026"),
    "period": TextFormat(f"(?:{_MONTH}|{_YEAR})", "期间应写成年（2027）或月（2026-10）"),
    # GB 32100-2015 leaves out I O S V Z; the check character is advice (some codes in circulation fail it).
    "uscc": TextFormat("[0-9A-HJ-NP-RTUWXY]{18}", "统一社会信用代码应为18位数字和大写字母，不含I、O、S、V、Z"),
    "project_code": TextFormat(
        "[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}", "项目代码应为24个字符，如 2509-120114-89-01-544060"
    ),
    "token": TextFormat("k[0-9]{1,4}:[A-Za-z0-9_-]{8,128}", "个人令牌应以 k1: 之类开头，由令牌服务生成"),
    "sha256": TextFormat("[0-9a-f]{64}", "SHA-256摘要应为64位小写十六进制"),
    "bureau": TextFormat("[a-z][a-z0-9-]{1,39}", "单位代码应为小写字母、数字和横线，如 industry"),
    "key": TextFormat(r"[^\x00-\x1f\x7f]{1,200}", "应为1至200个字符，不含换行等控制字符"),
}
"""Format name → format."""

NAME_LENGTH_MAX = 200
"""Characters of an ordinary text: names and numbers, short enough to be a key in a database index."""

PROSE_LENGTH_MAX = 20_000
"""Characters of a text marked ``prose``."""
