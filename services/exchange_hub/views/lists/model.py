"""What is said of a list view: its columns, where it is shown, how its rows are read — as data that a closed month can keep.

A :class:`ListView` holds no code, so that it can be stored with a month that is closed and read back for ever. How claims
become rows stands beside it in the list's own module, as a :class:`~exchange_hub.views.lists.folding.Kind`.
"""

from dataclasses import dataclass
from typing import Literal, NewType

ListName = NewType("ListName", str)
ColumnType = Literal["text", "money", "count", "quantity", "date", "month", "texts", "flag", "money_map"]


@dataclass(frozen=True, slots=True)
class Column:
    """A typed column of a list view.

    Attributes:
        name: column name in the table and in JSON.
        title: heading that people read.
        type: ``money`` is a whole number of fen; ``count`` a whole number; ``quantity`` a decimal with four places;
            ``month`` is ``YYYY-MM``; ``texts`` a list; ``money_map`` maps a code to fen.
        unit: unit shown with the heading, empty where none applies.
        filter: whether it has few values, so that pages offer them as a drop-down.
        bureau: whether it holds codes of bureaus, which readers see as names.
        names_list: whether it holds names of lists, which readers see as titles.
        code: whether it holds an identifier, which is never broken over lines.
        year: whether its whole number names a year, so that no thousands are set apart and nothing is summed.
        cumulative: whether each month states the amount anew, so that a sum over months would count it several times.
        unsummed: whether a sum over rows means nothing at all: of a stock that several rows of an operator state, of firms that several months count,
            of a ceiling.
        width: width in the workbook in characters; 0 takes the width of its type.
        of_year: for 自年初累计, the column that names its month: in another year than the reader's it is empty.
    """

    name: str
    title: str
    type: ColumnType = "text"
    unit: str = ""
    filter: bool = False
    bureau: bool = False
    names_list: bool = False
    code: bool = False
    year: bool = False
    cumulative: bool = False
    unsummed: bool = False
    width: int = 0
    of_year: str = ""


#: The town of the project that a row names: no column of its table, but one by which its rows are chosen and summed.
TOWN_OF_PROJECT = Column("town", "镇街园区", filter=True)

_FLAGS = frozenset({"filter", "bureau", "names_list", "code", "year", "cumulative", "unsummed"})


_OF_YEAR = "year:"


def columns(text: str) -> tuple[Column, ...]:
    """Read lines of ``name title type [unit] [flag …] [width] [year:column]``, the compact form that list modules are written in.

    >>> columns("total_investment 总投资 money 元")[0].unit
    '元'
    >>> columns("town 镇街园区 text filter 20")[0].width
    20
    """
    result = []
    for line in text.strip().splitlines():
        name, title, type_, *rest = line.split()
        flags = [word for word in rest if word in _FLAGS]
        width = next((int(word) for word in rest if word.isdigit()), 0)
        of_year = next((word.removeprefix(_OF_YEAR) for word in rest if word.startswith(_OF_YEAR)), "")
        unit = next((word for word in rest if word not in _FLAGS and not word.isdigit() and not word.startswith(_OF_YEAR)), "")
        result.append(Column(name, title, type_, unit, width=width, of_year=of_year, **dict.fromkeys(flags, True)))  # type: ignore[arg-type]  # a wrong type has no SQL type and fails at once
    return tuple(result)


@dataclass(frozen=True, slots=True)
class AnnexPlace:
    """Where a list stands among the annexes of the monthly report.

    Attributes:
        title: its title there.
        place: its place in their order.
        paper: whether it is one of the printed annexes; the others stand in the workbook alone.
    """

    title: str
    place: int
    paper: bool = True


@dataclass(frozen=True, slots=True)
class Printed:
    """Which rows of a list are worth printing where not all fit on paper.

    Attributes:
        chosen: how they were chosen, for the note under the table, with ``{n}`` for how many are printed.
        order: SQL order, the most important first; row keys decide between equals.
        where: SQL condition; ``:month`` is the report's month.
    """

    chosen: str
    order: str
    where: str = "true"


@dataclass(frozen=True, slots=True)
class ListView:
    """A list view: its name, heading, table and columns (beside row_key, component and bureaus), and where they are shown.

    Attributes:
        name: name in addresses, commands and duties.
        title: heading that people read.
        table: table in a views schema and in the schema of a closed month.
        columns: its columns, in their order.
        single: whether a component has one row at most, whose key is the component's name.
        brief: columns that people read first, the most important ones in front; empty takes all in their order.
        printed_columns: columns that a printed page has room for; empty takes the first that hold something.
        annex: its place among the annexes, ``None`` where it is none.
        printed: rows worth printing, ``None`` takes the first ones.
        merge_columns: what agrees, beside the component, between a row and the one it became when entities were merged or
            a number came later; ``None`` where rows keep their key.
        of_project: column that names a project by its code or the bureau's own number; the town of its rows is the project's.
        told_apart: columns whose values are different things, such as what was approved and what was paid of it: sums never add over them.
        small_money: whether its amounts are those of single purchases, which 万元 with one place would hide.
    """

    name: ListName
    title: str
    table: str
    columns: tuple[Column, ...]
    single: bool = False
    brief: tuple[str, ...] = ()
    printed_columns: tuple[str, ...] = ()
    annex: AnnexPlace | None = None
    printed: Printed | None = None
    merge_columns: tuple[str, ...] | None = None
    small_money: bool = False
    of_project: str = ""
    told_apart: tuple[str, ...] = ()

    @property
    def derived(self) -> tuple[Column, ...]:
        """Columns by which rows are chosen and summed, though their table does not hold them."""
        return (TOWN_OF_PROJECT,) if self.of_project else ()

    def column(self, name: str) -> Column:
        """Return the column called *name*; raise ``KeyError`` where the list has none."""
        for column in (*self.columns, *self.derived):
            if column.name == name:
                return column
        raise KeyError(f"list {self.name} has no column {name}")

    @property
    def first_columns(self) -> tuple[Column, ...]:
        """The columns that people read first."""
        return tuple(self.column(name) for name in self.brief) if self.brief else self.columns
