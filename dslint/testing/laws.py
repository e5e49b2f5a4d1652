"""The laws for rules.

The same answer however the data is cut, ordered, sent and stored; records are not changed; nothing
leaks.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dslint import reporters
from dslint.data.record import digest
from dslint.gate.suppressions import fingerprinted
from dslint.masking.redact import redact_finding
from dslint.model import Confidence, ExitCode, Report, Severity, Verdict
from dslint.rules.base import DatasetRule, Rule
from dslint.testing import growth
from dslint.testing.harness import Outcome, Run, run
from dslint.testing.strategies import records_like

_CANARIES = ("zanzibar-quokka", "jane.roe.canary@mail-canary.org", "4929 1234 5678 9012")
CANARY = " ".join(_CANARIES)
"""Goes into every text of a record for the law on leaks: no report may show any of it."""
_NAME = "Zoë Quokkässon"
_NAMED = _NAME.encode().decode("latin-1")
"""A wrongly decoded name, short enough for a label: no report may show it, nor repaired."""
_PLAIN = Run()
_ALONE = Run(single=True, batch=2)
"""Each record by itself: to a fresh rule without a batch method, or two at a time."""


class LawBrokenError(AssertionError):
    """A rule broke a law; the message begins with the law's name."""


class Data:
    """Records for laws, with all that laws may vary; laws that need the same run share it."""

    def __init__(
        self, rule: Rule, records: list[Any], cuts: Sequence[int], options: dict[str, Any]
    ) -> None:
        self.rule = rule
        self.records = records
        self.cuts = tuple(cuts)
        self.options = options
        self.fired = False
        self.changed = False
        self._outcomes: dict[Run, Outcome] = {}

    def run(self, how: Run = _PLAIN) -> Outcome:
        """Return what the rule says of the records, run as asked; each way is run once."""
        if how not in self._outcomes:
            self._outcomes[how] = self.run_anew(how)
        return self._outcomes[how]

    def run_anew(self, how: Run = _PLAIN) -> Outcome:
        """Run the rule over a copy of the records, whatever has been run before."""
        copied = copy.deepcopy(self.records)
        said = self.run_on(copied, how)
        self.fired = self.fired or bool(said.findings or said.measures)
        self.changed = self.changed or [*map(digest, copied)] != [*map(digest, self.records)]
        return said

    def run_on(self, records: list[Any], how: Run = _PLAIN) -> Outcome:
        """Run the rule over these records. Raises LawBrokenError for what it raises."""
        try:
            return run(self.rule, records, how, **self.options)
        except Exception as error:
            raise LawBrokenError(f"values: the rule raised {type(error).__name__}") from error


def _same(name: str, said: Outcome, once: Outcome) -> None:
    if (said.findings, said.measures, said.crashes) != (once.findings, once.measures, once.crashes):
        raise LawBrokenError(
            f"{name}: the rule says something else:\n  {said}\nthan it said at first:\n  {once}"
        )


def _cut(data: Data) -> None:
    _same("cut", data.run(Run(cuts=data.cuts, pickled=True)), data.run())


def _order(data: Data) -> None:
    _same("order", data.run(Run(cuts=data.cuts, backwards=True)), data.run(Run(cuts=data.cuts)))


def _partitions(data: Data) -> None:
    _same("partitions", data.run(Run(partitions=3)), data.run())


def _batches(data: Data) -> None:
    _same("batches", data.run(Run(batch=1)), data.run())
    _same("batches", data.run(_ALONE), data.run())


def _memory(data: Data) -> None:
    once = data.run()
    _same("memory", data.run_anew(), once)
    _same("memory", data.run(_ALONE), once)


def _compaction(data: Data) -> None:
    whole = data.run(Run(cuts=data.cuts))
    _same("compaction", data.run(Run(cuts=data.cuts, compact=True)), whole)


