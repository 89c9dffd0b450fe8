"""The connectors' commands: ``connect`` for a bureau's drop folder, ``publish`` for JSON Lines.

They belong to the base install; the ``hub`` command shows them beside its own. Exit codes: 0 done, 1 failed, 2 usage,
3 done with returned or refused rows.
"""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import IO, Any, NoReturn, ParamSpec, TypeVar

import click
from prometheus_client import start_http_server
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exchange_connectors.excel import mapping as mappings
from exchange_connectors.excel import shown, soundness
from exchange_connectors.excel.discovery import OPEN
from exchange_connectors.excel.discovery import discover as proposal
from exchange_connectors.excel.dropfolder import (
    FAILURES_MAX,
    SETTLE_SECONDS,
    SHANGHAI,
    DropFolder,
    FileResult,
    look_at,
)
from exchange_connectors.excel.fields import field_type
from exchange_connectors.excel.inbox import passed_over, workbooks
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Finding, gathered
from exchange_connectors.excel.names import told
from exchange_connectors.excel.reading import read
from exchange_connectors.excel.slip import OUTCOME_WORDS
from exchange_connectors.excel.template import template_name, write_template
from exchange_connectors.excel.workbook import UnreadableError
from exchange_connectors.jsonlines import Refused, read_lines
from exchange_connectors.kit.errors import ConfigError, ConnectorError
from exchange_connectors.kit.money import plain
from exchange_connectors.kit.publisher import Line, Publisher
from exchange_connectors.kit.store import Store
from exchange_connectors.settings import ConnectorSettings, KafkaSettings
from exchange_contracts import topics

FAILED, USAGE, WITH_RETURNED = 1, 2, 3
WATCH_SECONDS = 5.0

CONFIG = click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))


P = ParamSpec("P")
R = TypeVar("R")


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Show what an operator can mend as one line instead of a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            _fail(error, USAGE)
        except (ConnectorError, OSError) as error:
            _fail(error, FAILED)
        except ValidationError as error:
            if error.title != ConnectorSettings.__name__:
                raise
            _fail(ConfigError("; ".join(map(_wrong, error.errors(include_input=False)))), USAGE)

    return wrapped


def _wrong(problem: ErrorDetails) -> str:
    """Say what is wrong with a setting, without its value: that may be a password."""
    name = f"HUB_{'__'.join(map(str, problem['loc'])).upper()}: " if problem["loc"] else ""
    return f"{name}{problem['msg'].removeprefix('Value error, ')}"


def _fail(error: Exception, code: int) -> NoReturn:
    click.echo(f"error: {error}", err=True)
    sys.exit(code)


def _kafka(bootstrap_servers: str | None, district: str, bureau: str) -> KafkaSettings:
    return ConnectorSettings().broker(bureau, district, bootstrap_servers)


def _mapping(
    config: Path, inbox: Path | None = None, state: Path | None = None, district: str | None = None
) -> mappings.Mapping:
    given = {"inbox": inbox, "state": state, "district": district}
    mapping = mappings.load(config, click.get_current_context().find_object(str) or "").model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    return mapping.model_copy(
        update={
            "state": mapping.state or mapping.inbox / ".hub" / f"{mapping.bureau}.sqlite",
            "district": mapping.district or ConnectorSettings().district_code,
        }
    )


def _district(code: str, where: str) -> str:
    """Return the district's code.

    Raises:
        ConfigError: none is named.
    """
    if not code:
        raise ConfigError(f"no district is named, so there is no topic to publish on: give {where}--district CODE or HUB_DISTRICT_CODE")
    return code


def _publisher(mapping: mappings.Mapping, bootstrap_servers: str | None) -> Publisher:
    assert mapping.state is not None  # noqa: S101 - filled by _mapping
    district = _district(mapping.district, 'district = "CODE" in the mapping, ')
    return Publisher(_kafka(bootstrap_servers, district, mapping.bureau), district, mapping.bureau, mapping.state)


_INBOX = click.option(
    "--inbox", type=click.Path(file_okay=False, path_type=Path), help="投放文件夹，代替配置中的。"
)
_STATE = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="待发和台账文件，代替配置中的。",
)
_DISTRICT = click.option("--district", help="区域代码，代替配置中的。")
_SERVERS = click.option("--bootstrap-servers", help="Kafka 地址，代替 HUB_KAFKA__BOOTSTRAP_SERVERS。")


@click.group()
@click.option("--bureau", default="", help="单位代码；对应关系由多个单位共用（如各镇街园区）时必填。")
@click.pass_context
def connect(context: click.Context, *, bureau: str) -> None:
    """运行本单位的 Excel 投放文件夹。"""
    context.obj = bureau


