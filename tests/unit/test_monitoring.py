"""What operations are given: rules, their tests, dashboards, runbooks and the documentation of every metric."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from exchange_connectors.kit import telemetry
from exchange_hub.cli import COMMANDS
from exchange_hub.runtime.metrics import METRICS
from exchange_hub.runtime.settings import Settings

MONITORING = Path(__file__).parents[2] / "monitoring"
RULES = sorted((MONITORING / "rules").glob("*.yml"))
RULE_TESTS = MONITORING / "rules-tests" / "alerts_test.yml"
DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))
ALERTS = re.findall(r"- alert: (\w+)", (MONITORING / "rules" / "alerts.yml").read_text(encoding="utf-8"))

# Series that every Prometheus client and server has.
COMMON = {"up", "process_resident_memory_bytes"}


def connector_metrics() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name → kind and labels of the connectors' metrics, as a scrape shows them."""
    found = {}
    for collector in vars(telemetry).values():
        for family in collector.describe() if isinstance(collector, Counter | Gauge | Histogram) else ():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = (family.type, tuple(collector._labelnames))
    return found


def known_series() -> dict[str, set[str]]:
    """Series that exist → their labels, the parts of histograms and the recording rules included."""
    kinds = {metric.name: (metric.kind, metric.labels) for metric in METRICS} | connector_metrics()
    series = {name: set(labels) for name, (_, labels) in kinds.items()}
    for name, (kind, labels) in kinds.items():
        if kind == "histogram":
            series |= {f"{name}_{part}": {*labels, "le"} for part in ("bucket", "sum", "count")}
    recorded = re.findall(r"- record: (\S+)", (MONITORING / "rules" / "recording.yml").read_text(encoding="utf-8"))
    return series | {name: set() for name in recorded} | {name: set() for name in COMMON}


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of dashboards and rules, with where it stands."""
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{file.name}: {panel['title']}", target["expr"]
    for file in RULES:
        for found in re.finditer(
            r"expr: (?:>-\n)?(.*?)\n\s*(?:for:|- |$)", file.read_text(encoding="utf-8") + "\n", re.DOTALL
        ):
            yield file.name, found[1]


def names_in(expression: str) -> set[str]:
    """Names of series in an expression."""
    without_text = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:hub|connector|process)[a-z_:0-9]*|\bup\b", without_text))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=MONITORING, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.needs("promtool")
def test_promtool_accepts_the_configuration() -> None:
    """Prometheus would start with this configuration."""
    done = run("promtool", "check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_promtool_accepts_the_rules() -> None:
    """Every rule file parses."""
    done = run("promtool", "check", "rules", *(f"rules/{file.name}" for file in RULES))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_rules_do_what_their_cases_say() -> None:
    """Every case of the rules' own tests holds: fires where it must, silent where it must not."""
    done = run("promtool", "test", "rules", "rules-tests/alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_promtool_accepts_every_expression_of_the_dashboards(tmp_path: Path) -> None:
    """The dashboards' expressions are valid PromQL."""
    given = [expression.replace("$district", ".*") for where, expression in expressions() if ".json" in where]
    rules = [{"record": f"test:{number}", "expr": expression} for number, expression in enumerate(given)]
    file = tmp_path / "dashboards.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}), encoding="utf-8")
    done = run("promtool", "check", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("amtool")
def test_amtool_accepts_the_routes() -> None:
    """Alertmanager would start with this configuration."""
    done = run("amtool", "check-config", "alertmanager.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("amtool")
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("severity=critical", "audience=operators"), "duty-desk"),
        (("severity=warning", "audience=operators"), "duty-desk"),
        (("severity=warning", "audience=coordinators"), "coordination-office"),
    ],
)
def test_alerts_reach_those_who_can_act(labels: tuple[str, ...], receiver: str) -> None:
    """What the coordination office must do goes to it, everything else to the duty desk."""
    done = run("amtool", "config", "routes", "test", "--config.file=alertmanager.yml", *labels)
    assert done.stdout.split() == [receiver]


def test_inhibitions_name_alerts_that_exist() -> None:
    """A renamed alert would leave an inhibition that never applies."""
    text = (MONITORING / "alertmanager.yml").read_text(encoding="utf-8")
    named = {name for found in re.findall(r'alertname=~?"([^"]+)"', text) for name in found.split("|")}
    assert named
    assert named <= set(ALERTS)


def test_every_metric_named_anywhere_exists() -> None:
    """Rules and dashboards ask only for series that a process exposes or a rule records."""
    known = known_series()
    unknown = {(where, name) for where, expression in expressions() for name in names_in(expression) - known.keys()}
    assert unknown == set()