def _storage(data: Data) -> None:
    _same("storage", data.run(Run(cuts=data.cuts, arrow=True)), data.run())
    _same("storage", data.run(Run(cuts=data.cuts, spilled=True, partitions=2)), data.run())


def _pickling(data: Data) -> None:
    once = data.run()
    try:
        shipped = data.run(Run(pickled=True))
    except LawBrokenError as error:
        what = "the rule, its state or a finding cannot be sent to a worker"
        raise LawBrokenError(f"pickling: {what}: {error.__cause__}") from error
    _same("pickling", shipped, once)


def _read_only(data: Data) -> None:
    data.run()
    if data.changed:
        raise LawBrokenError("read-only: the rule changed a record")


def _shuffle(data: Data) -> None:
    """Reverse the data: the same contents are flagged, and other findings keep their identity."""
    if "splits" in data.options:
        return
    turned = data.records[::-1]
    one, other = data.run(), data.run_on(copy.deepcopy(turned))
    if _identities(one, data.records) != _identities(other, turned):
        raise LawBrokenError(
            f"shuffle: other findings when the data is shuffled: {one.findings} and, "
            f"in the other order, {other.findings}"
        )
    if sum(finding.at.path is None and not finding.identity for finding in one.findings) > 1:
        raise LawBrokenError(
            "shuffle: of several findings on the dataset each must say what it is `about`, "
            "to be known again"
        )


def _identities(said: Outcome, records: Sequence[Any]) -> list[bytes]:
    """Return the source of a fingerprint: what a finding is about, else its record."""
    return sorted(
        finding.identity or (b"" if finding.at.row is None else digest(records[finding.at.row]))
        for finding in said.findings
    )


def _leak(data: Data) -> None:
    planted = [("", ()), (CANARY, _CANARIES)]
    if "label" not in data.rule.needs_columns:  # a label is shown, as its page says
        planted.append((_NAMED, (*_NAME.split(), *_NAMED.split())))
    for plant, parts in planted:
        records = [_with(plant, record) for record in data.records] if plant else data.records
        said = data.run_on(copy.deepcopy(records)) if plant else data.run()
        texts = {
            text
            for row in said.rows
            if row < len(records)
            for text in _strings(records[row])
            if len(text) >= 12
        } - _names(records)  # a text may be spelled as a field is, and reports name fields
        shown = _reports(said).casefold()
        for text in [*texts, *parts]:
            if text.casefold() in shown:
                raise LawBrokenError(f"leak: a report shows text of the data: {text!r}")


def _with(plant: str, record: Any) -> Any:
    if isinstance(record, dict):
        return {
            key: value if key in ("role", "from", "type") else _with(plant, value)
            for key, value in record.items()
        }
    if isinstance(record, list):
        return [_with(plant, value) for value in record]
    return f"{record} {plant}" if isinstance(record, str) else record


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _strings(item)]


