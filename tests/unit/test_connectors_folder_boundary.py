"""One file never stops the folder: whatever is inside, the next one is read, and what happened is told."""

import os
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from exchange_connectors.excel import dropfolder, load
from exchange_connectors.excel.dropfolder import FAILURES_MAX, DropFolder, FileResult
from exchange_connectors.excel.inbox import passed_over
from exchange_connectors.excel.slip import slip_path
from exchange_connectors.kit import Publisher
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec

CONFIG = """
bureau = "industry"
source = "x"
inbox = "inbox"
state = "state.sqlite"
files = "{files}"
[[sheet]]
name = "任务"
[sheet.columns]
"任务" = "task_no"
"进展" = "text"
[[sheet.event]]
type = "TaskProgressReported"
key = "{{task_no}}"
"""
EVENTS = "hub.wuqing.industry.events"


class Desk:
    """A folder with one small list."""

    def __init__(self, folder: Path, files: str = "*.xlsx") -> None:
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        (folder / "m.toml").write_text(CONFIG.format(files=files), encoding="utf-8")
        self.mapping = load(folder / "m.toml")
        self.broker = RecordingBroker()

    def write(self, name: str, text: str) -> Path:
        """Put a workbook of one task into the folder."""
        book = openpyxl.Workbook()
        book.active.title = "任务"
        for row in (["任务进展（2026年10月）"], ["任务", "进展"], ["1", text]):
            book.active.append(row)
        book.save(self.inbox / name)
        return self.inbox / name

    def turn(self, **given: Any) -> list[FileResult]:
        """One look at the folder by a connector started anew."""
        assert self.mapping.state is not None
        with Publisher(KafkaSettings(), "wuqing", "industry", self.mapping.state, broker=self.broker) as publisher:
            folder = DropFolder(self.mapping, publisher)
            results = folder.turn(**given)[0]
            self.troubles = folder.troubles()
            self.waiting = folder.waiting()
        return results

    def said(self) -> list[str]:
        """What was published, in order."""
        return [codec.decode(record.value).model_dump()["text"] for record in self.broker.topics[EVENTS]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A fresh desk."""
    return Desk(tmp_path)


def test_a_then_b_then_a_again_publishes_a_again(desk: Desk) -> None:
    """What lies in the folder last is what the bureau says, also where it said so before."""
    for text in ("甲", "乙", "甲"):
        desk.write("任务2026年10月.xlsx", text)
        desk.turn()
    assert desk.said() == ["甲", "乙", "甲"]
    assert desk.turn() == []


def test_a_correction_put_in_place_while_the_old_file_is_read_is_not_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest that is remembered is that of what was read; the correction has another one and is read next."""
    path = desk.write("任务2026年10月.xlsx", "旧")
    original = dropfolder.look_at

    def replaced_meanwhile(*given: Any) -> Any:
        seen = original(*given)
        monkeypatch.setattr(dropfolder, "look_at", original)
        desk.write(path.name, "新")
        return seen

    monkeypatch.setattr(dropfolder, "look_at", replaced_meanwhile)
    desk.turn()
    assert desk.said() == ["旧"]
    assert slip_path(path).exists()
    desk.turn()
    assert desk.said() == ["旧", "新"]


def test_a_file_that_cannot_be_processed_is_answered_and_set_aside(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any exception inside one file ends as its slip; the others are read; after some failures it waits for other content."""
    desk.write("1坏.xlsx", "坏")
    desk.write("2好.xlsx", "好")
    original = dropfolder.inspect

    def fails(workbook: Any, *given: Any) -> Any:
        if workbook.file.startswith("1坏"):
            raise RuntimeError("unforeseen")
        return original(workbook, *given)

    monkeypatch.setattr(dropfolder, "inspect", fails)
    results = desk.turn()
    assert {result.path.name: result.published for result in results} == {"1坏.xlsx": 0, "2好.xlsx": 1}
    assert "处理时出错" in results[0].findings[0].message
    assert results[0].slip.exists()
    for _ in range(FAILURES_MAX - 1):
        assert [result.path.name for result in desk.turn()] == ["1坏.xlsx"]
    assert desk.turn() == []
    assert [(name, failures) for name, failures, _ in desk.troubles] == [("1坏.xlsx", FAILURES_MAX)]
    monkeypatch.setattr(dropfolder, "inspect", original)
    desk.write("1坏.xlsx", "改好了")
    desk.turn()
    assert (sorted(desk.said()), desk.troubles) == (["好", "改好了"], [])


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are those of POSIX")
def test_a_slip_that_cannot_be_written_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip that is open elsewhere goes under another name; where none can be written, it is told as trouble."""
    path = desk.write("任务2026年10月.xlsx", "甲")
    desk.write("乙2026年10月.xlsx", "甲")
    slip_path(path).mkdir()  # as good as locked: nothing can take its place
    results = desk.turn()
    assert len(results) == 2
    assert [each.name for each in desk.inbox.glob("任务2026年10月.*.回执.xlsx")]
    monkeypatch.setattr(dropfolder, "write_slip", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "denied")))
    desk.write("丙2026年10月.xlsx", "丙")
    desk.turn()
    assert [(name, "回执写不了" in words) for name, _, words in desk.troubles] == [("丙2026年10月.xlsx", True)]


