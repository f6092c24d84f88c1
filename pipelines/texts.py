"""The report's sentences as a gettext catalogue, for translation."""

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import UsageError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

KEYWORDS: dict[str, tuple[int, ...] | None] = {"say": None, "text": None, "many": (1, 2)}
ROOMS = ("reports", "pipelines")


def write_texts(language: str, path: Path) -> None:
    """Write the catalogue of a language; translations that the file has already stay in it.

    Raises:
        UsageError: there is no such language, or the file is no catalogue.
    """
    from babel import Locale, UnknownLocaleError
    from babel.messages.pofile import PoFileError, read_po, write_po

    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        raise UsageError(
            f"there is no language {language!r}; expected for example de, fr or es_MX"
        ) from None
    template = collected()
    if path.exists():
        try:
            with path.open("rb") as file:
                catalogue = read_po(file, locale=locale, abort_invalid=True)
        except (PoFileError, ValueError) as error:
            raise UsageError(f"{path} is no gettext catalogue: {error}") from None
        catalogue.update(template)
    else:
        catalogue = template
        catalogue.locale = locale
    buffer = BytesIO()
    write_po(buffer, catalogue, width=120, sort_output=True)
    path.write_bytes(buffer.getvalue())
    left = sum(not (one.string and any(one.string)) for one in catalogue if one.id)
    sys.stdout.write(
        f"{path}: {len(catalogue)} texts, {left} still to be translated. Keep the {{names in braces}} as they are. "
        f"Then say in the project file: report: {{language: {language}, texts: {path.name}}}\n"
    )


def collected() -> "Catalog":
    """Return every sentence of the report, and of what is told of it, English as its own key."""
    from importlib.resources import files

    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir

    catalogue = Catalog(project="leadgauge", charset="utf-8")
    methods = [("**.py", "python"), ("**/templates/**.j2", "jinja2")]
    for room in ROOMS:
        for name, line, message, _, _ in extract_from_dir(
            Path(str(files(room))), methods, keywords=KEYWORDS, strip_comment_tags=True
        ):
            if message and message != "":
                catalogue.add(message, locations=[(f"{room}/{name}", line)])
    return catalogue
