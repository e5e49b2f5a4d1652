"""structure/invalid-record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dslint.plugin import Batch, Finding, Record, RecordRule, Severity


@dataclass(frozen=True)
class InvalidRecord(RecordRule):
    """Records that do not fit the shape of their dataset.

    Why: trainers silently drop such records, stop at them hours into a run, or read an empty
    text from them.

    Flags a missing or unknown role, missing content or content of a wrong type, no list of
    messages, and no text. Tools, tool calls, the developer role, legacy function calls,
    `content: null` beside a call, and parts with images or audio are valid.

    Measured: no false positive in 4,061 records of thirteen public demo files: alpaca, chat,
    sharegpt with tools, preference, kto, text, multimodal.

    Flags::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "bot", "content": "Hello!"}]}
        {"messages": [{"role": "user"}, {"role": "assistant", "content": "Hello!"}]}
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": 7}]}

    Passes::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo!"}]}
        {"messages": [{"role": "assistant", "content": null, "function_call": {"name": "now"}}]}

    Cure: fix the record, or state the right shape with `--shape` or `shape` in the configuration.
    """

    name = "invalid-record"
    severity = Severity.ERROR
    sees = "all"

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each problem that the shape reports about the record."""
        for problem in record.problems:
            yield self.finding(record.at(problem.field), problem.message)

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check only the records that do not fit."""
        for record, (_, problems) in (
            zip(batch.records, batch.parsed, strict=True) if batch.valid is not batch else ()
        ):
            if problems:
                yield from self.check(record)