def test_names_that_differ_in_the_ending_s_case_get_two_slips(desk: Desk) -> None:
    """月报.xlsx and 月报.XLSX are two files."""
    desk.write("月报2026年10月.xlsx", "甲")
    desk.write("月报2026年10月.XLSX", "甲")
    assert len({result.slip for result in desk.turn() if result.slip.exists()}) == 2


def test_the_longest_name_gets_a_slip(desk: Desk) -> None:
    """A name as long as a file system takes is answered under a shorter one."""
    desk.write("月" * 80 + "10.xlsx", "甲")
    (result,) = desk.turn()
    assert result.slip.exists()
    assert desk.turn() == []


def test_every_file_gets_a_slip_or_a_word(tmp_path: Path) -> None:
    """Whatever the ending; what is not for this connector is named by ``status``."""
    desk = Desk(tmp_path, "任务*.xlsx")
    desk.write("任务2026年10月.xlsx", "甲")
    for name in ("任务.dat", "任务", "别的.docx", "Thumbs.db"):
        (desk.inbox / name).write_bytes(b"\x00\x01" + name.encode())
    assert {result.path.name for result in desk.turn() if result.slip.exists()} == {"任务2026年10月.xlsx", "任务.dat", "任务"}
    (desk.inbox / "任务九月.xlsx").mkdir()
    (desk.inbox / "任务链接.xlsx").symlink_to(tmp_path / "gone.xlsx")
    (desk.inbox / "任务.xlsx.tmp").write_bytes(b"PK")
    why = {path.name: words for path, words in passed_over(desk.mapping)}
    assert {name: words[:4] for name, words in why.items()} == {"别的.docx": "文件名不", "Thumbs.db": "文件名不", "任务九月.xlsx": "是文件夹", "任务链接.xlsx": "不是文件", "任务.xlsx.tmp": "还没有写"}


def test_a_growing_file_waits_until_it_stands_still(desk: Desk) -> None:
    """While watching, a file is taken once size and content were the same at two looks, whatever its time stamp says."""
    path = desk.write("任务2026年10月.xlsx", "甲")
    os.utime(path, (1, 1))
    assert desk.mapping.state is not None
    with Publisher(KafkaSettings(), "wuqing", "industry", desk.mapping.state, broker=desk.broker) as publisher:
        folder = DropFolder(desk.mapping, publisher)
        assert folder.waiting(1.0) == []
        desk.write(path.name, "长大了")
        os.utime(path, (2, 2))
        assert folder.waiting(1.0) == []
        assert folder.waiting(1.0) == [path]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"%PDF-1.7", "PDF"),
        ("b.xlsx", b"\x89PNG\r\n", "图片"),
        ("c.xlsx", b"\xff\xd8\xff\xe0", "图片"),
        ("d.rar", b"Rar!\x1a\x07", "压缩包"),
        ("e.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(4), "加密"),
        ("f.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le") + bytes(4), "Word"),
        ("g.csv", b"\x81", "编码"),
        ("h.csv", '任务,进展\n1,"没有闭合\n2,乙\n'.encode(), "引号"),
    ],
)
def test_what_is_no_table_is_named_for_what_it_is(desk: Desk, name: str, content: bytes, words: str) -> None:
    """Encrypted files, PDF, pictures, archives, unreadable text: said by content, never by ending."""
    (desk.inbox / name).write_bytes(content)
    (result,) = desk.turn()
    assert words in result.findings[0].message
    assert result.slip.exists()


def test_a_name_that_is_no_text_here_stops_nothing(desk: Desk) -> None:
    """A file called in GBK, as archives of Windows leave it, and one with raised digits are read, answered and told by name."""
    path = desk.write("月报2026年10月.xlsx", "甲")
    path.rename(path.with_name(os.fsdecode(path.name.encode("gb18030"))))
    desk.write("²月报2026年10月.xlsx", "乙")
    desk.write("月报2026年10月.xlsx", "丙")
    results = desk.turn()
    assert sorted(result.name for result in results) == ["²月报2026年10月.xlsx", "月报2026年10月.xlsx", "月报2026年10月（文件名非UTF-8）.xlsx"]
    assert all(result.slip.exists() for result in results)
    assert (desk.turn(), desk.troubles) == ([], [])
