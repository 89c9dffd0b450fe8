"""``hub demo``: the sample district from the bureaus' workbooks to the monthly reports, on real servers, by the same code."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from exchange_connectors.excel import mapping as mappings
from exchange_connectors.excel.dropfolder import DropFolder
from exchange_connectors.kit.publisher import Publisher
from exchange_connectors.settings import KafkaSettings
from exchange_hub.cli import output
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.months import close_month
from exchange_hub.cli.reporting import Artefacts, write_report
from exchange_hub.cli.up import children
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import make_topics
from exchange_hub.reports.render.style import rounded
from exchange_hub.runtime import logs
from exchange_hub.runtime.servers import Servers, running
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.supervise import Supervisor

RECEIPT_SECONDS = 60.0
#: Connectors that work at a time; each is a bureau of its own, and waits for its receipts for a part of its time.
AT_A_TIME = 12
CLOSE_SECONDS = 120.0

Counts = Counter[str]


class _Story:
    """Prints each step in one line with the time it took."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @contextmanager
    def step(self, words: str) -> Iterator[list[str]]:
        """Announce a step; what the block appends is printed behind it."""
        began = time.monotonic()
        click.echo(f"[{began - self._began:5.1f} 秒] {words} … ", nl=False)
        said: list[str] = []
        yield said
        click.echo(f"{' '.join(said)}（{time.monotonic() - began:.1f} 秒）")


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("build/demo"), show_default=True)
@click.option("--seed", type=int, default=2026, show_default=True, help="Seed of the sample workbooks.")
@click.option("--year", is_flag=True, help="Close the twelve months of the sample year instead of its two plain months; takes minutes.")
def demo(*, out: Path, seed: int, year: bool) -> None:
    """Run the sample district: workbooks, connectors, Kafka, views, closes, reports; then stop everything."""
    with plain_errors():
        out = out.absolute()
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        settings = Settings()
        quiet = settings.log.model_copy(update={"terminal": "CRITICAL"})
        if not run(settings.model_copy(update={"data_dir": out / "hub", "log": quiet}), out, seed, year=year):
            raise click.ClickException("报告数字与样例台账不一致，见上表")


def run(settings: Settings, out: Path, seed: int, *, year: bool) -> bool:
    """Run the whole story in *out*; return whether every figure equals the sample's own ledger."""
    story = _Story()
    samples = out / "samples"
    with story.step("生成各单位样例工作簿") as said:
        script = settings.district / "samples" / "generate.py"
        command = [sys.executable, str(script), str(samples), "--seed", str(seed), *(["--year"] if year else [])]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 — the district's own generator
        said.append(f"{len(list(samples.glob('*/*/*.xlsx')))} 个文件")
    ledger = json.loads((samples / "ledger.json").read_text(encoding="utf-8"))
    # A sample that needs other settings of the district brings them along.
    own = samples / "district"
    hub = Hub.load(settings.model_copy(update={"district": own}) if own.is_dir() else settings)
    logs.configure(hub.settings, "demo")
    with _servers(hub, story) as servers:
        with story.step("建库、建主题，启动 Faust 处理进程和回执发布"):
            hub.prepare_store(servers.database_url)
            make_topics(hub, servers.bootstrap_servers)
        with _processes(hub, servers):
            months = _months(hub, servers, story, samples, ledger)
            reports = {month: _report(hub, servers, story, month, out) for month in months}
    return _summary(ledger, reports)


@contextmanager
def _servers(hub: Hub, story: _Story) -> Iterator[Servers]:
    with story.step("启动 Apache Kafka 与 PostgreSQL（首次运行需下载）") as said:
        opened = running(hub.settings)
        servers = opened.__enter__()
        said.append(f"Kafka {servers.bootstrap_servers}")
    try:
        yield servers
    finally:
        with story.step("停止所启动的服务"):
            opened.__exit__(None, None, None)


@contextmanager
def _processes(hub: Hub, servers: Servers) -> Iterator[None]:
    """Workers and relay, supervised as in operation, for as long as the block runs."""
    stop = threading.Event()
    wanted = [child for child in children(hub, servers, free_ports=True, terminal="CRITICAL") if child.name != "console"]
    supervising = threading.Thread(target=Supervisor(wanted).run, args=(stop,), name="supervisor")
    supervising.start()
    try:
        yield
    finally:
        stop.set()
        supervising.join()


