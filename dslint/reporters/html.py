"""The report for a browser: one self-contained file.

All its text is escaped, and its content security policy allows no other script.
"""

from __future__ import annotations

import base64
import html
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from dslint.model import Confidence, Excerpt, Finding, Report, RuleState, Severity
from dslint.reporters import manual
from dslint.reporters.charts import BINS, charts
from dslint.reporters.sampling import gravest, shares
from dslint.reporters.style import Style, json_text, printable, visible
from dslint.reporters.wording import bounds_of, number_of, plural, totals, unlisted, verdict, within

MAX_FINDINGS = 200_000
"""Maximum number of findings to list; a browser still searches them quickly."""
MAX_FILES = 200
"""Maximum number of files in the table of files."""
MAX_RELATED = 10

_PAGE = Path(__file__).parent / "page"
_STATES = {True: ("ok", "ok"), False: ("fail", "FAIL"), None: ("soft", "not judged")}


class Survey:
    """Counts from one pass over the findings.

    Findings per rule, active findings per file, and the score histogram of each rule.
    """

    def __init__(self, report: Report) -> None:
        self.rules = Counter[str]()
        self.paths = Counter[str | None]()
        self.scores: defaultdict[str, list[int]] = defaultdict(lambda: [0] * BINS)
        for finding in report.findings:
            self.rules[finding.rule] += 1
            if finding.suppressed is None:
                self.paths[finding.at.path] += 1
                if finding.score is not None:
                    self.scores[finding.rule][min(int(finding.score * BINS), BINS - 1)] += 1


