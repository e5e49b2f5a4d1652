"""What an author of a plugin writes, as a type checker sees it. Checked by test_typing.py, never run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, assert_type

from dslint import lint, redact_record
from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Lexicon,
    Location,
    Matcher,
    Measure,
    Meta,
    PairRule,
    Part,
    Record,
    RecordRule,
    Rule,
    Severity,
    Source,
    State,
    hookimpl,
)
from dslint.testing import Outcome, assert_documented, assert_laws, run


@dataclass(frozen=True)
class Short(RecordRule):
    """Short texts."""

    name = "short"
    severity = Severity.INFO

    at_least: Annotated[int, Meta(ge=1)] = 3

    def check(self, record: Record) -> Iterable[Finding]:
        assert_type(record.texts(("target",)), list[Part])
        for part in record.texts():
            assert_type(part.text, str)
            assert_type(part.at(), Location)
            if len(part.text) < self.at_least:
                yield self.finding(part.at(), "a short text", score=0.5)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        assert_type(batch.records, list[Record])
        return super().check_batch(batch)


@dataclass(frozen=True)
class Counted(DatasetRule):
    """Counts records."""

    name = "counted"
    state = {"size": "int32"}
    measures = {"total": "how many records there are"}

    def observe(self, batch: Batch) -> Columns:
        return {"size": [len(record.texts()) for record in batch.records]}

    def conclude(self, state: State, source: Source) -> Iterator[Finding | Measure]:
        yield Measure("total", float(len(state)))


@dataclass(frozen=True)
class Paired(PairRule):
    """Pairs."""

    name = "paired"
    key = "word"
    state = {"word": "string"}

    def observe(self, batch: Batch) -> Columns:
        return {"word": ["a" for _ in batch.records]}

    def verify(
        self, pairs: list[tuple[Any, Any]], state: State, source: Source
    ) -> Iterable[Finding]:
        return [self.finding(state.at(b), "a pair") for _, b in pairs]


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    return [Short, Counted, Paired]


def kit() -> None:
    assert_type(run(Short(), [{"text": "Hi"}]), Outcome)
    assert_documented(Short)
    assert_laws(Short())


def caller(value: Mapping[str, object], lexicon: Lexicon) -> None:
    report = lint(["data.jsonl"])
    assert_type(report.counts, Mapping[str, int])
    assert_type(report.exit_code.value, int)
    redact_record(value, report.findings)
    assert_type(Matcher([lexicon]).find("text")[0].start, int)