def test_labels_of_rules_and_dashboards_exist() -> None:
    """A condition on a label that the series has not would match nothing, in silence."""
    known = known_series()
    wrong = []
    for where, expression in expressions():
        for name, conditions in re.findall(r"\b((?:hub|connector)[a-z_0-9]*)\{([^}]*)\}", expression):
            labels = set(re.findall(r"(\w+)(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', conditions)))
            wrong += [(where, name, label) for label in labels - known[name] - {"district", "job", "instance"}]
    assert wrong == []


def test_expressions_are_found() -> None:
    """The tests above see every alert, every record and every panel."""
    found = list(expressions())
    rules = sum(file.read_text(encoding="utf-8").count("expr:") for file in RULES)
    assert sum(not where.startswith(("operations.json", "programme.json")) for where, _ in found) == rules
    assert sum(where.startswith("operations.json") for where, _ in found) >= 18


def test_every_alert_has_a_case_a_runbook_and_is_documented() -> None:
    """An alert without a test, a runbook or a line in the README is not finished."""
    cases = set(re.findall(r"alertname: (\w+)", RULE_TESTS.read_text(encoding="utf-8")))
    runbooks = {file.stem for file in (MONITORING / "runbooks").glob("*.md")}
    linked = set(re.findall(r"\(runbooks/(\w+)\.md\)", (MONITORING / "README.md").read_text(encoding="utf-8")))
    rules = (MONITORING / "rules" / "alerts.yml").read_text(encoding="utf-8")
    assert len(ALERTS) == len(set(ALERTS))
    assert set(ALERTS) == cases == runbooks == linked == set(re.findall(r"runbook_url: runbooks/(\w+)\.md", rules))


def test_every_alert_that_can_stay_silent_has_a_case_of_it() -> None:
    """Each case names the labels of what fires exactly, so a series beside it that must not fire is held silent."""
    text = RULE_TESTS.read_text(encoding="utf-8")
    for case in text.split("  - name: ")[1:]:
        assert "exp_labels" in case or "exp_samples" in case, case.splitlines()[0]


@pytest.mark.parametrize("alert", ALERTS)
def test_runbooks_say_meaning_effect_look_do_and_end(alert: str) -> None:
    """Each runbook has the same five parts, none of them empty, and points only to alerts and metrics that exist."""
    text = (MONITORING / "runbooks" / f"{alert}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {alert}\n")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    assert parts[1::2] == ["What it does to users", "Look", "Do", "Over when"]
    assert all(len(part.strip()) > 15 for part in parts[0::2])
    assert set(re.findall(r"\b(?:Hub|Connector)[A-Z]\w+", text)) <= set(ALERTS)
    assert names_in(" ".join(re.findall(r"`([^`\n]+)`", text))) - {"hub", "up"} <= known_series().keys()


def test_commands_named_in_runbooks_exist() -> None:
    """A runbook never sends an operator to a command that is not there."""
    texts = [file.read_text(encoding="utf-8") for file in ((MONITORING / "runbooks").glob("*.md"))]
    named = {name for text in texts for name in re.findall(r"`hub ([a-z]+)", text)}
    assert named
    assert named <= set(COMMANDS)


def test_settings_named_in_runbooks_exist() -> None:
    """A runbook never sends an operator to a setting that is not there."""
    text = "".join(file.read_text(encoding="utf-8") for file in (MONITORING / "runbooks").glob("*.md"))
    names = set(re.findall(r"HUB_[A-Z_]+[A-Z]", text))
    fields = Settings.model_fields
    known = {f"HUB_{name.upper()}" for name in fields}
    for name, field in fields.items():
        inner = getattr(field.annotation, "model_fields", {})
        known |= {f"HUB_{name.upper()}__{key.upper()}" for key in inner}
    assert names <= known


def test_readme_documents_every_metric_as_it_is() -> None:
    """The README's tables have name, type, labels and help of every metric of hub and connectors, and no other."""
    text = (MONITORING / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `((?:hub|connector)_\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$", text, re.MULTILINE)
    documented = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), words) for name, kind, labels, words in rows}
    assert len(rows) == len(documented)
    hub = {metric.name: (metric.kind, metric.labels, metric.help) for metric in METRICS}
    assert {name: row for name, row in documented.items() if name.startswith("hub_")} == hub
    connectors = {name: row[:2] for name, row in documented.items() if name.startswith("connector_")}
    assert connectors == connector_metrics()


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_dashboards_can_be_loaded(file: Path) -> None:
    """Panels have different ids, do not overlap, and use the data source that the reader chose."""
    board = json.loads(file.read_text(encoding="utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all('district=~"$district"' in target["expr"] for target in panel["targets"])


def test_scrape_targets_are_the_default_ports() -> None:
    """The configuration fits `hub up` without a single setting: first worker, relay, console."""
    text = (MONITORING / "prometheus.yml").read_text(encoding="utf-8")
    ports = dict(re.findall(r"job_name: (hub-\w+)\n.*?\n\s+- targets: \[\"127\.0\.0\.1:(\d+)\"\]", text))
    settings = Settings()
    assert ports == {
        "hub-worker": str(settings.metrics.port),
        "hub-relay": str(settings.metrics.port + settings.worker.processes),
        "hub-console": str(settings.metrics.port + settings.worker.processes + 1),
    }