def _months(hub: Hub, servers: Servers, story: _Story, samples: Path, ledger: Mapping[str, Any]) -> list[str]:
    """Let the bureaus publish step by step, and close each month when its workbooks are in."""
    closed = []
    for step in ledger["steps"]:
        with story.step(f"{step}：各单位经连接器报送") as said:
            counts = _publish(hub, servers, samples, step)
            said.append(
                f"{counts['files']} 个文件、{counts['published']} 条事件，退回 {counts['returned']} 行；"
                f"回执：接收 {counts['accepted']}、退回 {counts['rejected']}、重复 {counts['duplicate']}"
            )
        if step in ledger["as_of"]:
            with story.step(f"{step}：结账") as said:
                as_of = date.fromisoformat(ledger["as_of"][step])
                result = close_month(hub, servers, step, as_of=as_of, timeout_seconds=CLOSE_SECONDS)
                said.append(f"{sum(result.counts.values())} 行、{len(result.report.figures)} 个数字")
            closed.append(step)
    return closed


def _publish(hub: Hub, servers: Servers, samples: Path, step: str) -> Counts:
    spool = hub.settings.data_folder / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    work = [
        (hub.settings.district / "connectors", inbox, spool / f"{inbox.name}.sqlite", hub.connector_kafka(servers.bootstrap_servers, inbox.name))
        for inbox in sorted((samples / step).iterdir(), key=_size, reverse=True)
    ]
    total: Counts = Counter()
    # The largest begin first. Threads, not processes: starting those costs more than two months of workbooks.
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for counts in pool.map(_connector, *zip(*work, strict=True)):
            total.update(counts)
    return total


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _connector(folder: Path, inbox: Path, state: Path, kafka: KafkaSettings) -> Counts:
    """Run one bureau's connector over its drop folder, as ``hub connect run --once`` does."""
    mapping = mappings.of_bureau(folder, inbox.name).model_copy(update={"inbox": inbox, "state": state})
    counts: Counts = Counter()
    with Publisher(kafka, mapping.district, mapping.bureau, state) as publisher:
        before = publisher.wait_for_receipts(0)
        results, outcomes = DropFolder(mapping, publisher).turn(receipts_seconds=RECEIPT_SECONDS)
    for result in results:
        counts.update(files=1, published=result.published, returned=result.returned)
    for name in ("accepted", "rejected", "duplicate"):
        counts[name] = getattr(outcomes, name) - getattr(before, name)
    return counts


def _report(hub: Hub, servers: Servers, story: _Story, month: str, out: Path) -> Artefacts:
    with story.step(f"{month}：生成专报") as said:
        files = write_report(hub, servers.database_url, month, out / month)
        # The console of the demo's own data folder offers them too.
        shutil.copytree(out / month, hub.reports_folder / month)
        said.append("report.docx、annex.xlsx、report.json")
    return files


def _summary(ledger: Mapping[str, Any], reports: Mapping[str, Artefacts]) -> bool:
    """Compare every figure with the sample's ledger, print the table and the paths; return whether all agree."""
    lines = []
    differing = []
    for month, files in reports.items():
        figures = json.loads(files.json.read_text(encoding="utf-8"))["figures"]
        expected = ledger["closed"][month]
        wrong = [name for name in expected if name in figures and not _same(figures[name], expected[name])]
        differing += [(month, name, str(expected[name]), str(figures[name]["value"])) for name in wrong]
        shared = sum(name in figures for name in expected)
        lines.append((month, str(len(figures)), f"{shared - len(wrong)}/{shared}", *_headline(figures)))
    headings = ("月份", "数字", "与样例台账一致", "设备项目", "总投资（亿元）", "以旧换新补贴（万元）", "资金支付率（%）")
    output.table("小结", headings, lines)
    for line in differing:
        click.echo("不一致：" + " ".join(line), err=True)
    for files in reports.values():
        for path in (files.docx, files.xlsx, files.json):
            click.echo(str(path))
    return not differing


STORED_PLACES = 4
"""The most places of what is stored; more come of a division."""


def _same(figure: Mapping[str, Any], expected: Any) -> bool:
    value = figure["value"]
    if value is not None and _numeric(str(expected)) and (figure["unit"] == "%" or len(value.partition(".")[2]) > STORED_PLACES):
        # The ledger says rates and other quotients to two places; the figure is exact.
        return rounded(Decimal(value), 2) == rounded(Decimal(str(expected)), 2)
    if value is None or expected is None or (isinstance(expected, str) and not _numeric(expected)):
        shown: str = figure["absent"] if value is None else value
        return (expected is None and value is None) or shown == expected
    return Decimal(value) == Decimal(str(expected))


def _numeric(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()


def _headline(figures: Mapping[str, Mapping[str, Any]]) -> tuple[str, str, str, str]:
    def shown(name: str, scale: int = 0) -> str:
        value = figures.get(name, {}).get("value")
        return "—" if value is None else f"{Decimal(rounded(Decimal(value).scaleb(-scale), 2)):,}".removesuffix(".00")

    return (
        shown("equipment.合计.projects"), shown("equipment.合计.total_investment", 8), shown("tradein.合计.subsidy", 4),
        shown("funds.合计.pay_rate"),
    )  # fmt: skip
