"""What clerks and their programs do to a sound sheet: the table of all bends; one that is met more often stands twice."""

from tests.workbooks import bends_of_habits as habits
from tests.workbooks import bends_of_keys as keys
from tests.workbooks import bends_of_layout as layout
from tests.workbooks import bends_of_values as values
from tests.workbooks.untouched import Bend

BENDS: tuple[Bend, ...] = (
    values.unit_in_headings, values.unknown_unit_in_headings, values.unit_in_title, values.unknown_unit_in_title, values.unit_in_a_line_below, values.unit_in_a_note, values.unit_beside_each_row, values.heading_of_other_figures, values.unit_in_one_cell, values.unit_in_a_format, values.other_unit_on_the_next_page, values.dressed_number, values.unclear_number, values.unclear_number, values.count_with_words, values.count_in_a_format, values.quantity_with_words, values.percent_of_an_indicator, values.heading_names_a_quantity, values.error_cell, values.formula, values.stray_boolean_or_date,
    keys.date_as_text, keys.month_in_title, keys.month_in_title, keys.month_without_year, keys.decimal_key, keys.two_titles_two_months, keys.other_period, keys.zeros_by_format, keys.unseen_in_a_key, keys.two_keys_in_a_cell, keys.twice_the_same, keys.other_facts_of_the_same,
    layout.merged_number, layout.merged_across, layout.merged_text, layout.hidden_sheet, layout.hidden_twin_column, layout.doubled_heading, layout.hidden_rows, layout.struck_out, layout.note_between, layout.signatures, layout.blanks, layout.numbered_blanks, layout.page_break, layout.column_numbers, layout.total, layout.second_table, layout.headings_again_elsewhere, layout.untidy_headings, layout.more_titles, layout.group_above, layout.moved_right, layout.far_away, layout.from_1904, layout.odd_name, layout.renamed_sheet,
    habits.ditto, habits.pending_number, habits.row_set_aside, habits.remark_of_void, habits.quoted_key, habits.marked_key, habits.corrected_by_comment, habits.white_on_white, habits.copied_sheet,
)  # fmt: skip