def html_report(report: Report, style: Style) -> Iterator[str]:
    """Yield the page: verdict, limits, problems, tables, charts, and the list of all findings."""
    del style
    survey = Survey(report)
    share = shares(survey.rules, MAX_FINDINGS)
    css, script = (
        (_PAGE / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")
    )
    yield from _head(report, css, script)
    yield from _limits(report)
    yield from _problems(report)
    yield from _tables(report, survey)
    yield from charts(report, survey.scores)
    yield from _explorer(report, survey, unlisted(survey.rules - Counter(share)))
    yield '<script type="application/json" id="data">'
    yield from _data(report, share)
    yield f"</script>\n<script>{script}</script>\n</body>\n</html>\n"


def text(value: str) -> str:
    """Return text for the page, escaped."""
    return html.escape(visible(value))


def _value(value: str) -> str:
    """Return an attribute value that the script compares with the data.

    Unlike text to read, it must not be changed by `visible`.
    """
    return html.escape(printable(value)).replace("##", "#&#35;")


def _head(report: Report, css: str, script: str) -> Iterator[str]:
    policy = (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield (
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
    )
    yield f"<title>dslint: {text(verdict(report))}</title>\n<style>{css}</style>\n</head>\n<body>\n"
    yield '<a class="skip" href="#findings">Skip to the findings</a>\n<header>\n'
    yield (
        f'<h1>dslint: <span class="{report.verdict}">{text(verdict(report))}</span></h1>\n'
        f"<p>{text(totals(report))}</p>\n"
    )
    yield from (f'<p class="soft">{text(note)}</p>\n' for note in report.notes)
    yield f'<p class="soft">dslint {text(report.version)}</p>\n</header>\n<main>\n'


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}"


def _limits(report: Report) -> Iterator[str]:
    order = {False: 0, None: 1, True: 2}
    rows = [
        [
            f'<span class="{_STATES[item.passed][0]}">{_STATES[item.passed][1]}</span>',
            f"<code>{text(item.limit.measure)}</code>",
            "-" if item.value is None else number_of(item.value),
            bounds_of(item.limit),
            text(item.limit.origin),
        ]
        for item in sorted(report.limits, key=lambda item: order[item.passed])
    ]
    yield from _section(
        "Limits",
        [("Verdict", ""), ("Measure", ""), ("Value", "number"), ("Limit", ""), ("From", "")],
        rows,
        "No rule that ran has a limit.",
    )


def _problems(report: Report) -> Iterator[str]:
    if report.problems:
        rows = [
            [f"<code>{text(item.path or '')}</code>", text(item.message), text(item.hint or "")]
            for item in report.problems
        ]
        yield from _section(
            "Could not check", [("File", ""), ("Problem", ""), ("What to do", "")], rows
        )
    idle = [
        item
        for item in report.rules
        if item.state in (RuleState.UNAVAILABLE, RuleState.CRASHED, RuleState.NOT_APPLICABLE)
    ]
    if idle:
        rows = [
            [f"<code>{text(item.id)}</code>", item.state, text(item.reason or "")] for item in idle
        ]
        yield from _section("Rules not run", [("Rule", ""), ("State", ""), ("Why", "")], rows)


def _tables(report: Report, survey: Survey) -> Iterator[str]:
    paths = survey.paths
    splits: Counter[str] = Counter()
    for item in report.inputs:
        splits[item.input.split or ""] += paths[item.input.path]
    ordered = sorted(report.by_rule.items(), key=lambda item: (-item[0][0], -item[1], item[0][1]))
    yield '<section>\n<h2>Findings by rule, split and file</h2>\n<div class="tables">\n'
    yield from _count_table(
        "Rule",
        [
            (_link("rule", rule), f'<span class="{severity}">{severity}</span>', count)
            for (severity, rule), count in ordered
        ],
    )
    if any(splits):
        yield from _count_table(
            "Split",
            [
                (_link("split", name) if name else "none", "", count)
                for name, count in sorted(splits.items())
            ],
        )
    records = {item.input.path: item.records for item in report.inputs}
    files = sorted(records, key=lambda path: (-paths[path], path))
    yield from _count_table(
        "File",
        [
            (_link("file", path), plural(records[path], "record"), paths[path])
            for path in files[:MAX_FILES]
        ],
    )
    yield "</div>\n"
    if len(files) > MAX_FILES:
        yield (
            f'<p class="soft">{plural(len(files) - MAX_FILES, "file")} '
            "with fewer findings not listed here.</p>\n"
        )
    if paths[None]:
        yield (
            f'<p class="soft">{plural(paths[None], "finding")} '
            "on whole datasets, not in any file.</p>\n"
        )
    yield "</section>\n"


def _link(field: str, value: str) -> str:
    return (
        f'<button type="button" class="link mono" data-filter="{field}" '
        f'data-value="{_value(value)}">{text(value)}</button>'
    )


def _count_table(title: str, rows: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    yield (
        '<div class="scroll" tabindex="0" role="region" '
        f'aria-label="Findings by {title.lower()}">\n<table>\n<thead>'
    )
    yield (
        f'<tr><th scope="col">{title}</th><td></td>'
        '<th scope="col" class="number">Findings</th></tr></thead>\n<tbody>\n'
    )
    yield from (
        f'<tr><td>{name}</td><td>{kind}</td><td class="number">{count:,}</td></tr>\n'
        for name, kind, count in rows
    )
    yield "</tbody>\n</table>\n</div>\n"


def _section(
    title: str, head: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], none: str = ""
) -> Iterator[str]:
    yield f"<section>\n<h2>{title}</h2>\n"
    rows = list(rows)
    if rows:
        cells = "".join(f'<th scope="col"{_class(kind)}>{name}</th>' for name, kind in head)
        yield f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n"
        for row in rows:
            yield (
                "<tr>"
                + "".join(
                    f"<td{_class(kind)}>{cell}</td>"
                    for cell, (_, kind) in zip(row, head, strict=True)
                )
                + "</tr>\n"
            )
        yield "</tbody>\n</table>\n"
    elif none:
        yield f"<p>{none}</p>\n"
    yield "</section>\n"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _explorer(report: Report, survey: Survey, left: str) -> Iterator[str]:
    splits = sorted({item.input.split for item in report.inputs if item.input.split})
    yield '<section id="findings">\n<h2>Findings</h2>\n'
    yield (
        "<noscript><p>The list needs JavaScript. All findings are also in the JSON report: "
        "<code>-o json</code>.</p></noscript>\n"
    )
    if left:
        yield f'<p class="warning">{text(left)}</p>\n'
    yield (
        '<form id="filter">\n<label>Search <input type="search" name="search" '
        'placeholder="words in any field" autocomplete="off"></label>\n'
    )
    yield from _choice("Rule", "rule", sorted(survey.rules))
    yield from _choice("Severity", "severity", list(reversed(Severity.names())))
    yield from _choice("Split", "split", splits)
    yield from _choice("File", "file", [item.input.path for item in report.inputs])
    yield from _choice("State", "state", ["active", "suppressed"])
    yield (
        '<button type="reset">Clear</button>\n</form>\n<p role="status" id="status"></p>\n'
        '<div class="explorer">\n'
    )
    yield (
        '<div id="list" class="list" role="listbox" tabindex="0" '
        'aria-label="Findings; select with the arrow keys"></div>\n'
    )
    yield (
        '<section id="details" class="details" tabindex="0" '
        'aria-label="Selected finding"></section>\n</div>\n'
    )
    yield '<div id="printed" class="print"></div>\n</section>\n</main>\n'


def _choice(label: str, name: str, values: Iterable[str]) -> Iterator[str]:
    yield f'<label>{label} <select name="{name}"><option value="">all</option>'
    yield from (f'<option value="{_value(value)}">{text(value)}</option>' for value in values)
    yield "</select></label>\n"


def _data(report: Report, share: Mapping[str, int]) -> Iterator[str]:
    """Yield the data of the list as JSON that is safe in a script element.

    A finding is a list, in the order of the constants in the script.
    """
    rules = [rule for rule in report.rules if rule.id in share]
    known = {rule.id for rule in rules}
    listed = [
        [rule.id, str(rule.severity), rule.plugin, manual.page(rule.manual)] for rule in rules
    ]
    listed += [[name, "", "", ""] for name in sorted(share) if name not in known]
    rule_of = {rule[0]: number for number, rule in enumerate(listed)}
    file_of = {item.input.path: number for number, item in enumerate(report.inputs)}
    yield f'{{"rules": {_safe(listed, lines=True)},\n'
    yield f'"severities": {_safe(Severity.names())}, "confidences": {_safe(Confidence.names())},\n'
    yield (
        '"files": '
        f"{_safe([[item.input.path, item.input.split or ''] for item in report.inputs])},\n"
        '"findings": ['
    )
    excerpts: dict[int, Excerpt] = {}
    for number, finding in enumerate(gravest(report.findings, report.by_rule, share)):
        yield (",\n" if number else "\n") + _safe(_row(finding, rule_of, file_of))
        if finding.fingerprint in report.excerpts:
            excerpts[number] = report.excerpts[finding.fingerprint]
    yield '],\n"excerpts": {'
    for position, (number, passages) in enumerate(excerpts.items()):
        shown_parts = [
            [part.field, [[piece.kind, piece.text] for piece in part.pieces]] for part in passages
        ]
        yield f'{"," if position else ""}\n"{number}": {_safe(shown_parts, lines=True)}'
    yield "}}"


def _row(finding: Finding, rules: Mapping[str, int], files: Mapping[str, int]) -> list[Any]:
    at = finding.at
    known = at.path in files
    return [
        rules[finding.rule],
        (finding.severity or Severity.INFO) - 1,
        finding.confidence - 1,
        files[at.path or ""] if known else -1,
        within(at) if known else at.path or "",
        at.field + (f" {at.start}-{at.end}" if at.start is not None else ""),
        finding.message,
        finding.id,
        finding.score,
        finding.suggestion,
        finding.suppressed,
        [f"{place.path}{within(place)}" for place in finding.related[:MAX_RELATED]] or None,
        finding.fingerprint,
    ]


def _safe(value: Any, *, lines: bool = False) -> str:
    """Return JSON that cannot end a script element or start a comment.

    Control and invisible characters are escaped; with `lines`, line ends are kept.
    """
    return json_text(_printable(value, lines=lines)).replace("<", "\\u003c")


def _printable(value: Any, *, lines: bool) -> Any:
    if isinstance(value, list):
        return [_printable(item, lines=lines) for item in value]
    if not isinstance(value, str):
        return value
    return "\n".join(map(printable, value.split("\n"))) if lines else printable(value)
