"""The table of the synthetic evaluation: its bars, and the text a person reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SETTINGS = ("three_views", "three_views_uncalibrated", "front_only")
GROUPS = ("in_basis", "off_basis")
METHODS = ("mean_head", "landmarks", "fit")

Cell = Mapping[str, Any]

# Geometry from outside the head's basis may be this much worse.
OFF_BASIS_FACTOR = 1.5


@dataclass(frozen=True)
class Bar:
    """One row of the table: what is shown, and the bound that a cell is held to.

    `distance` says how far a cell is from perfect (0); `bound` gives its limit with three
    views and with the front view only.
    """

    title: str
    show: Callable[[Cell], str]
    distance: Callable[[Cell], float | None]
    bound: tuple[float, float]
    bound_text: tuple[str, str]

    def passed(self, cell: Cell, setting: str, group: str) -> bool | None:
        """Whether the cell keeps the bar; None where it has no figure or there is no bar."""
        if setting == "three_views_uncalibrated":
            return None
        distance = self.distance(cell)
        factor = OFF_BASIS_FACTOR if group == "off_basis" else 1.0
        limit = self.bound[SETTINGS.index(setting) // 2] * factor
        # The bars are stated to two digits: a float's last bit must not fail one.
        return None if distance is None else distance <= limit + 1e-9


def _number(key: str, digits: int = 2) -> Callable[[Cell], str]:
    return lambda cell: "–" if cell[key] is None else f"{cell[key]:.{digits}f}"


def _percent(key: str) -> Callable[[Cell], str]:
    return lambda cell: "–" if cell[key] is None else f"{100 * cell[key]:.0f} %"


def _size(key: str) -> Callable[[Cell], float | None]:
    return lambda cell: None if cell[key] is None else abs(float(cell[key]))


def _shortfall(key: str) -> Callable[[Cell], float | None]:
    return lambda cell: None if cell[key] is None else 1.0 - float(cell[key])


def _slope_error(cell: Cell) -> float | None:
    slope = cell["commissure_slope"]
    return None if slope is None else abs(float(slope) - 1.0)


def _coverage_error(cell: Cell) -> float | None:
    """Share missed; intervals that cover more than 99 % are too wide to pass at all."""
    coverage = cell["coverage_95"]
    if coverage is None:
        return None
    return 1.0 - float(coverage) if coverage <= 0.99 else float("inf")


def _width_ratio(cell: Cell) -> float | None:
    width, mae = cell["interval_width_mm"], cell["interval_mae_mm"]
    return float(width) / float(mae) if width is not None and mae else None


def _show_width(cell: Cell) -> str:
    ratio = _width_ratio(cell)
    width = cell["interval_width_mm"]
    return "–" if ratio is None else f"{width:.2f} mm, {ratio:.1f} × MAE"


BARS: tuple[Bar, ...] = (
    Bar("face vertices, mean mm", _number("mean_mm"), _size("mean_mm"), (1.5, 2.5),
        ("≤ 1.5", "≤ 2.5")),
    Bar("face vertices < 2 mm", _percent("under_2mm"), _shortfall("under_2mm"), (0.25, 0.45),
        ("≥ 75 %", "≥ 55 %")),
    Bar("movement at peak, mean mm", _number("movement_mm"), _size("movement_mm"), (1.0, 1.6),
        ("≤ 1.0", "≤ 1.6")),
    Bar("commissure bias, mm", _number("commissure_bias_mm"), _size("commissure_bias_mm"),
        (0.4, 0.8), ("≤ 0.4", "≤ 0.8")),
    Bar("commissure MAE, mm", _number("commissure_mae_mm"), _size("commissure_mae_mm"),
        (0.8, 1.5), ("≤ 0.8", "≤ 1.5")),
    Bar("commissure slope", _number("commissure_slope"), _slope_error, (0.07, 0.15),
        ("0.93-1.07", "0.85-1.15")),
    Bar("lid gap at closure, MAE mm", _number("lid_gap_mae_mm"), _size("lid_gap_mae_mm"),
        (0.7, 1.0), ("≤ 0.7", "≤ 1.0")),
    Bar("weaker side right", _percent("side_right"), _shortfall("side_right"), (0.02, 0.05),
        ("≥ 98 %", "≥ 95 %")),
    Bar("95 % intervals that cover", _percent("coverage_95"), _coverage_error, (0.15, 0.15),
        ("85-99 %", "85-99 %")),
    Bar("interval width, median", _show_width, _width_ratio, (4.0, 4.0),
        ("≤ 4 × MAE", "≤ 4 × MAE")),
    Bar("rise time 10-90 %, error", _percent("rise_time_error"), _size("rise_time_error"),
        (0.10, 0.15), ("≤ 10 %", "≤ 15 %")),
    Bar("rest jitter, SD mm", _number("rest_jitter_mm"), _size("rest_jitter_mm"), (0.15, 0.25),
        ("≤ 0.15", "≤ 0.25")),
)  # fmt: skip

TITLES = {
    "three_views": "Three views, calibrated",
    "three_views_uncalibrated": "Three views, not calibrated (no bars)",
    "front_only": "Front view only",
    "in_basis": "in basis",
    "off_basis": "off basis",
    "mean_head": "mean head",
    "landmarks": "landmarks",
    "fit": "fit",
}


def failed_bars(report: Mapping[str, Any]) -> list[str]:
    """The bars that the fit does not keep, in words; empty when all hold."""
    return [
        f"{TITLES[setting]}, {TITLES[group]}: {bar.title} {bar.show(cell)}"
        for setting in SETTINGS
        for group in GROUPS
        if (cell := report[setting][group]["fit"])["n"]
        for bar in BARS
        if bar.passed(cell, setting, group) is False
    ]


def markdown(report: Mapping[str, Any]) -> str:
    """The report as Markdown: one table a setting, methods by group, ✓ and ✗ against the bars."""
    return "\n\n".join(_setting_table(report[setting], setting) for setting in SETTINGS)


def _setting_table(cells: Mapping[str, Any], setting: str) -> str:
    columns = [(group, method) for group in GROUPS for method in METHODS]
    heads = [f"{TITLES[method]}, {TITLES[group]}" for group, method in columns]
    lines = [
        f"**{TITLES[setting]}**",
        "",
        "| | bar | " + " | ".join(heads) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for bar in BARS:
        barred = setting != "three_views_uncalibrated"
        text = bar.bound_text[SETTINGS.index(setting) // 2] if barred else ""
        shown = []
        for group, method in columns:
            cell = cells[group][method]
            mark = {True: " ✓", False: " ✗", None: ""}[bar.passed(cell, setting, group)]
            shown.append(bar.show(cell) + (mark if method == "fit" else ""))
        lines.append(f"| {bar.title} | {text} | " + " | ".join(shown) + " |")
    shape = _number("shape_mm")
    lines.append(
        "| face vertices aligned on the whole face, mean mm | | "
        + " | ".join(shape(cells[group][method]) for group, method in columns)
        + " |"
    )
    counts = [
        f"{cell['n']} / {cell['rejected']} / {cell['undetermined']}"
        for cell in (cells[group][method] for group, method in columns)
    ]
    lines.append("| takes / rejected / undetermined | | " + " | ".join(counts) + " |")
    return "\n".join(lines)
