"""SIGKILL at every step of a file, from its private copy to its slip: the next start ends what was begun, once."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typing_extensions import override

from exchange_connectors.excel import DropFolder, Mapping, load
from exchange_connectors.excel.reading import read
from exchange_connectors.excel.slip import slip_path
from exchange_connectors.kit import Publisher
from exchange_connectors.kit.broker import Delivery, Message
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec
from exchange_contracts.events import TaskProgressReported

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a killed process is a forked one")

CONFIG = """
bureau = "industry"
source = "x"
inbox = "inbox"
state = "state.sqlite"
[[sheet]]
name = "任务"
[sheet.columns]
"任务" = "task_no"
"进展" = "text"
[[sheet.event]]
type = "TaskProgressReported"
key = "{task_no}"
"""
EVENTS = "hub.wuqing.industry.events"
WATCHED = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"})


class Steps:
    """Counts what a process does to files, its store and its broker, and kills it at one of these steps."""

    def __init__(self, folder: Path, last: int) -> None:
        self._folder, self._left = str(folder), last

    def stated(self, statement: str) -> None:
        """Take a step before a statement that changes the store."""
        if not statement.lstrip().lower().startswith(("select", "pragma")):
            self.one()

    def one(self) -> None:
        """Take a step."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audited(self, event: str, given: tuple[Any, ...]) -> None:
        """Take a step where a file of the folder is touched."""
        if event in WATCHED and str(given[0]).startswith(self._folder):
            self.one()


class LastingBroker(RecordingBroker):
    """A topic that outlives the process: one file a record."""

    def __init__(self, folder: Path, steps: Steps | None = None) -> None:
        super().__init__()
        self._folder, self._steps = folder, steps
        folder.mkdir(exist_ok=True)
        for kept in sorted(folder.iterdir(), key=lambda path: int(path.name)):
            self.append(EVENTS, kept.read_bytes())

    @override
    def send(self, topic: str, message: Message) -> Delivery:
        if self._steps is not None:
            self._steps.one()
        (self._folder / str(len(self.topics[topic]))).write_bytes(message.value)
        return super().send(topic, message)


class Desk:
    """A bureau's folder, its topic and its store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "inbox").mkdir(parents=True, exist_ok=True)
        (folder / "m.toml").write_text(CONFIG, encoding="utf-8")
        self.mapping: Mapping = load(folder / "m.toml")
        self.file = folder / "inbox" / "任务2026年10月.xlsx"

    def write(self, *texts: str) -> None:
        """Put the workbook of some tasks into the folder; an empty text is a row that goes back."""
        book = openpyxl.Workbook()
        book.active.title = "任务"
        for row in (["任务进展（2026年10月）"], ["任务", "进展"], *([str(n), text] for n, text in enumerate(texts, 1))):
            book.active.append(row)
        book.save(self.file)

    def turn(self, steps: Steps | None = None) -> None:
        """One look at the folder by a connector started anew."""
        assert self.mapping.state is not None
        broker = LastingBroker(self.folder / "topic", steps)
        with Publisher(KafkaSettings(), "wuqing", "industry", self.mapping.state, broker=broker) as publisher:
            if steps is not None:
                publisher.store.connection.set_trace_callback(steps.stated)
            folder = DropFolder(self.mapping, publisher)
            folder.turn()
            if steps is None:
                assert (folder.waiting(), folder.troubles(), publisher.spooled()) == ([], [], 0)

    def killed_at(self, step: int) -> bool:
        """One look at the folder by a process that is killed at a step; say whether it came so far."""
        child = os.fork()
        if child == 0:
            steps = Steps(self.folder, step)
            sys.addaudithook(steps.audited)
            tempfile.tempdir = str(self.folder)
            try:
                self.turn(steps)
            finally:
                os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    def said(self) -> list[str]:
        """What lies on the topic: each event once, however often it was sent; never two of one id that differ."""
        by_id: dict[object, bytes] = {}
        for kept in sorted((self.folder / "topic").iterdir(), key=lambda path: int(path.name)):
            value = kept.read_bytes()
            assert by_id.setdefault(codec.decode(value).event_id, value) == value
        return [event.text for value in by_id.values() if isinstance(event := codec.decode(value), TaskProgressReported)]


def killed(root: Path, corrected: bool) -> Iterator[tuple[int, Desk]]:
    """Yield a desk for every step of a file, its connector killed there."""
    before = Desk(root / "before")
    if corrected:
        before.write("甲", "乙", "丙")
        before.turn()
    before.write("甲", "乙二", "丙", "")
    for step in range(1, 1000):
        shutil.copytree(before.folder, root / str(step))
        desk = Desk(root / str(step))
        if not desk.killed_at(step):
            return
        yield step, desk
    raise AssertionError("the file never ends")


@pytest.mark.parametrize("corrected", [False, True], ids=["new", "corrected"])
def test_a_file_is_ended_once_wherever_its_connector_was_killed(corrected: bool, tmp_path: Path) -> None:
    """After a kill at any step the next start loses nothing, publishes nothing twice with another meaning, and writes the slip."""
    right = ["甲", "乙", "丙", "乙二"] if corrected else ["甲", "乙二", "丙"]
    steps = 0
    for step, desk in killed(tmp_path, corrected):
        desk.turn()
        steps += 1
        assert desk.said() == right, f"killed at step {step}"
        answer, tasks = (sheet.rows for sheet in read("", slip_path(desk.file).read_bytes()).sheets)
        assert (answer[0][0], tasks[3][1]) == ("报送回执", "乙二"), f"killed at step {step}"
    assert steps > 10
