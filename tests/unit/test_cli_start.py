"""A command loads what it uses: what it loads besides would be most of the time that its user waits."""

import subprocess
import sys

import pytest

#: What no command that shows rows of a list uses: clients of Kafka, writers of files, reports, folding and decoding of events.
UNUSED_BY_A_LIST = (
    "kafka", "aiokafka", "xlsxwriter", "prometheus_client", "alembic", "rich", "fastavro", "matplotlib", "docx", "fastapi",
    "exchange_contracts.codec", "exchange_contracts.events", "exchange_hub.reports", "exchange_hub.programme.figures",
    "exchange_hub.views.store.prepared", "exchange_hub.views.store.commit",
)  # fmt: skip


def _loaded(code: str) -> set[str]:
    run = subprocess.run([sys.executable, "-c", f"import sys; {code}; print(*sys.modules, file=sys.stderr)"], capture_output=True, text=True, check=True)
    return {*run.stderr.split()}


@pytest.mark.parametrize("command", ["lists", "suggestions", "checks"])
def test_a_command_that_shows_rows_loads_what_it_uses(command: str) -> None:
    """Rows of a list are shown without reports, figures, folds and decoders, and without a client of Kafka."""
    assert _loaded(f"import exchange_hub.cli.{command}") & {*UNUSED_BY_A_LIST} == set()


def test_rows_are_written_to_a_pipe_without_what_draws_tables() -> None:
    """JSON and CSV of rows need neither what draws for a terminal nor a renderer of reports."""
    column = "from exchange_hub.views.lists.model import Column; from exchange_hub.cli import output"
    for form in ("json", "csv"):
        shown = f"output.show('', [dict(row_key='a', n=1)], [Column('n', 'N')], {form!r}, None)"
        assert _loaded(f"{column}; {shown}") & {"rich", "exchange_hub.reports", "xlsxwriter"} == set()


def test_the_help_loads_no_command() -> None:
    """`hub --help` loads its table of commands and the library of commands, and nothing else of the hub."""
    loaded = _loaded("from exchange_hub.cli import main; main(['--help'], standalone_mode=False)")
    assert {name for name in loaded if name.startswith(("exchange_", "pydantic", "sqlalchemy", "psycopg", "asyncio"))} == {"exchange_hub", "exchange_hub.cli"}


def test_the_whole_hub_is_started_without_the_library_of_pages() -> None:
    """Everything waits for `hub up` to make store and topics: it loads neither what serves pages nor reports."""
    unused = {"fastapi", "jinja2", "aiokafka", "faust", "exchange_hub.reports", "exchange_hub.console.gate"}
    assert _loaded("import exchange_hub.cli.up") & unused == set()
