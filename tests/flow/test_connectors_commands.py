"""The connectors' commands on real Kafka: a drop folder and JSON Lines, as a bureau runs them."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl.workbook.workbook import Workbook

from exchange_connectors.cli import connect, publish
from exchange_connectors.kit.broker import KafkaBroker, Message
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, topics
from exchange_contracts.model import Event
from exchange_contracts.receipts import Receipt, ReceiptException
from exchange_hub.runtime.topics import administration, ensure_topics

CONFIG = """
bureau = "{bureau}"
source = "{bureau}-workbooks"
inbox = "inbox"
[[sheet]]
name = "任务进展"
list = "tasks"
[sheet.columns]
"任务" = "task_no"
"进展" = {{ field = "text", required = true }}
[[sheet.event]]
type = "TaskProgressReported"
key = "{{task_no}}"
"""


@pytest.fixture
def bureau(kafka: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bureau of its own, with its topics."""
    monkeypatch.setenv("HUB_DISTRICT_CODE", "wuqing")
    code = f"c{uuid.uuid4().hex[:12]}"
    with administration(kafka) as admin:
        ensure_topics(admin, [topics.events_topic("wuqing", code), topics.receipts_topic("wuqing", code)])
    return code


def on_topic(kafka: str, bureau: str) -> list[Event]:
    """What lies on the bureau's topic."""
    broker = KafkaBroker(KafkaSettings(bootstrap_servers=kafka))
    try:
        return [codec.decode(record.value) for record in broker.read(topics.events_topic("wuqing", bureau), 0, 20)]
    finally:
        broker.close()


def test_a_drop_folder_is_run_by_command(kafka: str, bureau: str, tmp_path: Path) -> None:
    """`connect run --once` publishes, writes the slip, says 3 where a row goes back, and the second time does nothing."""
    config = tmp_path / "connector.toml"
    config.write_text(CONFIG.format(bureau=bureau), encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    book = Workbook()
    book.active.title = "任务进展"
    for row in (["任务进展（2026年9月）"], ["任务", "进展"], ["1", "已完成摸底"], ["2", None]):
        book.active.append(row)
    book.save(tmp_path / "inbox" / "2026年9月.xlsx")
    run = ["run", str(config), "--once", "--receipts-seconds", "0.1", "--bootstrap-servers", kafka]

    rehearsed = CliRunner().invoke(connect, [*run, "--dry-run"])
    assert (rehearsed.exit_code, on_topic(kafka, bureau)) == (3, []), rehearsed.output
    first = CliRunner().invoke(connect, run)
    assert first.exit_code == 3, first.output
    assert "发布1条，未变0条，明细2行中退回1行" in first.output
    assert (tmp_path / "inbox" / "2026年9月.回执.xlsx").exists()
    second = CliRunner().invoke(connect, run)
    assert (second.exit_code, "没有新文件" in second.output) == (0, True), second.output
    event, returned = on_topic(kafka, bureau)
    assert (event.entity_key, returned.model_dump()["rows_returned"]) == ("1", 1)

    told = CliRunner().invoke(connect, ["status", str(config)])
    assert "待发送0条，待答复2条，台账2条" in told.output
    rebuilt = CliRunner().invoke(connect, ["replay", str(config), "--bootstrap-servers", kafka])
    assert (rebuilt.exit_code, "2条重建台账" in rebuilt.output) == (0, True), rebuilt.output


def test_json_lines_are_published_by_command(kafka: str, bureau: str, tmp_path: Path) -> None:
    """`publish` takes the good lines, names the bad ones with exit code 3, and an unchanged line is no news."""
    line = {"type": "TaskProgressReported", "source": "oa", "entity_key": "1", "occurred_on": "2026-09-30",
            "task_no": "1", "month": "2026-09", "text": "已完成摸底"}  # fmt: skip
    lines = [line, line, line | {"month": "九月"}, line | {"entity_key": "2", "task_no": "2", "revision": 5}]
    arguments = ["--bureau", bureau, "--state", str(tmp_path / "s.sqlite"), "--bootstrap-servers", kafka, "-"]
    outcome = CliRunner().invoke(publish, arguments, input="\n".join(json.dumps(each) for each in lines))
    assert outcome.exit_code == 3, outcome.output
    assert json.loads(outcome.stdout) == {"published": 2, "unchanged": 1, "refused": 1}
    refused = json.loads(outcome.stderr.splitlines()[0])
    assert (refused["line"], "month" in refused["reason"]) == (3, True)
    assert [(event.entity_key, event.revision) for event in on_topic(kafka, bureau)][1] == ("2", 5)


LINE = {"type": "TaskProgressReported", "source": "oa", "entity_key": "1", "occurred_on": "2026-09-30", "task_no": "1", "month": "2026-09", "text": "已完成摸底"}  # fmt: skip


def test_a_line_arrives_in_a_topic_made_anew(kafka: str, bureau: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger lies in the data folder and knows the topic by its id: one made anew is told everything, another time nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))
    names = [topics.events_topic("wuqing", bureau), topics.receipts_topic("wuqing", bureau)]
    published = []
    for anew in (False, False, True):
        if anew:
            with administration(kafka) as admin:
                admin.delete_topics(names)
                ensure_topics(admin, names)
        outcome = CliRunner().invoke(publish, ["--bureau", bureau, "--bootstrap-servers", kafka], input=json.dumps(LINE))
        assert outcome.exit_code == 0, outcome.output
        published.append(json.loads(outcome.stdout)["published"])
    assert published == [1, 0, 1]
    assert len(on_topic(kafka, bureau)) == 1
    assert (tmp_path / "data/spool" / f"{bureau}.sqlite").exists()
    assert not (tmp_path / ".hub").exists()


