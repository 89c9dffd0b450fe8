"""What grows with the number of events, and what must not: the worker's memory and the cost of an event."""

import statistics
import time
from dataclasses import replace

from exchange_hub.views.store.setup import connect
from tests.bench.measure import Measurement, load, peak_rss_mb, using
from tests.bench.ours import consuming, views_durable
from tests.bench.stage import DataSet, Stage, end, hub_process, reached

#: Size of a measured part; the parts between are filled without being measured.
PART = 100_000


def scaling(stage: Stage, events: int, repeat: int, part: int = PART, sizes: int = 4) -> Measurement:
    """Measure the cost of *part* events, *repeat* times, with all of *events* in the store, half of them and so on, at so many *sizes*."""
    points = [events >> halved for halved in reversed(range(sizes))]
    data = DataSet(f"benchgrow{events}", part, 0)
    costs: dict[int, list[float]] = {}
    walls: dict[int, list[float]] = {}
    total, seconds, rss = 0, 0.0, 0.0
    with stage.database(data.district) as url:
        for point in points:
            while data.events < point:
                step = min((point - data.events) // part, 5) or 1
                data = replace(data, slices=data.slices + step)
                stage.provide(data)
                views_durable(stage, data, url, 1)
            for _ in range(repeat):
                data = replace(data, slices=data.slices + 1)
                stage.provide(data)
                measured = views_durable(stage, data, url, 1)
                spent = measured.core_seconds["worker"] + measured.core_seconds.get("postgres", 0.0)
                costs.setdefault(point, []).append(spent / measured.events * 1e6)
                walls.setdefault(point, []).append(measured.seconds / measured.events * 1e6)
                total, seconds, rss = total + measured.events, seconds + measured.seconds, max(rss, measured.peak_rss_mb)
    medians = {point: statistics.median(found) for point, found in costs.items()}
    more = {
        "core_us_per_event": {str(point): round(cost, 1) for point, cost in medians.items()},
        "wall_us_per_event": {str(point): round(statistics.median(found), 1) for point, found in walls.items()},
        "largest_deviation": round(max(abs(cost / medians[points[0]] - 1) for cost in medians.values()), 3),
    }
    return Measurement("scaling", total, seconds, rss, 1, {}, load(), more)


def memory(stage: Stage, data: DataSet) -> Measurement:
    """One worker over the whole set: its peak memory after an eighth, a quarter, a half and all of it."""
    points = [data.events // 8, data.events // 4, data.events // 2, data.events]
    total = sum(stage.ends(data).values())
    peaks: dict[int, float] = {}
    with stage.database(data.district) as url:
        worker = hub_process(stage, data.district, url, "worker")
        try:
            with connect(url) as conn:
                begun = consuming(conn, [worker], 1)
                with using(stage.servers, [worker.pid]) as usage:
                    while (passed := reached(conn)[0]) < total:
                        if worker.poll() is not None:
                            raise RuntimeError(f"the worker ended with code {worker.returncode}")
                        for point in points:
                            if passed >= point:
                                peaks.setdefault(point, peak_rss_mb(worker.pid))
                        time.sleep(0.1)
            peaks.setdefault(points[-1], peak_rss_mb(worker.pid))
        finally:
            end([worker])
    more = {"peak_rss_mb": {str(point): round(peak) for point, peak in peaks.items()}}
    return Measurement("memory", total - begun, usage.seconds, max(peaks.values()), 1, usage.cores, load(), more)
