"""Speed side by side, in one run, on one data set: ``python -m tests.bench.run [--events N] [--only a,b] [--repeat 3]``.

Prints a table and the floors, and writes ``build/bench.json``. Pairs that are compared run in turn, so that what else
happens on the machine falls on both; of the repeated ones the median counts. Timings are never a test: the exit code
is 0 unless an entry fails or results differ.
"""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import settle_interpreter
from exchange_hub.runtime.settings import Settings
from tests.bench import connecting, console, growth, monthly, ours, peers, publishing
from tests.bench.floors import FLOORS, said
from tests.bench.measure import Measurement, load
from tests.bench.stage import SAMPLE, DataSet, Stage, stage

SLICES = 4
#: In memory nothing is given back: more would measure the machine's memory, not the fold.
MEMORY_EVENTS_MAX = 400_000
#: The slowest peers are stopped after so many; their pace does not change.
FAUST_EVENTS_MAX = 100_000

ENTRIES = (
    "decode_only", "decode_fastavro", "views_fold_only", "raw_consumer", "views_durable", "views_durable_2", "peer_quix_pg",
    "peer_quix_pg_once", "peer_quix", "peer_quix_sums", "peer_kafka_streams", "peer_faust_table", "rebuild", "console", "close_and_report", "publish_sdk", "publish_bare",
    "connect_calamine", "connect_check", "connect_check_empty", "connect_run", "connect_run_changed", "connect_run_same", "freshness", "memory", "scaling",
)  # fmt: skip

#: Entries that read the published set.
_ON_TOPICS = set(ENTRIES[ENTRIES.index("raw_consumer") : ENTRIES.index("close_and_report") + 1])
#: What entries do whose names do not say it.
LEGEND = {
    "connect_*": "a workbook of 14 columns, rows as events; calamine reads its cells and nothing else; run: up to the hub's receipts for all rows",
    "peer_quix_pg": "decode, the hub's fold of each entity, rows into PostgreSQL by Quix's sink at least once; no checks, log, receipts or joins of bureaus",
    "peer_quix_pg_once": "the same with Quix's exactly-once of state and offsets",
    "peer_quix, peer_faust_table": "decode, the hub's fold of each entity, rows and sums; no checks, log, receipts or joins of bureaus",
    "peer_quix_sums, peer_kafka_streams": "decode, latest revision per register, sums; no facts kept, no rows made",
}


def main(arguments: list[str] | None = None, figures: dict[str, ours.Figures] | None = None) -> int:
    """Run what was asked for; *figures* of an earlier run on the same set serve the comparison where views are not run again."""
    asked = _parser().parse_args(arguments)
    only = set(asked.only.split(",")) if asked.only else set(ENTRIES)
    if unknown := only - set(ENTRIES):
        print(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(ENTRIES)}", file=sys.stderr)
        return 2
    bench = Bench(asked, only, {} if figures is None else figures)
    with stage(asked.folder.absolute()) as servers:
        for step in bench.steps(servers):
            bench.attempt(step)
            bench.write()
    bench.compare()
    bench.table()
    return 1 if bench.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000, help="events of the data set")
    parser.add_argument("--only", help="entries, comma-separated")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each compared entry; the median counts")
    parser.add_argument("--growth", type=int, default=4_000_000, help="events in the store at the end of scaling and memory")
    parser.add_argument("--growth-repeat", type=int, default=5, help="measured parts at each size of the store")
    parser.add_argument("--growth-sizes", type=int, default=4, help="sizes of the store in scaling, each half of the next")
    parser.add_argument("--growth-part", type=int, default=growth.PART, help="events of a measured part")
    parser.add_argument("--faust-events", type=int, default=FAUST_EVENTS_MAX, help="events for peer_faust_table, at most")
    parser.add_argument("--rows", type=int, default=1_000_000, help="list rows for close_and_report, at most")
    parser.add_argument("--seconds", type=int, default=60, help="length of freshness")
    parser.add_argument("--pace", type=int, default=1000, help="events per second in freshness")
    parser.add_argument("--publish", type=int, default=100_000, help="events for publish_sdk and publish_bare")
    parser.add_argument("--workbook-rows", type=int, default=100_000, help="rows of the connect entries' workbook")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="servers' data and published sets, kept for the next run")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    return parser


