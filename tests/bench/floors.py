"""What is asked of the figures: floors and aims, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.measure import Measurement

Found = Mapping[str, Measurement]


@dataclass(frozen=True, slots=True)
class Floor:
    """A figure that is compared with a floor and an aim.

    Attributes:
        words: what is compared.
        needs: entries that it is worked out from.
        figure: found → figure.
        floor: the floor.
        aim: the aim, the floor itself where there is none.
        most: true where the figure must not be above the floor.
    """

    words: str
    needs: tuple[str, ...]
    figure: Callable[[Found], float]
    floor: float
    aim: float
    most: bool = False


def _ratio(one: str, other: str) -> Callable[[Found], float]:
    return lambda found: found[one].per_second / found[other].per_second


def _cost(one: str, other: str) -> Callable[[Found], float]:
    return lambda found: 100 * (1 - found[one].per_second / found[other].per_second)


def _per_two_million(name: str) -> Callable[[Found], float]:
    return lambda found: found[name].seconds * 2_000_000 / found[name].events


def _per_rows(name: str) -> Callable[[Found], float]:
    return lambda found: found[name].seconds * 100_000 / found[name].events


def _times(one: str, other: str) -> Callable[[Found], float]:
    return lambda found: found[one].seconds / found[other].seconds


def _growth(found: Found) -> float:
    peaks = list(found["memory"].more["peak_rss_mb"].values())
    return float(peaks[-1] / peaks[0])


def _beside(peer: str, floor: float, aim: float, more: str = "") -> tuple[Floor, Floor]:
    """One worker and two beside a peer; *more* is said of the peer."""
    return (
        Floor(f"views_durable ÷ {peer}{more}", ("views_durable", peer), _ratio("views_durable", peer), floor, aim),
        Floor(f"views_durable, 2 workers ÷ {peer}{more}", ("views_durable_2", peer), _ratio("views_durable_2", peer), floor, aim),
    )


FLOORS: tuple[Floor, ...] = (
    *_beside("peer_quix_pg", 0.9, 1, " (the same job at least once)"),
    Floor("what exactly-once costs beside it, % of its pace (no floor)", ("views_durable", "peer_quix_pg"), _cost("views_durable", "peer_quix_pg"), 0, 0),
    Floor("what exactly-once costs Quix, % of its pace (no floor)", ("peer_quix_pg_once", "peer_quix_pg"), _cost("peer_quix_pg_once", "peer_quix_pg"), 0, 0),
    *_beside("peer_quix", 0.7, 2),
    *_beside("peer_quix_sums", 0.7, 2, " (which keeps no facts and makes no rows)"),
    *_beside("peer_faust_table", 5, 10),
    Floor("views_durable ÷ peer_kafka_streams (no floor; it keeps no facts and makes no rows)", ("views_durable", "peer_kafka_streams"), _ratio("views_durable", "peer_kafka_streams"), 0, 0),
    Floor("views_durable with 2 workers ÷ 1 (no floor)", ("views_durable_2", "views_durable"), _ratio("views_durable_2", "views_durable"), 0, 0),
    Floor("views_fold_only ÷ decode_only", ("views_fold_only", "decode_only"), _ratio("views_fold_only", "decode_only"), 0.6, 0.6),
    Floor("views_fold_only ÷ decode_fastavro", ("views_fold_only", "decode_fastavro"), _ratio("views_fold_only", "decode_fastavro"), 0.6, 0.6),
    Floor("publish_sdk ÷ publish_bare", ("publish_sdk", "publish_bare"), _ratio("publish_sdk", "publish_bare"), 0.8, 0.8),
    Floor("connect_check ÷ connect_calamine, seconds (no floor)", ("connect_check", "connect_calamine"), _times("connect_check", "connect_calamine"), 0, 0),
    Floor("connect_check of 100,000 rows, s (in proportion)", ("connect_check",), _per_rows("connect_check"), 12, 12, most=True),
    Floor("connect_check_empty, s", ("connect_check_empty",), lambda found: found["connect_check_empty"].seconds, 5, 5, most=True),
    Floor("connect_run of 100,000 rows to all receipts, s (in proportion)", ("connect_run",), _per_rows("connect_run"), 45, 45, most=True),
    Floor("connect_run_changed, one cell of 100,000 rows, s (in proportion)", ("connect_run_changed",), _per_rows("connect_run_changed"), 15, 15, most=True),
    Floor("connect_run_same, s", ("connect_run_same",), lambda found: found["connect_run_same"].seconds, 1, 1, most=True),
    Floor("freshness p99, ms", ("freshness",), lambda found: float(found["freshness"].more["p99_ms"]), 500, 200, most=True),
    Floor("rebuild of 2 M, s (in proportion)", ("rebuild",), _per_two_million("rebuild"), 120, 60, most=True),
    Floor("close_and_report, s", ("close_and_report",), lambda found: found["close_and_report"].seconds, 20, 5, most=True),
    *(
        Floor(f"console: {name}, ms", ("console",), lambda found, name=name: float(found["console"].more[name]["ms"]), bound, bound, most=True)  # type: ignore[misc]
        for name, bound in (("overview", 150), ("findings", 200), ("metrics", 50), ("last page", 200), ("rare search", 200))
    ),
    Floor("memory: peak after all ÷ after an eighth", ("memory",), _growth, 1.25, 1.1, most=True),
    Floor("cost per event: largest deviation with the store's size", ("scaling",), lambda found: float(found["scaling"].more["largest_deviation"]), 0.25, 0.1, most=True),
)  # fmt: skip


def said(floor: Floor, found: Found) -> str | None:
    """Say whether a floor is met, or nothing where its entries were not run."""
    if any(name not in found for name in floor.needs):
        return None
    figure = floor.figure(found)
    if not floor.floor:
        return f"{floor.words:72} {figure:8.2f}"
    met, reached = (figure <= floor.floor, figure <= floor.aim) if floor.most else (figure >= floor.floor, figure >= floor.aim)
    sign = "≤" if floor.most else "≥"
    words = "floor met" if met else "floor not met"
    return f"{floor.words:72} {figure:8.2f}  {words} ({sign} {floor.floor:g}){', aim reached' if met and reached else f', aim {sign} {floor.aim:g}'}"