def test_what_the_hub_rejects_is_told_with_its_line(kafka: str, bureau: str, tmp_path: Path) -> None:
    """`publish` prints file, line and reason of what the hub rejects, ends with 3, tells it once, and sends it again."""
    file = tmp_path / "进展.jsonl"
    file.write_text("\n\n" + json.dumps(LINE), encoding="utf-8")
    rejected = ReceiptException(offset=0, event_id=None, entity_key="1", outcome="rejected", code="x", reason="请核对任务编号")
    receipt = Receipt(
        topic=topics.events_topic("wuqing", bureau), first=0, next=1, accepted=0, exceptions=(rejected,), batch=1,
        at=datetime(2026, 10, 8, tzinfo=UTC),
    )  # fmt: skip
    broker = KafkaBroker(KafkaSettings(bootstrap_servers=kafka))
    broker.send(topics.receipts_topic("wuqing", bureau), Message(b"", receipt.to_bytes(), []))
    broker.flush(10)
    broker.close()
    arguments = ["--bureau", bureau, "--state", str(tmp_path / "s.sqlite"), "--bootstrap-servers", kafka, str(file)]
    outcome = CliRunner().invoke(publish, [*arguments, "--wait-receipts", "10"])
    assert outcome.exit_code == 3, outcome.output
    told = json.loads(outcome.stderr.splitlines()[-1])
    assert told == {"line": 3, "file": "进展.jsonl", "outcome": "rejected", "code": "x", "reason": "请核对任务编号"}
    assert json.loads(outcome.stdout) == {"published": 1, "unchanged": 0, "refused": 0, "accepted": 0, "rejected": 1, "awaited": 0}
    again = CliRunner().invoke(publish, arguments)
    assert (again.exit_code, json.loads(again.stdout)["published"]) == (0, 1), again.output


def test_a_command_without_broker_fails_in_one_line(tmp_path: Path) -> None:
    """Without a broker the command ends with 1 and one plain sentence, no traceback."""
    arguments = ["--bureau", "industry", "--state", str(tmp_path / "s.sqlite"), "--bootstrap-servers", "127.0.0.1:9"]
    outcome = CliRunner().invoke(publish, arguments, input="", env={"HUB_DISTRICT_CODE": "wuqing", "HUB_KAFKA__START_SECONDS_MAX": "1"})
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("error: Kafka at 127.0.0.1:9 does not answer")
    assert len(outcome.stderr.splitlines()) == 1
