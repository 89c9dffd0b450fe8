"""``hub list``: what the list views show, row by row or summed by a column."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from exchange_hub.cli import output, reading
from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.runtime.terminal import visible
from exchange_hub.views import values
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import Selection
from exchange_hub.views.queries.reading import ListQueries

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def condition(view: ListView, entries: tuple[str, ...]) -> dict[str, tuple[object, ...]]:
    """Read ``column=value`` arguments as the columns are typed (money in yuan); several for one column mean any of them, an empty value means empty."""
    found: dict[str, list[object]] = {}
    for entry in entries:
        name, equals, text = entry.partition("=")
        if not equals:
            raise click.UsageError(f"--where 应写作 列名=值，而不是“{visible(entry)}”")
        column = Column(name, name) if name in ("row_key", "component") else _columns(view, name)[0]
        try:
            found.setdefault(name, []).append(values.stored(column, text) if text else None)
        except values.ValueTextError as error:
            raise click.UsageError(f"--where {visible(entry)}：{error}") from error
    return {name: tuple(several) for name, several in found.items()}


@click.command("list")
@click.argument("name", required=False)
@click.option("--where", "where", multiple=True, metavar="COLUMN=VALUE", help="只看这一列为此值的行（金额以元计）；可重复给出。")
@click.option("--month", type=reading.MONTH, metavar="YYYY-MM", help="只看这个月的行（用于分月的清单）。")
@click.option("--as-of", "as_of", multiple=True, metavar="DATE|MONTH[/N]", help="截至某日（YYYY-MM-DD）的清单；或某月结账时留存的、该月第 N 次调整时的清单。两者可同时给出：那次结账时所知的、截至某日的清单。")
@click.option("--columns", metavar="A,B|all", help="要显示的列；缺省：终端上为放得下的主要列，否则为全部。")
@click.option("--by", "by", metavar="COLUMN", help="按这一列汇总：每个值一行，列出行数及金额、数量的合计。")
@click.option("--limit", type=click.IntRange(1), help="最多显示的行数。")
@click.option("--format", "form", type=click.Choice(output.FORMATS), help="格式；缺省：终端上为表格，否则为 json。")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入这个文件。")
def list_(
    *, name: str | None, where: tuple[str, ...], month: str | None, as_of: tuple[str, ...], columns: str | None, by: str | None,
    limit: int | None, form: str | None, out: Path | None,
) -> None:  # fmt: skip
    """查看一张清单；不写名称时列出全部清单。"""
    with plain_errors():
        if name is None:
            rows = [(view.name, view.title) for view in BY_NAME.values()]
            output.table("清单", ["名称", "标题"], rows)
            return
        hub = Hub.load()
        cut_name, day = standing_of(as_of)
        with serving(hub, "reader" if cut_name is None else None) as url, _standing(hub, url, cut_name, day) as at:
            view = at.view(name)
            chosen = _columns(view, columns)
            wanted = condition(view, (*where, f"month={month}") if month else where)
            by_month = by == "month" or "month" in wanted
            if by is not None:
                from exchange_hub.views import summing

                _columns(view, by)
                found = at.sums(name, summing.keys_of(view, by), [column.name for column in summing.summed(view, by, by_month=by_month)], Selection(wanted))
            else:
                found = at.rows(name, Selection(wanted), limit=limit)
        names = {bureau.code: bureau.name for bureau in hub.district.bureaus}
        if by is not None:
            from exchange_hub.programme.list_figures import EXITED
            from exchange_hub.views import summing

            summed, sums = summing.grouped(view, found, by, by_month=by_month)
            exited = sum(int(str(row["row_count"])) for row in found if row.get("admin_state") == EXITED)
            if exited:
                click.echo(f"含已退出的 {exited} 行，专报不计；--where admin_state=正常 可只看其余。", err=True)
            output.show(f"{view.title}，按{chosen_title(view, by)}", sums, summed, form, out, layout=output.Layout(names=names))
            return
        brief = tuple(column.name for column in chosen) if columns else view.brief
        output.show(view.title, found, chosen, form, out, layout=output.Layout(brief, columns == "all", names))


def standing_of(asked: Sequence[str]) -> tuple[str | None, date | None]:
    """Read what ``--as-of`` names: a stored cut, a date, or one of each."""
    days = [text for text in asked if _DAY.fullmatch(text)]
    names = [text for text in asked if text not in days]
    if len(days) > 1 or len(names) > 1:
        raise click.UsageError("--as-of 至多给出一个日期和一个月份")
    try:
        return next(iter(names), None), date.fromisoformat(days[0]) if days else None
    except ValueError as error:
        raise click.UsageError(f"“{visible(days[0])}”不是日期；应写作 2026-10-31 的形式") from error


@contextmanager
def _standing(hub: Hub, url: str, cut_name: str | None, day: date | None) -> Iterator[ListQueries]:
    """Open the lists as they stand now, as of a date, at a stored cut, or as of a date by what was known at a cut.

    What a close kept is read as it was kept, by the entries of its time; all else at a cut is folded anew from the event log.
    """
    if cut_name is None:
        if day is not None:
            click.echo(f"截至 {day}（业务日期在此之后的不计）", err=True)
        with reading.snapshot_of(hub, url) if day is None else reading.dated_snapshot(hub, url, day) as at:
            yield at
        return
    from exchange_hub.cli.rebuild import other_stamp, views_as_of
    from exchange_hub.reports.closed import cuts, snapshot
    from exchange_hub.runtime.migrating import engine_of
    from exchange_hub.views.rebuild import AS_OF

    with engine_of(url).connect() as asking:
        cut = cuts.stored(asking, cut_name)
        closed = snapshot.lists_closed(snapshot.stored(asking, cut.month))
    as_closed = not cut.seq and day in (None, cut.as_of)
    cut = replace(cut, as_of=day, dated=True) if day is not None else cut
    click.echo(f"截至 {cut.title}（考核日 {cut.as_of}）", err=True)
    if as_closed:
        with reading.snapshot_of(hub, url, closed.schema, {view.name: view for view in closed.views}, cut.month[:4]) as at:
            yield at
        return
    if other_stamp(hub, cut) is not None:
        click.echo("截点之后程序或基础数据有变动：以下按现行口径重算，可能与当时所见不同。", err=True)
    with views_as_of(hub, url, cut), reading.snapshot_of(hub, url, AS_OF, year=f"{cut.as_of:%Y}") as at:
        yield at


def chosen_title(view: ListView, name: str) -> str:
    """Return the heading of a column."""
    return view.column(name).title


def _columns(view: ListView, asked: str | None) -> tuple[Column, ...]:
    """Return the columns asked for by name, in that order; all of them where none is named."""
    if asked in (None, "all"):
        return view.columns
    known = {column.name: column for column in (*view.columns, *view.derived)}
    wanted = [name.strip() for name in str(asked).split(",") if name.strip()]
    missing = [name for name in wanted if name not in known]
    if missing or not wanted:
        raise click.UsageError(f"“{view.title}”没有列“{visible('、'.join(missing) or str(asked))}”；已有：{'、'.join(known)}")
    return tuple(known[name] for name in wanted)