@connect.command()
@CONFIG
@plainly
def spec(config: Path) -> None:
    """说明对应关系的含义，或其中的错误。"""
    mapping = _mapping(config)
    click.echo(f"bureau {mapping.bureau}, source {mapping.source}, district {mapping.district}")
    click.echo(f"inbox {mapping.inbox} ({mapping.files}), state {mapping.state}")
    for sheet in mapping.sheet:
        click.echo(f"\nsheet {sheet.name or sheet.match!r} [{sheet.kind}] list {sheet.list or '—'}")
        for header, column in sheet.columns.items():
            try:
                kind = str(field_type(sheet, column, header).kind) if column.carried else "not carried"
            except ConfigError:
                kind = "?"
            unit = f", {column.unit or sheet.unit or mapping.unit or 'unit from the header'}" if kind == "money" else ""
            shown = f"{header}（{'＋'.join(column.join)}）" if column.join else header
            click.echo(f"  {shown} → {column.evidence or column.field} ({kind}{unit})")
        for event in sheet.event:
            click.echo(f"  ⇒ {event.type} key {event.key} on {event.occurred_on}")
    _sound(mapping)
    for words in soundness.missing_inbox(mapping):
        click.echo(f"\n{words}")


def _sound(mapping: mappings.Mapping) -> None:
    """Stop where something is wrong with the mapping, naming everything, one a line."""
    found = soundness.problems(mapping)
    if found:
        raise ConfigError("\n".join(["对应关系有误：", *found]))


@connect.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bureau", default=OPEN, help="写入对应关系的单位代码。")
@plainly
def discover(file: Path, bureau: str) -> None:
    """为工作簿草拟对应关系：工作表、表头、字段、单位、主键和样例；不连接 Kafka。"""
    try:
        click.echo(proposal(read(file.name, file.read_bytes()), bureau), nl=False)
    except UnreadableError as error:
        raise ConnectorError(f"{file.name}：{error}") from error


@connect.command()
@CONFIG
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--values", is_flag=True, help="逐行显示读到的内容。")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="与 --values 同用；json 每行一条。")
@_INBOX
@plainly
def check(config: Path, files: tuple[Path, ...], *, values: bool, form: str, inbox: Path | None) -> None:
    """检查工作簿（缺省：投放文件夹中的全部），不连接 Kafka，也不动台账。"""
    if form == "json" and not values:
        raise ConfigError("--format json shows statements: give --values too")
    mapping = _mapping(config, inbox)
    _sound(mapping)
    for words in () if files else soundness.missing_inbox(mapping):
        raise ConfigError(words)
    for path, why in () if files else passed_over(mapping):
        click.echo(f"未读取 {told(path)}：{why}", err=True)
    chosen = files or tuple(workbooks(mapping))
    returned = False
    for path in chosen:
        seen = look_at(path, mapping)
        returned = returned or any(finding.level == "退" for finding in seen.findings)
        if form == "json":
            for line in shown.lines(seen):
                click.echo(line)
            continue
        sheets = f"，整表退回{seen.sheets_returned}张" if seen.sheets_returned else ""
        click.echo(f"{told(path)}：明细{seen.rows}行，退回{seen.returned}行{sheets}，可发布{len(seen.statements)}条")
        _account(seen)
        _show(seen.findings)
        for words in shown.words(seen) if values else ():
            click.echo(words)
    sys.exit(WITH_RETURNED if returned else 0)


@connect.command()
@CONFIG
@click.option("--once", is_flag=True, help="处理完等待的文件就结束。")
@click.option("--dry-run", is_flag=True, help="只说明将要发布什么，不发布，也不写文件。")
@click.option(
    "--receipts-seconds", type=float, default=10.0, show_default=True, help="等待中枢回执的秒数。"
)
@click.option("--metrics-port", type=int, help="在 127.0.0.1 的这个端口提供 Prometheus 指标。")
@_INBOX
@_STATE
@_DISTRICT
@_SERVERS
@plainly
def run(
    config: Path,
    *,
    once: bool,
    dry_run: bool,
    receipts_seconds: float,
    metrics_port: int | None,
    inbox: Path | None,
    state: Path | None,
    district: str | None,
    bootstrap_servers: str | None,
) -> None:
    """发布投放文件夹中的工作簿并写出回执；不加 --once 则一直等待新文件。"""
    mapping = _mapping(config, inbox, state, district)
    publisher = _publisher(mapping, bootstrap_servers)
    folder = DropFolder(mapping, publisher)
    if dry_run:
        try:
            results = [folder.rehearse(path) for path in folder.waiting()]
        finally:
            publisher.close()
        _report(results, "将发布")
        sys.exit(_code(results))
    if metrics_port is not None:
        start_http_server(metrics_port, addr="127.0.0.1")
    with publisher:
        while True:
            results, outcomes = folder.turn(0.0 if once else SETTLE_SECONDS, receipts_seconds)
            if results or once:
                _report(results, "发布")
                click.echo(
                    f"交换平台回执：已入库{outcomes.accepted}条，退回{outcomes.rejected}条，"
                    f"暂挂{outcomes.held}条，未答复{outcomes.awaited}条"
                )
            if once:
                sys.exit(_code(results))
            time.sleep(WATCH_SECONDS)


