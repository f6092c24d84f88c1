"""XLSX and its relatives: one sheet, its first row the header."""

from collections.abc import Iterator
from pathlib import Path

from features.errors import DataError, ProjectError
from features.nearest import hint


def read_sheet(
    key: str, file: Path, sheet: str | None
) -> tuple[list[str], Iterator[tuple[int, list[object]]]]:
    """Return the names of the columns, and the rows with their numbers as the spreadsheet shows them.

    Raises:
        ProjectError: there is no such sheet, or several and none is named.
        DataError: the file is no spreadsheet, has a password, or its sheet is empty.
    """
    from python_calamine import CalamineError, CalamineWorkbook  # only spreadsheets need it

    try:
        book = CalamineWorkbook.from_path(file)
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            raise ProjectError(
                f"{key}.sheet: {file.name} has no sheet {sheet!r}; {hint(sheet, names)}"
            )
        if sheet is None and len(names) > 1:
            raise ProjectError(
                f"{key}.sheet: {file.name} has {len(names)} sheets ({', '.join(names)}); say which"
            )
        found = book.get_sheet_by_name(sheet or names[0])
        cells = found.to_python(skip_empty_area=True)
        first = (found.start or (0, 0))[0] + 1
    except (CalamineError, OSError) as error:
        raise DataError(f"{file}: cannot be read as a spreadsheet: {error}") from None
    if not cells:
        raise DataError(
            f"{file}: the sheet is empty; expected a header with the names of the columns"
        )
    columns = [str(name).strip() or f"column_{number}" for number, name in enumerate(cells[0], 1)]
    rows = (
        (first + number, list[object](row))
        for number, row in enumerate(cells[1:], 1)
        if any(value != "" for value in row)
    )
    return columns, rows
