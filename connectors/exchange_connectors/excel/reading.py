"""What a dropped file is, by its content and never by its ending, and its reader."""

import io
import re
import zipfile
from pathlib import PurePath

from exchange_connectors.excel import biff, ods, ooxml
from exchange_connectors.excel.plain_text import read_html, read_mhtml, read_text
from exchange_connectors.excel.workbook import DAMAGED, FILE_BYTES_MAX, UnreadableError, Workbook

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PLAINLY = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"II*\x00", "图片"),
    (b"MM\x00*", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"{\\rtf", "Word文档"),
)
_OLD_BIFF = re.compile(rb"\x09[\x00\x02\x04]..[\x00\x02-\x04]", re.DOTALL)
_HTML = re.compile(r"<\s*(?:!doctype\s+html|html|table|head|body|meta|div|style)", re.IGNORECASE)


def read(file: str, body: bytes) -> Workbook:
    """Read a file's content.

    Args:
        file: its name.
        body: what it holds.

    Raises:
        UnreadableError: no table that can be read; the message says what it is and what to do.
    """
    if not body:
        raise UnreadableError("文件为空，请重新导出")
    if len(body) > FILE_BYTES_MAX:
        raise UnreadableError(f"文件超过{FILE_BYTES_MAX // 2**20}MB，请删去图片或分表报送")
    if body.startswith(b"PK"):
        return _packed(file, body)
    if body.startswith(_OLE2[:4]):
        return _compound(file, body)
    what = next((words for start, words in _PLAINLY if body.startswith(start)), None)
    if what is not None:
        raise UnreadableError(f"打不开（是{what}，不是电子表格），请报送xlsx")
    if _OLD_BIFF.match(body):
        raise UnreadableError("打不开（很旧的xls格式），请用表格软件打开并另存为xlsx")
    return _textual(file, body)


def _packed(file: str, body: bytes) -> Workbook:
    """Read what lies in a zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = {name.lower().lstrip("/") for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableError(DAMAGED) from error
    if "ofd.xml" in names:
        raise UnreadableError("打不开（是OFD版式文件，不是电子表格），请报送xlsx")
    if any(name.startswith("word/") for name in names):
        raise UnreadableError("打不开（是Word文档，不是电子表格），请报送xlsx")
    if any(name.startswith("xl/") and name.endswith(".bin") and "workbook" in name for name in names):
        raise UnreadableError("打不开（是xlsb二进制工作簿），请另存为xlsx")
    if "content.xml" in names:
        return Workbook(file, ods.read_sheets(body))
    if "[content_types].xml" in names or "_rels/.rels" in names:
        return Workbook(file, ooxml.read_sheets(body))
    raise UnreadableError("打不开（是压缩包），请解压后把里面的表格放入")


def _compound(file: str, body: bytes) -> Workbook:
    """Read what lies in an OLE2 file: an old workbook, or what only looks like one."""
    if _named(body, "EncryptedPackage") or _named(body, "EncryptionInfo"):
        raise UnreadableError("打不开（加密），请去掉密码并另存为xlsx")
    if _named(body, "Workbook") or _named(body, "Book"):
        return Workbook(file, biff.read_sheets(body))
    if _named(body, "WordDocument"):
        raise UnreadableError("打不开（是Word文档，不是电子表格），请报送xlsx")
    raise UnreadableError("打不开（加密或旧版文件），请去掉密码并另存为xlsx")


def _named(body: bytes, stream: str) -> bool:
    return stream.encode("utf-16-le") + b"\x00\x00" in body


def _textual(file: str, body: bytes) -> Workbook:
    """Read text: a page, a web archive, or separated values."""
    name = PurePath(file).stem
    head = body[:2048].replace(b"\x00", b"").decode("latin-1").lstrip("ÿþï»¿ \r\n\t")
    if re.match(r"MIME-Version:|From:|Content-Type:\s*multipart", head, re.IGNORECASE):
        sheet, taken_as = read_mhtml(name, body)
    elif "urn:schemas-microsoft-com:office:spreadsheet" in head and head.startswith("<?xml"):
        raise UnreadableError("打不开（是XML表格2003），请用表格软件打开并另存为xlsx")
    elif head.startswith("<?xml") and "<html" not in head.lower():
        raise UnreadableError("打不开（是XML文件，不是工作簿），请用表格软件打开并另存为xlsx")
    elif _HTML.match(head) or head.startswith("<?xml"):
        sheet, taken_as = read_html(name, body)
    elif _is_text(body):
        sheet, taken_as = read_text(name, body)
    else:
        raise UnreadableError("打不开（不是电子表格，可能是PDF或截图），请另存为xlsx")
    return Workbook(file, (sheet,), named=False, taken_as=taken_as)


def _is_text(body: bytes) -> bool:
    """Say whether *body* may be text: no control characters but line ends and tabs, unless a mark says UTF-16."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", body[:65536])
