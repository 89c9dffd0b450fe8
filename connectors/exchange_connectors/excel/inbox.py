"""What lies in a drop folder: files to answer, and what is passed over, with the reason in words."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

from exchange_connectors.excel.mapping import Mapping
from exchange_connectors.excel.names import told
from exchange_connectors.excel.slip import SLIP_SUFFIX

LEFT_ALONE = frozenset({"thumbs.db", "desktop.ini"})
"""What an operating system puts into a folder."""

UNFINISHED = (".tmp", ".part", ".crdownload")
"""Endings of files that another program is still writing."""


def natural(path: Path) -> list[tuple[int, int, str]]:
    """Sort key by which 2026年9月 comes before 2026年10月."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", told(path))]


def workbooks(mapping: Mapping) -> list[Path]:
    """Return the inbox's files to answer in natural order, without slips and a spreadsheet's lock files.

    Whatever its ending, a file is answered with a slip; see :func:`passed_over` for the rest of the folder.
    """
    return [path for path in files_of(mapping) if _is_meant(told(path).lower(), mapping.files.lower())]


def passed_over(mapping: Mapping) -> list[tuple[Path, str]]:
    """Return what lies in the inbox and is not read, each with the reason (Chinese): other names, folders, links that lead nowhere."""
    meant = set(workbooks(mapping))
    return [(path, words) for path in _listed(mapping) if path not in meant and (words := _why(path, mapping))]


def _why(path: Path, mapping: Mapping) -> str:
    """Return why something in the inbox is not read, empty for a slip."""
    if path.is_dir():
        return "是文件夹，请把里面的文件直接放入投递文件夹"
    if not path.is_file():
        return "不是文件（链接指向的文件不存在，或是设备），请放入文件本身"
    if path.name.endswith(SLIP_SUFFIX):
        return ""
    return "还没有写完" if told(path).lower().endswith(UNFINISHED) else f"文件名不属于本连接器（{mapping.files}）"


def files_of(mapping: Mapping, slips: bool = False) -> list[Path]:
    """Return the inbox's files but for slips, or the slips alone."""
    return [path for path in _listed(mapping) if path.name.endswith(SLIP_SUFFIX) is slips and path.is_file()]


def _listed(mapping: Mapping) -> list[Path]:
    """Return what lies in the inbox in natural order, without hidden files and a spreadsheet's lock files."""
    if not mapping.inbox.is_dir():
        return []
    return [path for path in sorted(mapping.inbox.iterdir(), key=natural) if not path.name.startswith(("~$", "."))]


def _is_meant(name: str, pattern: str) -> bool:
    """Say whether a file is for this connector: by its pattern, or by all of it but the ending."""
    if name in LEFT_ALONE or name.endswith(UNFINISHED):
        return False
    return fnmatchcase(name, pattern) or fnmatchcase(name.rpartition(".")[0] or name, pattern.rpartition(".")[0])
