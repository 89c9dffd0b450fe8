"""``hub list``: what the list views show, row by row or summed by a column."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from exchange_hub.cli import output, reading
from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import plain_errors, serving
from exchange_hub.cli.rebuild import other_stamp, views_as_of
from exchange_hub.programme.definitions import TOTAL
from exchange_hub.programme.list_figures import EXITED
from exchange_hub.reports.closed import cuts, snapshot
from exchange_hub.reports.queries import Queries
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views import values
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import Selection
from exchange_hub.views.rebuild import AS_OF


def condition(view: ListView, entries: tuple[str, ...]) -> dict[str, tuple[object, ...]]:
    """Read ``column=value`` arguments as the columns are typed (money in yuan); several for one column mean any of them, an empty value means empty."""
    found: dict[str, list[object]] = {}
    for entry in entries:
        name, equals, text = entry.partition("=")
        if not equals:
            raise click.UsageError(f"--where needs column=value, not {entry!r}")
        column = Column(name, name) if name in ("row_key", "component") else _columns(view, name)[0]
        try:
            found.setdefault(name, []).append(values.stored(column, text) if text else None)
        except values.ValueTextError as error:
            raise click.UsageError(f"--where {entry}: {error}") from error
    return {name: tuple(several) for name, several in found.items()}


@click.command("list")
@click.argument("name", required=False)
@click.option("--where", "where", multiple=True, metavar="COLUMN=VALUE", help="只看这一列为此值的行（金额以元计）；可重复给出。")
@click.option("--month", type=reading.MONTH, metavar="YYYY-MM", help="只看这个月的行（用于分月的清单）。")
@click.option("--as-of", "cut_name", metavar="MONTH[/N]", help="某月结账时留存的清单，或该月第 N 次重述时的清单。")
@click.option("--columns", metavar="A,B|all", help="要显示的列；缺省：终端上为放得下的主要列，否则为全部。")
@click.option("--by", "by", metavar="COLUMN", help="按这一列汇总：每个值一行，列出行数及金额、数量的合计。")
@click.option("--limit", type=click.IntRange(1), help="最多显示的行数。")
@click.option("--format", "form", type=click.Choice(output.FORMATS), help="格式；缺省：终端上为表格，否则为 json。")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入这个文件。")
def list_(
    *, name: str | None, where: tuple[str, ...], month: str | None, cut_name: str | None, columns: str | None, by: str | None,
    limit: int | None, form: str | None, out: Path | None,
) -> None:  # fmt: skip
    """查看一张清单；不写名称时列出全部清单。"""
    with plain_errors():
        if name is None:
            rows = [(view.name, view.title) for view in BY_NAME.values()]
            output.table("清单", ["名称", "标题"], rows)
            return
        hub = Hub.load()
        with serving(hub, "reader" if cut_name is None else None) as url, _standing(hub, url, cut_name) as at:
            view = at.view(name)
            chosen = _columns(view, columns)
            if by is not None:
                _columns(view, by)
            wanted = condition(view, (*where, f"month={month}") if month else where)
            found = at.rows(name, Selection(wanted), limit=None if by else limit)
        names = {bureau.code: bureau.name for bureau in hub.district.bureaus}
        if by is not None:
            summed, sums = grouped(view, found, by, by_month=by == "month" or "month" in wanted)
            exited = sum(row.get("admin_state") == EXITED for row in found)
            if exited:
                click.echo(f"含已退出的 {exited} 行，专报不计；--where admin_state=正常 可只看其余。", err=True)
            output.show(f"{view.title}，按{chosen_title(view, by)}", sums, summed, form, out, layout=output.Layout(names=names))
            return
        brief = tuple(column.name for column in chosen) if columns else view.brief
        output.show(view.title, found, chosen, form, out, layout=output.Layout(brief, columns == "all", names))


@contextmanager
def _standing(hub: Hub, url: str, cut_name: str | None) -> Iterator[Queries]:
    """Open the lists as they stand now, or at a stored cut.

    What a close kept is read as it was kept, by the entries of its time; the lists as of a restatement are folded anew from the event log.
    """
    if cut_name is None:
        with reading.snapshot_of(hub, url) as at:
            yield at
        return
    with engine_of(url).connect() as asking:
        cut = cuts.stored(asking, cut_name)
        closed = snapshot.lists_closed(snapshot.stored(asking, cut.month))
    click.echo(f"截至 {cut.title}（考核日 {cut.as_of}）", err=True)
    if not cut.seq:
        with reading.snapshot_of(hub, url, closed.schema, {view.name: view for view in closed.views}, cut.month[:4]) as at:
            yield at
        return
    if other_stamp(hub, cut) is not None:
        click.echo("截点之后程序或基础数据有变动：以下按现行口径重算，可能与当时所见不同。", err=True)
    with views_as_of(hub, url, cut), reading.snapshot_of(hub, url, AS_OF, year=cut.month[:4]) as at:
        yield at


def chosen_title(view: ListView, name: str) -> str:
    """Return the heading of a column."""
    return next(column.title for column in view.columns if column.name == name)


def _columns(view: ListView, asked: str | None) -> tuple[Column, ...]:
    """Return the columns asked for by name, in that order; all of them where none is named."""
    if asked in (None, "all"):
        return view.columns
    known = {column.name: column for column in view.columns}
    wanted = [name.strip() for name in str(asked).split(",") if name.strip()]
    missing = [name for name in wanted if name not in known]
    if missing or not wanted:
        raise click.UsageError(f"{view.name} has no column {', '.join(missing) or asked!r}; it has {', '.join(known)}")
    return tuple(known[name] for name in wanted)


def grouped(
    view: ListView, rows: Sequence[Mapping[str, Any]], by: str, *, by_month: bool
) -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    """Return columns and lines of sums: one line per value of a column, with the number of rows.

    Details and summaries of the same thing reconcile and never add: a list that has both is split by 粒度. What no row
    of a line states stays absent and is not zero. Cumulative amounts are summed within one month only.

    Args:
        view: the list.
        rows: its rows, money in fen.
        by: column to group by.
        by_month: whether each line holds rows of one month.
    """
    known = {column.name: column for column in view.columns}
    mixed = "granularity" in known and by != "granularity" and len({row["granularity"] for row in rows}) > 1
    keys = (by, "granularity") if mixed else (by,)
    summed = [
        column
        for column in view.columns
        if column.type in ("money", "count") and column.name not in keys and not column.year and (by_month or not column.cumulative)
    ]
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(_group(known[key], row[key]) for key in keys), []).append(row)
    lines = []
    for group in sorted(groups):
        stated = {
            column.name: [row[column.name] for row in groups[group] if row[column.name] is not None] for column in summed
        }
        sums = {name: sum(filled) if filled else None for name, filled in stated.items()}
        line = dict(zip(keys, group, strict=True))
        lines.append(line | {"row_count": len(groups[group])} | sums | {"row_key": "|".join(group), "bureaus": []})
    if len(lines) > 1 and not mixed:
        stated = {column.name: [line[column.name] for line in lines if line[column.name] is not None] for column in summed}
        total = {name: sum(filled) if filled else None for name, filled in stated.items()}
        lines.append({by: TOTAL, "row_count": len(rows)} | total | {"row_key": TOTAL, "bureaus": []})
    head = tuple(replace(known[key], type="text", unit="", title=values.exact_heading(known[key])) for key in keys)
    return (*head, Column("row_count", "行数", "count"), *summed), lines


def _group(column: Column, raw: Any) -> str:
    """Return the words of a value that names a group, amounts in yuan; codes stay codes."""
    if raw is None:
        return "（未填）"
    told = values.plain(column, raw)
    if isinstance(told, dict):
        return "；".join(f"{key}：{amount}" for key, amount in told.items())
    if isinstance(told, list):
        return "、".join(map(str, told))
    return ("是" if told else "否") if isinstance(told, bool) else str(told)
