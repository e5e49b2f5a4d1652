"""Charts of the HTML report as inline SVG: matrices and bars of measures, and score histograms."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from dslint.model import Report
from dslint.reporters.style import shortened, visible
from dslint.reporters.wording import number_of, plural

MAX_CHARTS = 24
MAX_BARS = 30
MAX_SIDE = 20
"""Maximum number of rows and columns of a matrix."""
BINS = 20
"""Number of bars in a histogram of scores from 0 to 1."""

_KEYED = re.compile(r"(?P<name>[^\[]+)\[(?P<key>.*)\]", re.DOTALL)
_COUNTED = ("count", "rate", "total")


def charts(report: Report, scores: Mapping[str, list[int]]) -> Iterator[str]:
    """Yield a section with charts of the keyed measures, and of the scores of each rule.

    Keys of the form `a>b`, such as those of confused labels or overlapping splits, make a matrix;
    others make bars. `scores` counts the findings of each rule in BINS bins of equal width.
    """
    sections = [*_measure_charts(report), *_score_charts(scores)]
    if not sections:
        return
    yield '<section>\n<h2>Charts</h2>\n<div class="tables">\n'
    yield from sections[:MAX_CHARTS]
    yield "</div>\n"
    if len(sections) > MAX_CHARTS:
        yield (
            f'<p class="soft">{plural(len(sections) - MAX_CHARTS, "chart")} not shown; '
            "all measures are in the JSON report.</p>\n"
        )
    yield "</section>\n"


def _measure_charts(report: Report) -> Iterator[str]:
    keyed: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for measure, value in report.measures.items():
        match = _KEYED.fullmatch(measure)
        if match and match["name"].rpartition(".")[2] not in _COUNTED:
            keyed[match["name"]][match["key"]] = value
    for name, values in sorted(keyed.items()):
        if all(key.count(">") == 1 for key in values):
            yield _matrix(
                name,
                {
                    (key.partition(">")[0], key.partition(">")[2]): value
                    for key, value in values.items()
                },
            )
        elif len(values) > 1:
            yield _bars(name, values)


def _score_charts(scores: Mapping[str, list[int]]) -> Iterator[str]:
    for rule, counts in sorted(scores.items()):
        if sum(count > 0 for count in counts) > 1:
            yield _histogram(rule, counts)


def _matrix(name: str, values: Mapping[tuple[str, str], float]) -> str:
    weight: defaultdict[str, float] = defaultdict(float)
    for pair, number in values.items():
        for label in pair:
            weight[label] += number
    names = sorted(sorted(weight, key=lambda label: (-weight[label], label))[:MAX_SIDE])
    high = max((values.get((row, column), 0) for row in names for column in names), default=0) or 1
    size, left, top = 34, 150, 90
    shapes = []
    for y, row in enumerate(names):
        shapes.append(
            f'<text x="{left - 6}" y="{top + y * size + 21}" '
            f'text-anchor="end">{_label(row, 20)}</text>'
        )
        for x, column in enumerate(names):
            value = values.get((row, column))
            place = f'x="{left + x * size}" y="{top + y * size}" width="{size}" height="{size}"'
            shown = (
                ""
                if value is None
                else f"<title>{_label(row, 80)} to {_label(column, 80)}: {number_of(value)}</title>"
            )
            shapes.append(
                f'<rect class="cell" {place} '
                f'fill-opacity="{(value or 0) / high * 0.55:.3f}">{shown}</rect>'
            )
            if value:
                shapes.append(
                    f'<text x="{left + x * size + size / 2:g}" y="{top + y * size + 21}" '
                    f'text-anchor="middle">{_short(value)}</text>'
                )
    for x, column in enumerate(names):
        corner = f"{left + x * size + 20} {top - 8}"
        shapes.append(
            f'<text transform="translate({corner}) rotate(-45)">{_label(column, 16)}</text>'
        )
    note = (
        f"{plural(len(weight) - len(names), 'name')} not shown. "
        if len(weight) > len(names)
        else ""
    )
    numbers = [
        (f"{row} to {column}", number_of(value))
        for (row, column), value in sorted(values.items(), key=lambda item: (-item[1], item[0]))
    ]
    return _figure(
        name,
        f"{note}Rows to columns.",
        left + len(names) * size + 70,
        top + len(names) * size + 4,
        shapes,
        numbers,
    )


def _bars(name: str, values: Mapping[str, float]) -> str:
    shown = list(values.items())[:MAX_BARS]
    high = max((abs(value) for _, value in shown), default=0) or 1
    left, width, step = 150, 220, 22
    shapes = []
    for number, (key, value) in enumerate(shown):
        y = number * step
        shapes.append(
            f'<text x="{left - 6}" y="{y + 15}" text-anchor="end">{_label(key, 20)}</text>'
        )
        shapes.append(
            f'<rect class="bar" x="{left}" y="{y + 3}" '
            f'width="{abs(value) / high * width:.1f}" height="15"/>'
        )
        shapes.append(
            f'<text x="{left + abs(value) / high * width + 5:.1f}" '
            f'y="{y + 15}">{number_of(value)}</text>'
        )
    note = (
        f"{plural(len(values) - len(shown), 'bar')} not shown." if len(values) > len(shown) else ""
    )
    return _figure(
        name,
        note,
        left + width + 90,
        len(shown) * step + 4,
        shapes,
        [(key, number_of(value)) for key, value in values.items()],
    )


def _histogram(rule: str, counts: list[int]) -> str:
    high = max(counts)
    width, height = 18, 120
    shapes = [f'<line class="axis" x1="0" y1="{height}" x2="{BINS * width}" y2="{height}"/>']
    numbers = []
    for number, count in enumerate(counts):
        size = count / high * (height - 16)
        span = f"{number / BINS:.2f} to {(number + 1) / BINS:.2f}"
        place = (
            f'x="{number * width + 1}" y="{height - size:.1f}" '
            f'width="{width - 2}" height="{size:.1f}"'
        )
        shapes.append(
            f'<rect class="bar" {place}><title>{span}: {plural(count, "finding")}</title></rect>'
        )
        numbers.append((span, f"{count:,}"))
    shapes += [
        f'<text x="{share * BINS * width:g}" y="{height + 16}" '
        f'text-anchor="{anchor}">{share:g}</text>'
        for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    ]
    return _figure(
        f"{rule}: scores of findings",
        f"The highest bar is {plural(high, 'finding')}.",
        BINS * width,
        height + 22,
        shapes,
        numbers,
    )


def _figure(
    name: str, note: str, width: int, height: int, shapes: list[str], numbers: list[tuple[str, str]]
) -> str:
    title = _label(name, 120)
    rows = "".join(
        f'<tr><td>{_label(key, 200)}</td><td class="number">{value}</td></tr>'
        for key, value in numbers[:MAX_BARS]
    )
    more = (
        f"<p>{plural(len(numbers) - MAX_BARS, 'number')} more in the JSON report.</p>"
        if len(numbers) > MAX_BARS
        else ""
    )
    return (
        f'<figure>\n<figcaption class="mono">{title}</figcaption>\n'
        f'<svg role="img" aria-label="{title}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{"".join(shapes)}</svg>\n'
        f'<p class="soft">{note}</p>\n<details><summary>Numbers</summary>'
        f"<table><tbody>{rows}</tbody></table>{more}</details>\n</figure>\n"
    )


def _label(text: str, most: int) -> str:
    return html.escape(visible(shortened(text, most)))


def _short(value: float) -> str:
    return number_of(value) if abs(value) < 1000 else f"{value / 1000:.0f}k"
