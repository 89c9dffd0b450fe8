"""``hub list`` and ``hub trace``: what the list views show, and what stands behind it."""

from pathlib import Path

import click

from exchange_hub.cli import output
from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import plain_errors, serving
from exchange_hub.views import read
from exchange_hub.views.catalogue import BY_NAME


def condition(entries: tuple[str, ...]) -> dict[str, object]:
    """Read ``column=value`` arguments; several for one column mean any of them, an empty value means empty."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        name, equals, text = entry.partition("=")
        if not equals:
            raise click.UsageError(f"--where needs column=value, not {entry!r}")
        found.setdefault(name, []).append(text)
    return {name: None if values == [""] else tuple(values) for name, values in found.items()}


@click.command("list")
@click.argument("name", required=False)
@click.option("--where", "where", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value; repeatable.")
@click.option("--month", metavar="YYYY-MM", help="Only rows of this month, for lists that have months.")
@click.option("--limit", type=click.IntRange(1), help="Rows at most.")
@click.option("--format", "form", type=click.Choice(output.FORMATS), help="Default: table on a terminal, else json.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def list_(
    *, name: str | None, where: tuple[str, ...], month: str | None, limit: int | None,
    form: str | None, out: Path | None,
) -> None:  # fmt: skip
    """Show a list view; without a NAME, the lists there are."""
    with plain_errors():
        if name is None:
            rows = [(view.name, view.title) for view in BY_NAME.values()]
            output.table("清单", ["名称", "标题"], rows)
            return
        view = read.view_of(name)
        wanted = condition(where)
        if month:
            wanted["month"] = month
        hub = Hub.load()
        with serving(hub) as url, hub.reader(url) as conn:
            found = read.rows(conn, name, wanted, limit=limit)
        output.show(view.title, found, view.columns, form, out)
