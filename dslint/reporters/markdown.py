"""The report as Markdown, such as for the summary of a CI run; no data can become markup."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dslint.model import Finding, LimitResult, Report, RuleState, Severity
from dslint.reporters.sampling import severity_rank
from dslint.reporters.style import Style, shortened, visible
from dslint.reporters.text import shown
from dslint.reporters.wording import bounds_of, number_of, place, plural, totals, verdict

MAX_BYTES = 900 * 1024
"""Maximum size: GitHub drops step summaries of more than 1 MiB, including those of other tools."""

_RESERVED = 1024
_MAX_CELL = 500
_PLAIN_CODE = re.compile(
    r"[A-Za-z0-9_./:,;=()+@#%~{}\[\]*'\"-]+(?: [A-Za-z0-9_./:,;=()+@#%~{}\[\]*'\"-]+)*"
)
_PROSE = re.compile(
    r"(?!.*(?:www\.|GH-\d|//|[0-9a-f]{7}))(?:[A-Za-z0-9 ,.;()'\"/-]|: |:$)+", re.IGNORECASE
)
_WORDS = {True: "ok", False: "**FAIL**", None: "not judged"}


def markdown_report(report: Report, style: Style) -> Iterator[str]:
    """Yield the verdict and the limits, then problems, counts, and findings.

    The most severe findings are listed, as far as they fit into MAX_BYTES.
    """
    rows, counted = _Rows(MAX_BYTES - _RESERVED), Counter[str]()
    for finding in shown(report, style, counted):
        rows.add(
            finding,
            _row(
                code(place(finding)),
                str(finding.severity or Severity.INFO),
                code(finding.rule),
                _message(finding),
            ),
        )
    lines = list(_lines(report, style))
    lines += _unlisted(counted, style)
    if counted.total() and style.max_show:
        lines += _table("Findings", ("Place", "Severity", "Rule", "Message"), ())
    cut = 0
    for line in lines:
        if cut or not rows.spare(line):
            cut += 1
        else:
            yield line + "\n"
    yield from (line + "\n" for line in rows.lines())
    if cut := cut + rows.cut:
        yield (
            f"\n**Truncated** at {MAX_BYTES // 1024} KiB: {cut:,} more lines. "
            "Full report: `dslint check -o json=FILE`\n"
        )


class _Rows:
    """The rows of findings that fit a size: the most severe, and of equal ones the first."""

    def __init__(self, most: int) -> None:
        self.cut = 0
        self._most = most
        self._used = 0
        """Size of the rows in bytes."""
        self._heap: list[tuple[int, int, str]] = []

    def add(self, finding: Finding, line: str) -> None:
        """Add the row of a finding; call it in the order of display."""
        heapq.heappush(self._heap, (severity_rank(finding), -len(self._heap) - self.cut, line))
        self._used += _size(line)
        self._trim()

    def spare(self, line: str) -> bool:
        """Reserve space for a line before the rows, and return whether there is enough."""
        if _size(line) > self._most:
            return False
        self._most -= _size(line)
        self._trim()
        return True

    def lines(self) -> list[str]:
        """Return the rows in order."""
        return [line for _, _, line in sorted(self._heap, key=lambda row: -row[1])]

    def _trim(self) -> None:
        while self._used > self._most:
            self._used -= _size(heapq.heappop(self._heap)[2])
            self.cut += 1


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _lines(report: Report, style: Style) -> Iterator[str]:
    yield f"## dslint: {verdict(report)}"
    yield ""
    yield f"{totals(report)}."
    notes = [*report.notes, *([f"not run: {report.lacking}"] if report.lacking else ())]
    if notes:
        yield ""
        yield from (f"- {prose(note)}" for note in notes)
    yield from _limits(report, style)
    yield from _problems(report)
    yield from _rules(report, style)


def _limits(report: Report, style: Style) -> Iterator[str]:
    shown = [
        item
        for item in report.limits
        if item.passed is not True or item.limit.origin != "severity" or style.verbose
    ]
    rest = len(report.limits) - len(shown)
    if shown:
        order = {False: 0, None: 1, True: 2}
        rows = [
            (
                _WORDS[item.passed],
                code(item.limit.measure),
                _value(item),
                bounds_of(item.limit),
                prose(item.limit.origin),
            )
            for item in sorted(shown, key=lambda item: order[item.passed])
        ]
        yield from _table("Limits", ("", "Measure", "Value", "Limit", "From"), rows)
    if rest:
        yield ""
        yield f"{plural(rest, 'rule')} without findings that fail."


def _value(item: LimitResult) -> str:
    return "-" if item.value is None else number_of(item.value)


def _problems(report: Report) -> Iterator[str]:
    rows = [
        (code(item.path or ""), prose(item.message), prose(item.hint or ""))
        for item in report.problems
    ]
    if rows:
        yield from _table("Could not check", ("File", "Problem", "What to do"), rows)


def _rules(report: Report, style: Style) -> Iterator[str]:
    if report.by_rule:
        rows = [
            (str(severity), code(rule), f"{count:,}")
            for (severity, rule), count in report.by_rule.items()
        ]
        yield from _table("Findings by rule", ("Severity", "Rule", "Findings"), rows)
    states = (RuleState.UNAVAILABLE, RuleState.CRASHED) if style.verbose else (RuleState.CRASHED,)
    idle = [
        (code(item.id), item.state, prose(item.reason or ""))
        for item in report.rules
        if item.state in states
    ]
    if idle:
        yield from _table("Rules not run", ("Rule", "State", "Why"), idle)


def _unlisted(counted: Counter[str], style: Style) -> Iterator[str]:
    hidden = {
        rule: count - style.max_show
        for rule, count in sorted(counted.items())
        if count > style.max_show
    }
    if hidden:
        yield ""
        yield from (
            f"- {count:,} more of {code(rule)} are not listed below (all: `-o json=FILE`)"
            for rule, count in hidden.items()
        )


def _message(finding: Finding) -> str:
    at = finding.at
    where = at.field + (f" {at.start}-{at.end}" if at.start is not None else "")
    parts = [code(where), prose(finding.message)]
    if finding.suggestion:
        parts += ["(suggestion:", code(finding.suggestion) + ")"]
    if finding.suppressed is not None:
        parts += ["(suppressed:", prose(finding.suppressed) + ")"]
    return " ".join(filter(None, parts))


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"### {title}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|")
    yield from (_row(*row) for row in rows)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def prose(text: str) -> str:
    """Return plain words as they are, and anything that could be a link or markup as code."""
    return text if len(text) <= _MAX_CELL and _PROSE.fullmatch(text) else code(text)


def code(text: str) -> str:
    """Return a text as code that fits into a table cell.

    It is in backquotes if that is safe, else HTML with special characters as entities. Code is
    never a mention, a link to an issue, or an image. Backquotes do not protect `|`; entities do.
    """
    shown = visible(shortened(text, _MAX_CELL))
    if _PLAIN_CODE.fullmatch(shown):
        return f"`{shown}`"
    return (
        "<code>"
        + "".join(
            letter if letter.isalnum() or letter == " " else f"&#{ord(letter)};" for letter in shown
        )
        + "</code>"
        if shown
        else ""
    )