@connect.command()
@CONFIG
@_INBOX
@_STATE
@plainly
def status(config: Path, inbox: Path | None, state: Path | None) -> None:
    """查看待发事件、回执和已处理的文件。"""
    mapping = _mapping(config, inbox, state)
    publisher = _publisher(mapping, None)
    try:
        folder = DropFolder(mapping, publisher)
        db = publisher.store.connection
        entries, awaiting = (
            db.execute(f"select count(*) from {table}").fetchone()[0] for table in ("entry", "awaiting")
        )
        click.echo(f"待发送{publisher.spooled()}条，待答复{awaiting}条，台账{entries}条")
        click.echo(f"投递文件夹{mapping.inbox}，待处理文件{len(folder.waiting())}个")
        for name, failures, words in folder.troubles():
            aside = "，已搁置，内容变了再读" if failures >= FAILURES_MAX else ""
            click.echo(f"  未能处理{failures}次 {name}：{words}{aside}")
        for path, why in passed_over(mapping):
            click.echo(f"  未读取 {told(path)}：{why}")
        for each in publisher.exceptions():
            place = f"{each.file} {each.sheet} 第{each.row}行" if each.file else f"第{each.offset}号记录"
            click.echo(f"  {OUTCOME_WORDS.get(each.outcome, each.outcome)} {place}：{each.reason}")
        for name, at, published, unchanged, returned in db.execute(
            "select name, processed_at, published, unchanged, returned from file order by processed_at desc limit 20"
        ):
            when = datetime.fromisoformat(at).astimezone(SHANGHAI)
            click.echo(
                f"  {when:%Y-%m-%d %H:%M} 北京时间 {name}：发布{published}条，未变{unchanged}条，退回{returned}行"
            )
    finally:
        publisher.close()


@connect.command()
@CONFIG
@_INBOX
@_STATE
@_DISTRICT
@_SERVERS
@plainly
def replay(
    config: Path, *, inbox: Path | None, state: Path | None, district: str | None, bootstrap_servers: str | None
) -> None:
    """按本单位主题重建台账，并补发尚未送达的事件。"""
    mapping = _mapping(config, inbox, state, district)
    with _publisher(mapping, bootstrap_servers) as publisher:
        spooled = publisher.spooled()
        publisher.flush(ConnectorSettings().kafka.acknowledge_seconds_max)
        events = DropFolder(mapping, publisher).rebuild_ledger(600)
        click.echo(f"补发{spooled}条；已按主题中的{events}条重建台账")


@connect.command()
@CONFIG
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="要写入的文件；缺省：当前目录，以单位命名。",
)
@click.option("--month", metavar="YYYY-MM", help="标题行中的报送月份；缺省：由填表人填写。")
@plainly
def template(config: Path, out: Path | None, month: str | None) -> None:
    """生成空白报送表，填好后由本连接器读取。"""
    mapping = _mapping(config)
    if month is not None and re.fullmatch(r"20\d{2}-(0[1-9]|1[0-2])", month) is None:
        raise ConfigError(f"--month {month}: write YYYY-MM")
    path = out or Path(template_name(mapping, month))
    if path.exists():
        raise ConnectorError(f"{path} exists already; name another file with --out, or remove it")
    click.echo(f"空白报送表：{write_template(mapping, path, month)}")


def _account(seen: Inspection) -> None:
    """Say what became of every row and what each money column adds up to."""
    if seen.taken_as:
        click.echo(f"  {seen.taken_as}")
    for each in seen.accounts:
        why = f"（{each.why}）" if each.why else ""
        click.echo(
            f"  {each.sheet}：有内容{each.filled}行＝标题{each.headings}＋读取{each.taken}＋退回{each.returned}"
            f"＋合计{each.totals}＋附注{each.notes}＋未读取{each.unread}{why}"
        )
        for found in each.sums:
            stated = "表内没有合计行" if found.stated is None else f"表内合计{plain(found.stated)}"
            click.echo(f"    {found.header}：明细合计{plain(found.read)}{found.unit}，{stated}")