class Bench:
    """What was asked for and what was found."""

    def __init__(self, asked: argparse.Namespace, only: set[str], figures: dict[str, ours.Figures]) -> None:
        self.asked = asked
        self.only = only
        self.found: dict[str, list[Measurement]] = {}
        self.skipped: dict[str, str] = {}
        self.figures = figures
        self.failures: list[str] = []
        self.data = DataSet(f"bench{asked.events}", asked.events // SLICES, SLICES)

    def steps(self, servers: Stage) -> Iterator[Callable[[], None]]:
        """Yield what is to be done, in order."""
        asked, data = self.asked, self.data
        if self.only & {"decode_only", "decode_fastavro", "views_fold_only"}:
            yield from [self._in_memory] * asked.repeat
        if self.only & _ON_TOPICS:
            yield lambda: self._publish(servers)
        if "raw_consumer" in self.only:
            yield lambda: self._note(peers.raw_consumer(servers, data))  # also warms the broker's caches
        for turn in range(asked.repeat):
            yield from self._turn(servers, last=turn == asked.repeat - 1)
        if self.only & {"publish_sdk", "publish_bare"}:
            yield lambda: self._note(*publishing.publish(servers, asked.publish, asked.repeat))
        if wanted := self.only & set(connecting.ENTRIES):
            yield lambda: self._note(*connecting.connect(servers, asked.workbook_rows, wanted))
        if "freshness" in self.only:
            yield lambda: self._note(publishing.freshness(servers, asked.pace, asked.seconds))
        if "scaling" in self.only:
            yield lambda: self._note(growth.scaling(servers, asked.growth, asked.growth_repeat, asked.growth_part, asked.growth_sizes))
        if "memory" in self.only:
            yield lambda: self._memory(servers)

    def attempt(self, step: Callable[[], None]) -> None:
        """Run a step; one that fails is told of in the end, and the others still run."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 — whatever it is, it is told of and the run goes on
            traceback.print_exc()
            self.failures.append(f"{type(error).__name__}: {error}")

    def _in_memory(self) -> None:
        """Each in a process of its own, so that one's garbage is not another's."""
        events = min(self.data.events, MEMORY_EVENTS_MAX)
        data = replace(self.data, slice_events=events // SLICES)
        for name in ("decode_only", "decode_fastavro", "views_fold_only"):
            if name in self.only:
                with get_context("spawn").Pool(1) as pool:
                    self._note(pool.apply(in_memory, (name, data)))

    def _publish(self, servers: Stage) -> None:
        print(f"publishing {self.data.events:,} events over {len(self.data.topics)} topics (once) …", flush=True)
        print(f"… {servers.provide(self.data):.0f} s", flush=True)

    def _turn(self, servers: Stage, *, last: bool) -> Iterator[Callable[[], None]]:
        """One turn of everything that is compared on the topics."""
        data, events = self.data, self.data.events
        beside = self.only & {"rebuild", "console", "close_and_report"} if last else set()
        if "views_durable" in self.only and not beside:
            yield lambda: self._durable(servers, beside)
        if "views_durable_2" in self.only:
            yield lambda: self._two(servers)
        for name in ("peer_quix_pg", "peer_quix_pg_once", "peer_quix", "peer_quix_sums"):
            if name in self.only:
                yield partial(self._python_peer, servers, name, events)
        if "peer_kafka_streams" in self.only:
            yield lambda: self._peer("peer_kafka_streams", peers.kafka_streams(servers, data, events))
        if "peer_faust_table" in self.only:
            yield lambda: self._python_peer(servers, "peer_faust_table", min(events, self.asked.faust_events))
        if beside:  # after the peers, so that those follow one another closely
            yield lambda: self._durable(servers, beside)

    def _durable(self, servers: Stage, beside: set[str]) -> None:
        with servers.database(self.data.district) as url:
            self._note(ours.views_durable(servers, self.data, url, 1))
            self.figures["views"] = ours.figures_of_views(url)
            if "rebuild" in beside:
                self._note(monthly.rebuild(servers, self.data.district, url))
            if "console" in beside:
                self._note(console.console(servers, self.data.district, url))
            if "close_and_report" in beside:
                self._note(monthly.close_and_report(servers, self.data.district, url, self.asked.rows))

    def _two(self, servers: Stage) -> None:
        with servers.database(self.data.district) as url:
            self._note(ours.views_durable(servers, self.data, url, 2))
            self.figures["views_durable_2"] = ours.figures_of_views(url)

    def _memory(self, servers: Stage) -> None:
        part = self.asked.growth // 8
        data = DataSet(f"benchmemory{self.asked.growth}", part, 8)
        servers.provide(data)
        self._note(growth.memory(servers, data))

    def _python_peer(self, servers: Stage, name: str, events: int) -> None:
        self._peer(name, peers.python(servers, self.data, name, events), whole=events == self.data.events)

    def _peer(self, name: str, answer: tuple[Measurement, ours.Figures] | peers.Skipped, *, whole: bool = True) -> None:
        if isinstance(answer, str):
            self.skipped[name] = answer
            print(f"{name:20} skipped: {answer}", flush=True)
            return
        measured, figures = answer
        self._note(measured)
        if whole:
            self.figures[name] = figures

    def compare(self) -> None:
        """The same events must give the same counts and sums, whoever folds them."""
        views = self.figures.get("views")
        if views is None:
            return
        for name, figures in self.figures.items():
            if figures != views:
                groups = sorted(group for group in views.keys() | figures.keys() if views.get(group) != figures.get(group))
                self.failures.append(f"{name}: results differ from the views' in {groups[:5]}")

    def _note(self, *measured: Measurement) -> None:
        for one in measured:
            if one.name in self.only or one.name in ("views_durable", "publish_bare"):
                self.found.setdefault(one.name, []).append(one)
                print(_line(one), flush=True)

    def medians(self) -> dict[str, Measurement]:
        """Entry → its run of median pace."""
        return {name: sorted(runs, key=lambda run: run.per_second)[len(runs) // 2] for name, runs in self.found.items()}

    def write(self) -> None:
        """Write what there is so far."""
        entries: dict[str, Any] = {}
        for name, measured in self.medians().items():
            entries[name] = measured.as_dict() | {"runs_per_second": [round(run.per_second, 1) for run in self.found[name]]}
        entries |= {name: {"skipped": reason} for name, reason in self.skipped.items()}
        entries["_machine"] = {"cpus": os.cpu_count(), "python": platform.python_version(), "load": round(load(), 2), "at": int(time.time())}
        self.asked.out.parent.mkdir(parents=True, exist_ok=True)
        self.asked.out.write_text(json.dumps(entries, ensure_ascii=False, indent=1))

    def table(self) -> None:
        """Print the table and the floors."""
        medians = self.medians()
        print(f"\n{_HEAD}")
        for name in ENTRIES:
            if name in medians:
                print(_line(medians[name]))
            elif name in self.skipped:
                print(f"{name:20} skipped: {self.skipped[name]}")
        for names, words in LEGEND.items():
            print(f"{names}: {words}")
        print()
        for floor in FLOORS:
            if (words := said(floor, medians)) is not None:
                print(words)
        for failure in self.failures:
            print(f"FAILED {failure}", file=sys.stderr)


_HEAD = f"{'entry':20} {'events':>10} {'seconds':>9} {'events/s':>10} {'MB':>7}  core µs/event (worker + servers), load"


def _line(one: Measurement) -> str:
    per_event = " ".join(f"{who} {used / one.events * 1e6:.1f}" for who, used in one.core_seconds.items() if one.events)
    more = f"  {json.dumps(one.more, ensure_ascii=False)}" if one.more else ""
    return f"{one.name:20} {one.events:>10,} {one.seconds:>9.2f} {one.per_second:>10,.0f} {one.peak_rss_mb:>7.0f}  {per_event}  load {one.load:.1f}{more}"


def in_memory(name: str, data: DataSet) -> Measurement:
    """Run an entry that needs no servers, with the collector set as a worker sets it."""
    settle_interpreter()
    if name == "decode_only":
        return ours.decode_only(data)
    if name == "decode_fastavro":
        return ours.decode_fastavro(data)
    return ours.views_fold_only(data, Hub.load(Settings(district=SAMPLE)).rules())


if __name__ == "__main__":
    sys.exit(main())
