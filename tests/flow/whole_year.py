"""``make year``: the long form of the story. The demo closes the sample year and compares its figures; then every list and report is looked at.

python -m tests.flow.whole_year [--out build/year] [--kept]
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from exchange_hub.cli import reading
from exchange_hub.processes.compose import Hub
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.render.docx_body import BODY_PAGES_MAX, fitting_density, pages
from exchange_hub.reports.render.docx_report import BODY_CHARACTERS_MAX, body_characters
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.servers import Servers, running
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.lists import LISTS


def wrong(hub: Hub, servers: Servers, out: Path) -> Iterator[str]:
    """Yield what does not hold of the year that the demo left in *out*."""
    ledger = json.loads((out / "samples" / "ledger.json").read_text(encoding="utf-8"))
    with reading.snapshot_of(hub, servers.database_url) as at:
        for view in LISTS:
            rows = sum(1 for _ in at.rows(view.name))
            print(f"{view.name:20} {rows:6} rows")
            if not rows:
                yield f"{view.name} is empty"
        yield from (f"{line.topic}: {line.difference} events without an outcome" for line in at.balance() if line.difference)
    for month in ledger["as_of"]:
        report = snapshot.load(engine_of(servers.database_url), month)
        size = pages(report, fitting_density(report)), body_characters(report)
        print(f"{month}: {size[0]} pages, {size[1]} characters")
        if size[0] > BODY_PAGES_MAX or size[1] > BODY_CHARACTERS_MAX:
            yield f"the body of {month} is too long"


def main() -> int:
    """Run the year, or look at the one that is kept; return how many things do not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/year"))
    parser.add_argument("--kept", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out.absolute()
    if not arguments.kept:
        subprocess.run([sys.executable, "-m", "exchange_hub", "demo", "--year", "--out", str(out)], check=True)
    hub = Hub.load(Settings(district=out / "samples" / "district", data_dir=out / "hub"))
    with running(hub.settings) as servers:
        found = list(wrong(hub, servers, out))
    print("\n".join(found) or "all of it holds")
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