def _show(findings: list[Finding] | tuple[Finding, ...]) -> None:
    for finding, places in gathered(findings):
        place = " ".join(part for part in (finding.sheet, places) if part) or "整个文件"
        click.echo(f"  {finding.level} {place}：{finding.message}")


def _report(results: list[FileResult], verb: str) -> None:
    for result in results:
        levels = Counter(finding.level for finding in result.findings)
        said = "、".join(f"{level}{count}" for level, count in sorted(levels.items())) or "无问题"
        click.echo(
            f"{result.name}：{verb}{result.published}条，未变{result.unchanged}条，"
            f"明细{result.rows}行中退回{result.returned}行（{said}）"
        )
        if result.returned_anything and verb == "发布":
            click.echo(f"  请看回执：{result.slip.name}")
    if not results:
        click.echo("投递文件夹中没有新文件")


def _code(results: list[FileResult]) -> int:
    return WITH_RETURNED if any(result.returned_anything for result in results) else 0


@click.command()
@click.option("--bureau", required=True, help="以哪个单位（代码）的名义发布。")
@click.option(
    "--wait-receipts", type=float, default=0.0, show_default=True, help="等待中枢回执的秒数。"
)
@_DISTRICT
@_STATE
@_SERVERS
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
@plainly
def publish(
    *,
    file: IO[str],
    bureau: str,
    wait_receipts: float,
    district: str | None,
    state: Path | None,
    bootstrap_servers: str | None,
) -> None:
    """发布 JSON Lines 中的事件（FILE 或标准输入），每行以 "type" 写明事件名。"""
    settings = ConnectorSettings()
    district = _district(district or settings.district_code, "")
    spool = state or _spool(settings, district, bureau)
    counts: Counter[str] = Counter()
    name = "-" if file is sys.stdin or file.name == "<stdin>" else Path(file.name).name
    with Publisher(_kafka(bootstrap_servers, district, bureau), district, bureau, spool) as publisher:
        publisher.wait_for_receipts(0)  # what was rejected since is news again
        for taken in read_lines(file, bureau, datetime.now(UTC), "标准输入" if name == "-" else name):
            if isinstance(taken, Refused):
                counts["refused"] += 1
                _tell({"line": taken.line, "outcome": "refused", "reason": taken.reason})
            elif taken.event is not None:
                publisher.publish(taken.event, line=Line(name, taken.line))
                counts["published"] += 1
            elif taken.statement is not None:
                news = publisher.offer(taken.statement, taken.source, Line(name, taken.line)).event is not None
                counts["published" if news else "unchanged"] += 1
        publisher.flush(settings.kafka.acknowledge_seconds_max)
        outcomes = publisher.wait_for_receipts(wait_receipts)
        told = _tell_exceptions(publisher)
    summary: dict[str, Any] = {name: counts[name] for name in ("published", "unchanged", "refused")}
    if wait_receipts or told:
        summary |= {"accepted": outcomes.accepted, "rejected": told["rejected"], "awaited": outcomes.awaited}
        summary |= {"held": told["held"]} if told["held"] else {}
    click.echo(json.dumps(summary))
    sys.exit(WITH_RETURNED if counts["refused"] or told["rejected"] else 0)


def _spool(settings: ConnectorSettings, district: str, bureau: str) -> Path:
    """Return the spool's file in the data folder; one that an earlier version kept below the working folder is brought there."""
    spool = settings.spools() / f"{bureau}.sqlite"
    if settings.spool_dir is None:
        Store.move(Path(".hub/spool") / spool.name, spool, topics.events_topic(district, bureau))
    return spool


def _tell(words: dict[str, Any]) -> None:
    click.echo(json.dumps(words, ensure_ascii=False), err=True)


def _tell_exceptions(publisher: Publisher) -> Counter[str]:
    """Say line and reason of what the hub rejected or holds, also of an earlier run, each once; return how many there are."""
    told: Counter[str] = Counter()
    for each in publisher.exceptions():
        if each.type is not None and each.outcome in {"rejected", "held"}:  # else another program's, or nothing to do
            told[each.outcome] += 1
            place = {"line": each.row} | ({"file": each.file} if each.file not in (None, "-") else {})
            _tell(place | {"outcome": each.outcome, "code": each.code, "reason": each.reason})
    publisher.forget_exceptions()
    return told
