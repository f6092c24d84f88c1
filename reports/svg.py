"""From a Figure to SVG that stands inside the page: its text is text, its colours are the page's."""

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from markupsafe import Markup

from reports.canvas import drawing
from reports.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def inline_svg(figure: "Figure", name: str) -> Markup:
    """Return the figure as one ``<svg>`` element, hidden from screen readers (the caption speaks).

    The same figure gives the same bytes. Ids start with ``name``, so that several pictures can
    share a page. matplotlib escapes the text it writes; a test holds it to that.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with drawing():
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": name})
        figure.savefig(buffer, format="svg", transparent=True, metadata=NO_METADATA)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # matplotlib's own <style> would reach every element of the page
    text = re.sub(r"<!--.*?-->|<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = _in_tags(text, _own_ids(text, name))
    text = _in_tags(text, _page_style)
    return Markup(_opening(text) + text[text.index(">") + 1 :].strip())  # noqa: S704  a drawing, not input


def _in_tags(text: str, change: Callable[[str], str]) -> str:
    """Change tags alone: a source may be called ``#0b5f6b`` and keeps its name."""
    return re.sub(r"<[^>]*>", lambda tag: change(tag[0]), text)


def _page_style(tag: str) -> str:
    tag = re.sub(r"font-family: [^;\"]*;?\s*", "", tag)
    for color, value in LIGHT.items():
        tag = tag.replace(value, f"var(--{color})")
    return tag


def _opening(text: str) -> str:
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    if box is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    width, height = (float(side) for side in box.groups())
    return f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" aria-hidden="true" focusable="false">'


def _own_ids(text: str, name: str) -> Callable[[str], str]:
    """Drop ids that nothing points to, and put the picture's name before the others."""
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))

    def rename(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    def change(tag: str) -> str:
        tag = re.sub(r'\sid="([^"]+)"', rename, tag)
        tag = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", tag)
        return re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{name}-\1"', tag)

    return change
