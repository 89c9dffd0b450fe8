"""The table of metrics and the meters that a process uses."""

import re
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exchange_hub.runtime import metrics
from exchange_hub.runtime.metrics import METRICS, Meters


def samples(meters: Meters) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = meters.exposition().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_metric_of_the_module_stands_in_the_table() -> None:
    """A metric that is defined and not in the table would never be exposed."""
    defined = {value for value in vars(metrics).values() if isinstance(value, metrics.Metric)}
    assert defined == set(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_and_help_follow_prometheus_custom(metric: metrics.Metric) -> None:
    """Names start with hub_, counters alone end in _total, help is a sentence, histograms have buckets in order."""
    assert re.fullmatch(r"hub_[a-z][a-z_]*[a-z]", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.help.endswith(".")
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert bool(metric.buckets) == (metric.kind == "histogram")


def test_names_are_unique() -> None:
    """No two rows of the table share a name."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_two_processes_parts_do_not_share_series() -> None:
    """Meters have a registry of their own, so that embedded parts and tests never disturb each other."""
    first, second = Meters(), Meters()
    first.add(metrics.BATCH_RECORDS)
    assert samples(first)["hub_batch_records_total", ()] == 1
    assert samples(second)["hub_batch_records_total", ()] == 0


def test_events_are_counted_by_bureau_type_and_outcome() -> None:
    """The three labels of an event tell series apart, and amounts add up."""
    meters = Meters()
    meters.add(metrics.EVENTS, 5, bureau="industry", type="ProjectAdded", outcome="accepted")
    meters.add(metrics.EVENTS, 2, bureau="industry", type="ProjectAdded", outcome="accepted")
    meters.add(metrics.EVENTS, 1, bureau="industry", type="ProjectAdded", outcome="rejected")
    found = {
        dict(labels)["outcome"]: value
        for (name, labels), value in samples(meters).items()
        if name == "hub_events_total"
    }
    assert found == {"accepted": 7, "rejected": 1}


def test_replace_forgets_what_is_no_longer_so() -> None:
    """A bureau that has confirmed is not shown as silent any more."""
    meters = Meters()
    meters.replace(metrics.SUBMISSIONS, {("water", "silent"): 2, ("water", "nil"): 0})
    meters.replace(metrics.SUBMISSIONS, {("water", "nil"): 2})
    found = {labels: value for (name, labels), value in samples(meters).items() if name == "hub_submissions"}
    assert found == {(("bureau", "water"), ("state", "nil")): 2}


@pytest.mark.parametrize(
    ("data_records", "outcomes", "difference"),
    [
        (10, {"accepted": 6, "duplicate": 2, "rejected": 1, "held": 1}, 0),
        (10, {"accepted": 6}, 4),
        (5, {"accepted": 6}, -1),
        (0, {}, 0),
    ],
)
def test_balance_is_data_records_minus_the_four_outcomes(
    data_records: int, outcomes: dict[str, int], difference: int
) -> None:
    """The published balance is 0 where nothing was lost or doubled, and is published with its terms."""
    meters = Meters()
    assert meters.balance("t", data_records, outcomes) == difference
    found = samples(meters)
    assert found["hub_topic_balance_difference", (("topic", "t"),)] == difference
    assert found["hub_topic_data_records", (("topic", "t"),)] == data_records
    parts = sum(value for (name, _), value in found.items() if name == "hub_topic_outcomes")
    assert data_records - parts == difference


def test_a_metric_is_used_as_what_it_is() -> None:
    """Setting a counter, adding to a gauge, a wrong label: each is an error at once, not a wrong series later."""
    meters = Meters()
    with pytest.raises(TypeError, match="is a counter"):
        meters.set(metrics.EVENTS, 1, bureau="b", type="t", outcome="accepted")
    with pytest.raises(TypeError, match="is a gauge"):
        meters.add(metrics.RECEIPTS_LAG, 1)
    with pytest.raises(ValueError, match="label"):
        meters.add(metrics.EVENTS, 1, bureau="b")


def test_build_info_names_contracts_and_configuration() -> None:
    """One series with value 1 tells which code, contracts and configuration run."""
    meters = Meters()
    meters.build("0.1.0", "abc", "def")
    meters.build("0.1.0", "abc", "xyz")
    found = [
        dict(labels) for (name, labels), value in samples(meters).items() if name == "hub_build_info" and value == 1
    ]
    assert found == [{"version": "0.1.0", "contracts_digest": "abc", "configuration_digest": "xyz"}]


def test_every_process_serves_its_metrics() -> None:
    """``serve`` answers on a free port of this machine alone."""
    meters = Meters()
    meters.set(metrics.RECEIPTS_LAG, 7)
    port = meters.serve(0)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert b"hub_receipts_relay_lag_seconds 7.0" in answer.read()
