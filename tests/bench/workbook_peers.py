"""What pandas and frictionless read of the workbooks in ``tests/workbooks/cases.tsv``: the runnable columns of ``connectors/PEERS.md``.

Runs in an environment of its own, which needs nothing of the hub: ``pip install pandas openpyxl xlrd odfpy "frictionless[excel,ods]"``,
then ``python tests/bench/workbook_peers.py``. Prints, file by file, sheets with their first rows, or how the program stopped.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "workbooks"
ROWS_SHOWN = 8


def by_pandas(path: Path) -> Iterator[str]:
    """Yield what Airbyte's file source would be handed: all sheets of a workbook, a text by the defaults."""
    import pandas as pd

    read = {"text": pd.read_csv(path)} if path.suffix == ".csv" else pd.read_excel(path, sheet_name=None)
    for name, frame in read.items():
        yield f"{name} {frame.shape}"
        yield from ("  " + " | ".join(map(str, row)) for row in frame.astype(object).to_numpy().tolist()[:ROWS_SHOWN])


def by_frictionless(path: Path) -> Iterator[str]:
    """Yield what frictionless validates and reads."""
    from frictionless import Resource, system

    with system.use_context(trusted=True):
        report = Resource(path=str(path)).validate()
        kinds = sorted({error.type for task in report.tasks for error in task.errors})
        yield f"valid {report.valid}, {', '.join(kinds)}"
        for row in Resource(path=str(path)).read_rows()[:ROWS_SHOWN]:
            yield "  " + " | ".join(map(str, row.values()))


def main() -> int:
    """Print what each program makes of each file."""
    warnings.simplefilter("ignore")
    print(", ".join(f"{name} {version(name)}" for name in ("pandas", "openpyxl", "xlrd", "odfpy", "frictionless")))
    readers: tuple[Callable[[Path], Iterator[str]], ...] = (by_pandas, by_frictionless)
    for line in (FOLDER / "cases.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, _, what, _ = line.split("\t")
        print(f"\n{name}: {what}")
        for reader in readers:
            try:
                for said in reader(FOLDER / name):
                    print(f"  {reader.__name__.removeprefix('by_')}: {said}")
            except Exception as error:  # noqa: BLE001 - how a program stops is what is asked
                print(f"  {reader.__name__.removeprefix('by_')}: stops, {type(error).__name__}: {str(error)[:160]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
