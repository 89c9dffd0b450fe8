"""Events as JSON Lines: what is taken, what is refused and why."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from exchange_connectors.jsonlines import Refused, Taken, read_lines

NOW = datetime(2026, 10, 8, tzinfo=UTC)
LINE: dict[str, Any] = {
    "type": "SubsidyPaid", "source": "erp", "entity_key": "A-1", "revision": 3, "occurred_on": "2026-09-30",
    "application_no": "A-1", "voucher_no": "V-1", "policy_no": "津财〔2026〕1号", "budget_year": 2026, "amount": "1500.00",
    "on": "2026-09-30", "payee_token": "k1:AbCdEfGhIjKl",
}  # fmt: skip


def read(*lines: str | dict[str, Any]) -> list[Taken | Refused]:
    """Read lines as the commerce bureau."""
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    return list(read_lines(texts, "commerce", NOW))


def test_an_event_with_its_own_revision_is_taken_as_it_stands() -> None:
    """A line with a revision is the source's own; bureau and time are filled in where they are left out."""
    (taken,) = read(LINE)
    assert isinstance(taken, Taken)
    assert taken.event is not None
    assert (taken.event.bureau, taken.event.revision, taken.event.recorded_at) == ("commerce", 3, NOW)


def test_a_line_without_revision_is_left_to_the_ledger() -> None:
    """Without a revision the line is a statement that the ledger numbers."""
    (taken,) = read({key: value for key, value in LINE.items() if key != "revision"})
    assert isinstance(taken, Taken)
    assert taken.statement is not None
    assert "revision" not in taken.statement.facts


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "不是 JSON"),
        ("[1]", "一行应为一个 JSON 对象"),
        (LINE | {"type": "Nothing"}, "没有名为'Nothing'的事件"),
        (LINE | {"bureau": "finance"}, "只能以 commerce 报送"),
        (LINE | {"amount": 1500.5}, "amount"),
        ({k: v for k, v in LINE.items() if k != "source"}, "source：缺少，请补上"),
        (LINE | {"category": "彩电"}, "category：应为'汽车报废更新'、"),
        (LINE | {"colour": "红"}, "colour：契约中没有这一项"),
        (LINE | {"on": "2026-13-01", "budget_year": "今年"}, "budget_year：应为整数；on：应为日期，如 2026-10-31"),
        (LINE | {"payee_uscc": "123"}, "payee_uscc：应为18位统一社会信用代码"),
        (LINE | {"amount": "1500.005"}, "amount"),
        (LINE | {"category": "汽车"}, "category"),
        (LINE | {"extra": 1}, "extra"),
        (LINE | {"related_key": "13800138000"}, "请删除个人信息"),
        ({key: value for key, value in LINE.items() if key != "voucher_no"}, "voucher_no"),
        ("[" * 100_000, "不是 JSON"),
    ],
)
def test_a_line_that_is_no_event_is_refused_with_its_reason(line: str | dict[str, Any], reason: str) -> None:
    """Whatever is wrong is said in words, and the lines after it are read."""
    refused, taken = read(line, LINE)
    assert isinstance(refused, Refused)
    assert reason in refused.reason
    assert "138001" not in refused.reason
    assert isinstance(taken, Taken)


def test_the_mark_of_an_encoding_is_no_part_of_the_first_line() -> None:
    """A file that an editor has marked as UTF-8, with the line ends of Windows, is read from its first line on."""
    lines = ["\ufeff" + json.dumps(LINE, ensure_ascii=False) + "\r\n", json.dumps({**LINE, "entity_key": "A-2", "application_no": "A-2"}) + "\r\n"]
    assert [type(each) for each in read(*lines)] == [Taken, Taken]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (json.dumps(LINE)[:-1] + ', "amount": "9999.00"}', "amount写了两次"),
        (json.dumps(LINE)[:-1] + ', "origin": {"file": "a", "file": "b", "sheet": "", "row": 1}}', "file写了两次"),
        (json.dumps({**LINE, "on": 1790726400}), "on：应为日期"),
        (json.dumps({**LINE, "occurred_on": 1790726400.0}), "occurred_on：应为日期"),
        (json.dumps({**LINE, "recorded_at": 1790726400}), "recorded_at：应为时间"),
        (json.dumps({**LINE, "type": []}), "没有名为[]的事件"),
        (json.dumps({**LINE, "type": {}}), "没有名为{}的事件"),
    ],
)
def test_what_may_be_meant_in_two_ways_is_refused(written: str, words: str) -> None:
    """A name that stands twice, a number for a day and a type that is no word are told with their line, and stop no other."""
    refused, taken = read(written, LINE)
    assert isinstance(refused, Refused)
    assert words in refused.reason
    assert isinstance(taken, Taken)
