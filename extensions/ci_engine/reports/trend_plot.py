"""The history of one benchmark as an SVG plot."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.escaping import html_text
from ci_engine.findings.benchmark_history import ChangePoint, Point, Series
from ci_engine.reports.benchmark_rows import describe_seconds

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 112, 16, 34, 34
_LINES = 3
# The maximum width of a character in a label; phones have the largest ones.
_CHARACTER, _GAP = 14, 6


def to_plot(series: Series) -> str:
    """A line through the times on the latest processor, with marked changes."""
    plot = _Plot(series)
    label = f"{series.name}: {len(series.points)} runs, {describe_changes(series)}"
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}"'
    parts = [*plot.grid(), *plot.changes(), plot.line(), *plot.dots()]
    return (
        f'<svg class="plot" role="img" aria-label="{html_text(label)}" {size}>'
        f"{''.join(parts)}</svg>"
    )


def describe_changes(series: Series) -> str:
    """How often and by how much its time changed permanently."""
    if not series.changes:
        return "no lasting change"
    return ", ".join(
        f"{describe_change(change)} since {series.points[change.position].commit[:12]}"
        for change in series.changes
    )


def describe_change(change: ChangePoint) -> str:
    """By how much a time changed."""
    return f"{change.ratio - 1:+.0%}"


class _Plot:
    """The coordinates of the plot."""

    def __init__(self, series: Series) -> None:
        self.series = series
        times = [point.seconds for point in series.points]
        spread = (max(times) - min(times)) or max(times) * 0.1
        self.low = max(0.0, min(times) - spread * 0.15)
        self.high = max(times) + spread * 0.15

    def x(self, position: int) -> float:
        """The horizontal position of a run."""
        last = len(self.series.points) - 1
        share = position / last if last else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, seconds: float) -> float:
        """The vertical position of a time."""
        share = (seconds - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def grid(self) -> Iterator[str]:
        """The labels of times, and the dates of the first and the last commit."""
        for number in range(_LINES):
            seconds = self.low + (self.high - self.low) * number / (_LINES - 1)
            y = self.y(seconds)
            yield (
                f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" '
                f'y1="{y:.1f}" y2="{y:.1f}"></line>'
                f'<text text-anchor="end" x="{_LEFT - 8}" y="{y + 5:.1f}">'
                f"{describe_seconds(seconds)}</text>"
            )
        points = self.series.points
        ends = [("start", _LEFT, points[0]), ("end", _WIDTH - _RIGHT, points[-1])]
        for anchor, x, point in ends[len(points) == 1 :]:
            yield (
                f'<text text-anchor="{anchor}" x="{x}" y="{_HEIGHT - 8}">'
                f"{html_text(point.date[:10])}</text>"
            )

    def changes(self) -> Iterator[str]:
        """A line before the first run with a changed time.

        If there is no room for all percentages, the latest ones are shown.
        """
        taken: list[tuple[float, float]] = []
        for change in reversed(self.series.changes):
            x = self.x(change.position) - (self.x(1) - self.x(0)) / 2
            kind = "slower" if change.ratio > 1 else "faster"
            text = describe_change(change)
            yield (
                f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 18}" '
                f'y2="{_HEIGHT - _BOTTOM}"><title>{text}</title></line>'
            )
            anchor = "end" if x > _WIDTH * 0.8 else "start"
            width = len(text) * _CHARACTER + _GAP
            left = x - width if anchor == "end" else x
            if all(left + width < first or last < left for first, last in taken):
                taken.append((left, left + width))
                shift = -_GAP if anchor == "end" else _GAP
                yield (
                    f'<text class="{kind}" text-anchor="{anchor}" '
                    f'x="{x + shift:.1f}" y="{_TOP - 6}">{text}</text>'
                )

    def line(self) -> str:
        """The times that are comparable with the last one."""
        corners = [
            f"{self.x(n):.1f},{self.y(self.series.points[n].seconds):.1f}"
            for n in self.series.comparable
        ]
        return f'<polyline class="times" points="{" ".join(corners)}"></polyline>'

    def dots(self) -> Iterator[str]:
        """One dot per run; those of other processors are hollow."""
        last = self.series.points[-1].cpu
        for position, point in enumerate(self.series.points):
            kind = "time" if point.cpu == last else "time other"
            yield (
                f'<circle class="{kind}" cx="{self.x(position):.1f}" '
                f'cy="{self.y(point.seconds):.1f}" r="4">'
                f"<title>{html_text(_describe(point))}</title></circle>"
            )


def _describe(point: Point) -> str:
    time = describe_seconds(point.seconds)
    return f"{time}, commit {point.commit[:12]} of {point.date[:10]}, {point.cpu}"
