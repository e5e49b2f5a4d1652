"""A first configuration, generated from the findings of a run.

`draft` describes the data and selects rules. A run with the draft measures, and `finished` adds
limits close to the measured values, so that the next run passes and the data cannot get worse.
Secrets, payment data, records that cannot be read and leakage get no such limit. The functions are
pure: the same data gives the same text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import takewhile

from msgspec import Struct

from dslint.helpers.globs import escape, matches_any
from dslint.model import Confidence, Finding, Input, Report, RuleResult, RuleState, Severity
from dslint.registry.discovery import ALWAYS, OWN_DISTRIBUTION
from dslint.registry.selection import Catalogue, RuleEntry, install_line
from dslint.rules.base import summary
from dslint.version import __version__

STRICT = (
    "secrets/*",
    "pii/credit-card",
    "pii/iban",
    "pii/us-ssn",
    "dslint/parse-error",
    "duplicates/leakage",
)
"""Rules whose findings no limit allows."""

MIN_JUDGED = 500
"""Minimum number of judged records for a limit on the rate; of fewer, one is too large a share."""

MIN_RATE = Fraction(1, 10_000)
"""Minimum rate for a limit on the rate, since rates are measured to six digits."""

HEADROOM = Fraction(11, 10)
"""A limit on a rate is a tenth above the measured value, rounded up to two digits."""

WIDTH = 110


class Part(Struct, frozen=True):
    """A detected dataset."""

    name: str
    inputs: tuple[Input, ...]


Matching = Callable[[str], set[str]]
"""Returns the files that currently match a glob, as paths in reports."""


def draft(
    parts: Sequence[Part], matching: Matching, spaces: Sequence[str], known: Catalogue
) -> str:
    """Return a configuration without limits: the datasets and the rules of namespaces."""
    return (
        "\n".join(
            [*_head(spaces, known), *_datasets(parts, matching), *_selection(spaces, None, known)]
        )
        + "\n"
    )


def finished(
    parts: Sequence[Part],
    matching: Matching,
    spaces: Sequence[str],
    known: Catalogue,
    report: Report,
) -> str:
    """Return the configuration with limits, from the report of a run with the draft."""
    lines = [
        *_head(spaces, known),
        *_datasets(parts, matching),
        *_selection(spaces, report, known),
        *_tables(report, known),
    ]
    return "\n".join(lines) + "\n"


def namespaces(known: Catalogue) -> list[str]:
    """Return the namespaces that have recommended rules."""
    return sorted(
        {name.partition("/")[0] for name, entry in known.items() if entry.rule.default} - {ALWAYS}
    )


def is_strict(rule: str) -> bool:
    """Return whether no limit may allow findings of a rule."""
    return rule in STRICT or f"{rule.partition('/')[0]}/*" in STRICT


def failing(report: Report) -> dict[str, int]:
    """Return the strict rules that fail the gate, with the number of their failing findings."""
    found = {
        rule.id: sum(map(_fails, _active(report, rule.id)))
        for rule in report.rules
        if is_strict(rule.id)
    }
    return {name: count for name, count in found.items() if count}


def quoted(text: str) -> str:
    """Return a TOML string."""
    return "".join(
        letter
        if letter.isprintable()
        else f"\\u{ord(letter):04X}"
        if ord(letter) < 0x10000
        else f"\\U{ord(letter):08X}"
        for letter in json.dumps(text, ensure_ascii=False)
    )


def _head(spaces: Sequence[str], known: Catalogue) -> Iterator[str]:
    yield "#:schema ./dslint.schema.json"
    yield "# For completion in an editor: dslint config schema > dslint.schema.json"
    yield ""
    yield "# Made by `dslint init` from the current data. `dslint check` reads this file;"
    yield "# `dslint config show` prints the effective configuration."
    yield "# Review it, correct wrong detections, and lower the limits as the data gets better."
    yield ""
    yield f'required-version = ">={".".join(__version__.split(".")[:2])}"'
    plugins = {
        entry.distribution: f"{entry.distribution}>={entry.version}"
        for entry in known.values()
        if entry.distribution != OWN_DISTRIBUTION and entry.id.partition("/")[0] in spaces
    }
    if plugins:
        yield f"required-plugins = {_array([plugins[name] for name in sorted(plugins)])}"
    yield "# Findings of this severity or above (error, warning or info) fail, unless a limit below"
    yield "# applies to their rule."
    yield 'fail-on = "error"'


def _datasets(parts: Sequence[Part], matching: Matching) -> Iterator[str]:
    for part in parts:
        paths = [item.path for item in part.inputs]
        yield ""
        yield "[[dataset]]" if len(parts) > 1 else "[dataset]"
        if len(parts) > 1:
            yield f"name = {quoted(part.name)}"
        yield f"files = {_array(patterns(paths, paths, matching))}"
        yield (
            f"shape = {quoted(part.inputs[0].shape)}"
            "  # set explicitly, so that a broken file cannot change the detected shape"
        )
        yield from _splits(part, paths, matching)
        yield from _columns(part)


def _splits(part: Part, paths: Sequence[str], matching: Matching) -> Iterator[str]:
    ranked = sorted(
        {(item.split_rank, item.split) for item in part.inputs if item.split is not None}
    )
    if not ranked:
        yield (
            '# splits = { train = "train*.jsonl", test = "test*.jsonl" }'
            "  # none detected; without splits, leakage is not checked"
        )
        return
    yield "[dataset.splits]  # in order: a record in two splits is reported in the later one"
    for _, name in ranked:
        members = [item.path for item in part.inputs if item.split == name]
        yield f"{_key(name or '')} = {_array(patterns(members, paths, matching))}"


def _columns(part: Part) -> Iterator[str]:
    kinds = sorted({kind for item in part.inputs for kind in item.columns})
    agreed = {kind: {item.columns.get(kind) for item in part.inputs} for kind in kinds}
    columns = {kind: found.pop() for kind, found in agreed.items() if len(found) == 1}
    if columns:
        yield (
            "[dataset.columns]  # detected kinds: label, id; "
            "you can add source, language, created, split"
        )
        yield from (f"{kind} = {quoted(field or '')}" for kind, field in columns.items())
    else:
        yield '# columns = { id = "uid", label = "intent", source = "meta.url" }  # none detected'


def patterns(paths: Sequence[str], among: Sequence[str], matching: Matching) -> list[str]:
    """Return the broadest simple glob that matches exactly these paths, or else all paths.

    It must match no other file of the dataset and none on disk.
    """
    wanted = set(paths)
    if len(wanted) > 1:
        start, end = _common(wanted), _common(path[::-1] for path in wanted)[::-1]
        folder = start[: start.rfind("/") + 1]
        suffix = end[end.find(".") :] if "." in end else end
        for glob in (
            f"{escape(folder)}*{escape(suffix)}",
            f"{escape(folder)}**/*{escape(suffix)}",
            f"{escape(start)}*{escape(suffix)}",
        ):
            if matching(glob) == wanted == {path for path in among if matches_any(path, [glob])}:
                return [glob]
    return [escape(path) for path in sorted(wanted)]


def _common(texts: Iterable[str]) -> str:
    """Return the longest common prefix of texts."""
    ordered = sorted(texts)  # what the first and the last share, all share
    pairs = zip(ordered[0], ordered[-1], strict=False)
    return ordered[0][: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))]


def _selection(spaces: Sequence[str], report: Report | None, known: Catalogue) -> Iterator[str]:
    yield ""
    yield "[rules]"
    yield "# The recommended rules of each namespace; for the manual page of a rule: dslint rule ID"
    yield "select = ["
    results = {rule.id: rule for rule in report.rules} if report else {}
    unavailable: list[RuleEntry] = []
    for space in spaces:
        members = [
            known[name]
            for name in known
            if name.startswith(f"{space}/") and known[name].rule.default
        ]
        missing = [entry for entry in members if entry.missing and not entry.rule.needs_options]
        if missing and all(entry.missing for entry in members):
            # Selecting a namespace of which no rule can run is an error.
            yield f"  # {quoted(space)},  # not installed: {install_line(missing)}"
            continue
        unavailable += missing
        yield f"  {quoted(space)},"
        for name in (name for name in results if name.startswith(f"{space}/")):
            yield f"  #   {_described(results[name], known)}"
    yield "]"
    if unavailable:
        yield (
            f"ignore = {_array([entry.id for entry in unavailable])}"
            f"  # their extras are not installed: {install_line(unavailable)}"
        )


def _described(result: RuleResult, known: Catalogue) -> str:
    if result.state == RuleState.RAN:
        return f"{result.id}: {summary(known[result.id].rule)}"
    needs = [
        option.replace("_", "-").replace("|", " or ")
        for option in known[result.id].rule.needs_options
    ]
    if not known[result.id].rule.default:
        return f"{result.id}: not selected; opt-in, by its full id"
    if result.state == RuleState.SKIPPED and needs:
        return f"{result.id}: does not run until its option {', '.join(needs)} is set"
    state = "does not apply" if result.state == RuleState.NOT_APPLICABLE else result.state
    return f"{result.id}: {state}: {_comment(result.reason or '')}"


def _tables(report: Report, known: Catalogue) -> Iterator[str]:
    limited = [rule for rule in report.rules if rule.state == RuleState.RAN and rule.count]
    mild = [
        rule.id
        for rule in limited
        if not is_strict(rule.id) and not _matters(_active(report, rule.id))
    ]
    if limited:
        yield ""
        yield "# Limits close to today's values, so that nothing gets worse."
        yield "# Each replaces `fail-on` for its rule."
    for rule in limited:
        found = _active(report, rule.id)
        if is_strict(rule.id):
            yield from _strict(rule, found)
        elif rule.id not in mild:
            yield from _ratchet(rule, found, known)
    if mild:
        yield ""
        yield "# Also found, for information only; without a limit these never fail:"
        yield from (
            f"#   {rule.id}: {rule.count} of {rule.judged}" for rule in limited if rule.id in mild
        )


def _strict(rule: RuleResult, found: Sequence[Finding]) -> Iterator[str]:
    fail = sum(map(_fails, found))
    yield ""
    yield f"# {rule.id}: {_by_severity(found)} in {rule.judged} records."
    yield "# No limit made from today's data allows findings of this kind."
    if fail == len(found):
        yield f"[rules.{quoted(rule.id)}]"
        yield f"max-count = 0  # measured: {rule.count}; fails until fixed"
    elif fail:
        yield (
            f"# No limit: {fail} of them fail{'s' if fail == 1 else ''} until fixed, "
            "as does any new one of the severity `fail-on`."
        )
    else:
        yield "# No limit: these do not fail by `fail-on`; a more severe one does."


def _ratchet(rule: RuleResult, found: Sequence[Finding], known: Catalogue) -> Iterator[str]:
    errors = any(finding.severity == Severity.ERROR for finding in found)
    on_dataset = any(finding.at.row is None for finding in found)
    flagged = len(
        {(finding.at.path, finding.at.row) for finding in found if finding.at.row is not None}
    )
    yield ""
    yield f"[rules.{quoted(rule.id)}]  # {_comment(summary(known[rule.id].rule))}"
    share = Fraction(flagged, rule.judged) if rule.judged else Fraction(0)
    if errors or on_dataset or rule.judged < MIN_JUDGED or share < MIN_RATE:
        yield f"max-count = {rule.count}  # measured: {rule.count} in {rule.judged} records" + (
            "; errors: fix them, and lower this to 0" if errors else "; should go down"
        )
    else:
        yield (
            f"max-rate = {rate_limit(share)}  # measured: {_decimal(share)}, "
            f"{flagged} of {rule.judged}; should go down"
        )


def rate_limit(share: Fraction) -> str:
    """Return a share with headroom, rounded up to two digits, at most 1."""
    wanted = min(share * HEADROOM, Fraction(1))
    digits = 2
    while wanted and wanted * 10**digits < 10:
        digits += 1
    scaled = -(-wanted.numerator * 10**digits // wanted.denominator)
    return _fixed(scaled, digits)


def _decimal(share: Fraction) -> str:
    digits = 2
    while share and share * 10**digits < 10:
        digits += 1
    return _fixed(round(share * 10**digits), digits)


def _fixed(scaled: int, digits: int) -> str:
    whole, part = divmod(scaled, 10**digits)
    return f"{whole}.{part:0{digits}d}"


def _active(report: Report, rule: str) -> list[Finding]:
    return [
        finding
        for finding in report.findings
        if finding.rule == rule and finding.suppressed is None
    ]


def _fails(finding: Finding) -> bool:
    return finding.severity == Severity.ERROR and finding.confidence >= Confidence.MEDIUM


def _matters(found: Iterable[Finding]) -> bool:
    return any((finding.severity or Severity.INFO) >= Severity.WARNING for finding in found)


def _by_severity(found: Sequence[Finding]) -> str:
    counts = {
        severity: sum(finding.severity == severity for finding in found)
        for severity in reversed(Severity)
    }
    return ", ".join(
        f"{count} {severity}{'s' if count > 1 else ''}"
        for severity, count in counts.items()
        if count
    )


def _array(values: Sequence[str]) -> str:
    line = f"[{', '.join(map(quoted, values))}]"
    return (
        line
        if len(line) <= WIDTH
        else "[\n" + "".join(f"  {quoted(value)},\n" for value in values) + "]"
    )


def _key(name: str) -> str:
    return (
        name
        if name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        else quoted(name)
    )


def _comment(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
