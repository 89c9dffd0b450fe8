"""Cells of a cube are found by one value of a dimension, and are those that a look at every cell finds."""

from hypothesis import given
from hypothesis import strategies as st

from exchange_hub.programme.cells import Cell, Cells, Cube

VALUES = st.sampled_from(["a", "b", None])
CUBE = Cube("some", "trade-in", {}, ("category", "kind", "month"))
SELECTIONS = st.dictionaries(
    st.sampled_from(["category", "kind", "month", "category!=", "month!="]), st.one_of(VALUES, st.lists(VALUES, min_size=1, max_size=2).map(tuple)), max_size=4
)


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), unique=True, max_size=20), SELECTIONS)
def test_a_selection_is_every_cell_that_meets_it_in_order(places: list[tuple[str | None, ...]], selection: dict[str, object]) -> None:
    """Whichever conditions a figure names, its cells are those that meet all of them, in the order of the cube."""
    cells = Cells(CUBE, tuple(Cell(at, number, ()) for number, at in enumerate(places)))
    wanted = {key: value if isinstance(value, tuple) else (value,) for key, value in selection.items()}

    def meets(cell: Cell) -> bool:
        at = dict(zip(CUBE.by, cell.at, strict=True))
        return all((at[key.removesuffix("!=")] in values) != key.endswith("!=") for key, values in wanted.items())

    assert list(cells.selected(selection)) == [cell for cell in cells.cells if meets(cell)]
    # Asked again, what was worked out once serves.
    assert list(cells.selected(selection)) == [cell for cell in cells.cells if meets(cell)]