def _names(value: Any) -> set[str]:
    """Return the names of all fields."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {*(value if isinstance(value, dict) else ()), *chain(*map(_names, items))}


def _reports(said: Outcome) -> str:
    findings = list(fingerprinted([redact_finding(finding) for finding in said.findings]))
    report = Report(
        version="0",
        verdict=Verdict.PASS,
        exit_code=ExitCode.PASS,
        problems=(),
        inputs=(),
        rules=(),
        measures={},
        limits=(),
        counts=dict.fromkeys([*Severity.names(), "records", "suppressed"], 0),
        findings=findings,
    )
    # One finding's text may run over two lines of the text report: a wide page keeps it whole.
    style = reporters.Style(width=100_000, max_show=len(findings), verbose=True)
    return "\n".join("".join(reporter(report, style)) for reporter in reporters.BUILT_IN.values())


def _scores(data: Data) -> None:
    for finding in data.run().findings:
        at = finding.at
        if finding.score is not None and not 0 <= finding.score <= 1:
            raise LawBrokenError(f"values: a score of {finding.score}; scores run from 0 to 1")
        if not isinstance(finding.confidence, Confidence) or not isinstance(
            finding.severity, Severity
        ):
            raise LawBrokenError("values: severity and confidence come from their scales")
        if (at.start is None) != (at.end is None) or (
            at.start is not None and at.end is not None and not 0 <= at.start <= at.end
        ):
            raise LawBrokenError(f"values: a span from {at.start} to {at.end}")
    if data.run().crashes:  # what it keeps cannot be kept
        raise LawBrokenError(f"values: the rule crashed: {data.run().crashes}")


def _growth(data: Data) -> None:
    if slow := next(growth.slow(data.rule), ""):
        raise LawBrokenError(
            f"growth: twice the text takes more than {growth.RATIO} times the time: {slow}"
        )


LAWS: dict[str, Callable[[Data], None]] = {
    "cut": _cut,
    "order": _order,
    "partitions": _partitions,
    "batches": _batches,
    "memory": _memory,
    "compaction": _compaction,
    "storage": _storage,
    "pickling": _pickling,
    "read-only": _read_only,
    "shuffle": _shuffle,
    "leak": _leak,
    "values": _scores,
    "growth": _growth,
}
"""The laws by name.

cut (shards anywhere), order (of arrival), partitions (1 or n), batches (of any size; `check_batch`
equals `check`), memory (the findings of a record depend on it alone), compaction, storage (plain or
Arrow), pickling, read-only, shuffle, leak, values (scores, spans, no crash), growth (time is linear
in the length of a text).
"""


def assert_law(
    name: str,
    rule: Rule,
    records: st.SearchStrategy[list[Any]] | None = None,
    *,
    max_examples: int = 25,
    **options: Any,
) -> None:
    """Check a rule against one law over random records of a strategy, or like its manual page's.

    `options` go to `run` (shape, columns, splits). Raises LawBrokenError if the law does not hold,
    or if the rule found nothing, which would prove nothing. The law of growth has hostile records
    of its own: see `dslint.testing.growth`.
    """
    if name == "growth":
        _growth(Data(rule, [], (), options))
    elif _applies(name, rule):
        _hold({name: LAWS[name]}, rule, records, max_examples, options)


def assert_laws(
    rule: Rule,
    records: st.SearchStrategy[list[Any]] | None = None,
    *,
    max_examples: int = 25,
    **options: Any,
) -> None:
    """Check a rule against all laws, in half the time of one after the other; see `assert_law`."""
    laws = {name: law for name, law in LAWS.items() if name != "growth" and _applies(name, rule)}
    _hold(laws, rule, records, max_examples, options)
    assert_law("growth", rule)


def _hold(
    laws: Mapping[str, Callable[[Data], None]],
    rule: Rule,
    records: st.SearchStrategy[list[Any]] | None,
    max_examples: int,
    options: dict[str, Any],
) -> None:
    strategy = records if records is not None else records_like(type(rule))
    if "split" in rule.needs_columns and not {"columns", "splits"} & set(options):
        options["columns"] = {"split": "split"}
    fired = False

    @settings(
        max_examples=max_examples,
        deadline=None,
        database=None,
        report_multiple_bugs=False,  # the first law that is broken tells enough
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    @given(strategy, st.lists(st.integers(0, 24), max_size=4))
    def holds(drawn: list[Any], cuts: list[int]) -> None:
        nonlocal fired
        data = Data(rule, drawn, cuts, options)
        for law in laws.values():
            law(data)
        fired = fired or data.fired

    holds()
    if not fired:
        names = "laws" if len(laws) > 1 else next(iter(laws))
        raise LawBrokenError(
            f"{names}: no record made the rule fire; give a strategy of records that do"
        )


def _applies(name: str, rule: Rule) -> bool:
    """Return whether a law says anything of this kind of rule."""
    if name == "partitions":
        return isinstance(rule, DatasetRule) and rule.key is not None
    return isinstance(rule, DatasetRule) or name not in ("compaction", "storage")
