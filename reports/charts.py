"""Charts as options of the chart library: data, axes and tips, with colours by their names on the page.

Each datum carries its ``tip``, in words already, so that no script has to know a language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.facts import Interval

Option = dict[str, Any]
GRID: Option = {"left": 8, "right": 16, "top": 28, "bottom": 8, "containLabel": True}
DOT = 9  # pixels across


@dataclass(frozen=True)
class Bar:
    """One bar: its name, how long it is, what it says when asked, and whether it stands out."""

    name: str
    value: float
    tip: str
    tone: str = "--accent"


@dataclass(frozen=True)
class Dot:
    """One dot: where it stands, what it says, how large it is; with its interval along the vertical, if any."""

    x: float
    y: float
    tip: str
    tone: str = "--accent"
    size: float = DOT
    name: str = ""
    between: Interval | None = None


def bars(items: Sequence[Bar], *, percent: bool = False, name: str = "") -> Option:
    """Return horizontal bars, the first on top."""
    return {
        "grid": GRID,
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value", "name": name, "nameLocation": "end", **_labels(percent=percent)},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [one.name for one in items],
            "axisLabel": {"width": 150, "overflow": "truncate"},
        },
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 18,
                "data": [
                    {"value": one.value, "tip": one.tip, "itemStyle": {"color": one.tone}}
                    for one in items
                ],
            }
        ],
    }


def bars_height(count: int) -> int:
    """Return the height of so many bars, in pixels."""
    return 60 + 30 * max(1, count)


def dots(
    items: Sequence[Dot],
    *,
    x: str,
    y: str,
    percent_x: bool = False,
    percent_y: bool = False,
    log_x: bool = False,
    line: float | None = None,
) -> Option:
    """Return dots with their intervals; ``line`` is drawn across at that height."""
    furthest = max((one.x for one in items), default=0.0)
    series: list[Option] = [
        {
            "type": "scatter",
            "z": 3,
            "data": [
                {
                    "value": [one.x, one.y],
                    "tip": one.tip,
                    "name": one.name,
                    "symbolSize": one.size,
                    "itemStyle": {"color": one.tone, "opacity": 0.85},
                    # a name at the right edge would be cut
                    "label": {"position": "left" if one.x > 0.6 * furthest else "right"},
                }
                for one in items
            ],
            "label": {
                "show": any(one.name for one in items),
                "formatter": "{b}",
                "color": "--muted",
                "fontSize": 12,
            },
            "labelLayout": {"hideOverlap": True},
            **_line(line),
        }
    ]
    if any(one.between for one in items):
        series.append(
            {
                "type": "custom",
                "renderItem": "interval",
                "silent": True,
                "encode": {"x": 0, "y": [1, 2]},
                "data": [
                    {
                        "value": [one.x, one.between.low, one.between.high],
                        "itemStyle": {"color": one.tone},
                    }
                    for one in items
                    if one.between
                ],
            }
        )
    return {
        "grid": {**GRID, "top": 36, "bottom": 28},
        "tooltip": {"trigger": "item"},
        "xAxis": {
            "type": "log" if log_x else "value",
            "name": x,
            "nameLocation": "middle",
            "nameGap": 30,
            "splitLine": {"show": False},
            **_labels(percent=percent_x),
        },
        "yAxis": {"type": "value", "name": y, "nameLocation": "end", **_labels(percent=percent_y)},
        "series": series,
    }


def trend(
    names: Sequence[str],
    items: Sequence[Dot],
    *,
    y: str,
    percent: bool = False,
    line: float | None = None,
) -> Option:
    """Return a line over named periods; ``x`` of a dot is the place of its period."""
    option = dots(items, x="", y=y, percent_y=percent, line=line)
    option["xAxis"] = {"type": "category", "data": list(names), "axisLabel": {"hideOverlap": True}}
    data = option["series"][0]["data"]
    option["series"].append(
        {
            "type": "line",
            "silent": True,
            "symbol": "none",
            "data": [one["value"] for one in data],
            "lineStyle": {"color": "--accent", "width": 1.5, "opacity": 0.6},
        }
    )
    return option


def swarm(
    names: Sequence[str], groups: Sequence[Sequence[tuple[float, float | None]]], *, x: str
) -> Option:
    """Return leads as points, one row for each name: where they push the score, coloured by low or high value.

    A group's points are ``(contribution, value from 0 to 1)``, None for no value. Points of a row are spread
    by a fixed pattern, so that the same facts give the same picture.
    """
    data: list[Option] = []
    for row, points in enumerate(groups):
        for place, (push, value) in enumerate(points):
            spread = ((place * 0.6180339887) % 1 - 0.5) * 0.62
            tone = "--muted" if value is None else "--warm" if value >= 0.5 else "--accent"
            data.append({"value": [push, row + spread], "itemStyle": {"color": tone}})
    labels = {"formatter": "", "show": False}
    return {
        "grid": {**GRID, "left": 8, "bottom": 28},
        "tooltip": {"show": False},
        "xAxis": {"type": "value", "name": x, "nameLocation": "middle", "nameGap": 30},
        "yAxis": [
            {
                "type": "category",
                "inverse": True,
                "data": list(names),
                "axisLabel": {"width": 170, "overflow": "truncate"},
            },
            {
                "type": "value",
                "inverse": True,
                "min": -0.5,
                "max": len(names) - 0.5,
                "axisLabel": labels,
                "splitLine": {"show": False},
            },
        ],
        "series": [
            {
                "type": "scatter",
                "yAxisIndex": 1,
                "symbolSize": 4,
                "itemStyle": {"opacity": 0.55},
                "data": data,
                "silent": True,
                **_across(0.0),
            }
        ],
    }


def _labels(*, percent: bool) -> Option:
    return {"axisLabel": {"percent": 0}} if percent else {}


def _line(height: float | None) -> Option:
    if height is None:
        return {}
    return {"markLine": {**_MARK, "data": [{"yAxis": height}]}}


def _across(place: float) -> Option:
    return {"markLine": {**_MARK, "data": [{"xAxis": place}]}}


_MARK: Option = {
    "silent": True,
    "symbol": "none",
    "label": {"show": False},
    "lineStyle": {"color": "--muted", "type": "dashed"},
}
