"""duplicates/exact and duplicates/normalized: equal records, before or after normalization."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from dslint.plugin import (
    Batch,
    Columns,
    DatasetRule,
    Finding,
    Measure,
    Observer,
    Source,
    State,
    secure_digest,
    secure_digests,
    selected,
    without,
)
from dslint_packs.duplicates.normalized_texts import normal_digests, normalized_texts, texts_of

By = Literal["record", "text", "role"]


@dataclass(frozen=True)
class Digests(Observer):
    """Digests of each record: of its content, and of its normalized texts.

    The second is None where normalization leaves no text.
    """

    sees = "all"
    state = {"exact": "binary[16]", "normal": "binary[16]"}  # noqa: RUF012

    by: By = "record"
    roles: tuple[str, ...] = ("target",)

    def observe(self, batch: Batch) -> Columns:
        """Return both digests of each record."""
        return {
            "exact": self._exact(batch),
            "normal": normal_digests(normalized_texts(batch), batch.column("label")),
        }

    def _exact(self, batch: Batch) -> list[bytes | None]:
        if self.by != "record":
            roles = self.roles if self.by == "role" else ("prompt", "target", "rejected")
            texts = [
                [text.text for text in found if selected(text, roles)] for found in texts_of(batch)
            ]
            return [secure_digest(found) if found else None for found in texts]
        path = batch.input.columns.get("id")
        return [
            *(
                batch.secure_digests
                if path is None
                else secure_digests(without(value, path) for value in batch.values)
            )
        ]


@dataclass(frozen=True)
class ExactDuplicate(DatasetRule):
    """Exact duplicates.

    Why: each copy adds to the weight of a record, wastes training time, and makes the model more
    likely to recite it word for word.

    Two records are equal if they have the same values, in any order of keys; the id column does
    not count. Of each group all but one are flagged. The kept one is in the earliest split
    (train first). Within a split the content, including the id, decides, so that shuffling the
    data changes nothing; only records that are completely equal are ordered by their position.

    Measured: 63 findings in thirteen public demo files, exactly the repeats found by counting
    equal JSON values; 0 in the 7,673 records of GPTeacher's Toolformer set, which has none.

    Blind spots: an id that is not configured as a column, or an export time, makes records
    differ; see duplicates/normalized.

    Options: `by`: `record` compares everything but the id, `text` only the texts, `role` only
    the texts of the given `roles`.

    Flags::

        {"prompt": "Hi", "completion": "Hello!"}
        {"completion": "Hello!", "prompt": "Hi"}

    Passes::

        {"prompt": "Hi", "completion": "Hello!"}
        {"prompt": "Hi", "completion": "Good day."}

    Cure: keep one of them.
    """

    name = "exact"
    sees = "all"
    key = "exact"

    by: By = "record"
    roles: tuple[str, ...] = ("target",)

    def observer(self) -> Observer:
        """Share the digests with the other rules that use them."""
        return Digests(self.by, self.roles if self.by == "role" else ("target",))

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each repeated record."""
        del source
        for _, group in state.groups("exact", at_least=2):
            before = state.at(group[0])
            for member in islice(group, 1, None):
                yield self.finding(
                    state.at(member), f"repeats {before.place}", related=[before], score=1.0
                )


@dataclass(frozen=True)
class NormalizedDuplicate(DatasetRule):
    """Records that differ only in case, whitespace, punctuation or Unicode form.

    Why: to a model they are the same text twice, and an exact comparison misses them.

    The texts of all roles and the label are compared after NFKC normalization and case folding,
    with punctuation and whitespace as one space; signs that carry meaning (`+`, `#`, `<`, a
    minus) stay. Exact duplicates are left to duplicates/exact. Tool calls are compared by name
    and arguments, regardless of their ids; declared tools and other metadata are not compared.

    Measured: 45 findings in 19,500 records of CLINC150 (train and test), all true. 3 in
    LLaMA-Factory's glaive_toolcall_en_demo: equal conversations with differently worded tool
    descriptions. 68 in 7,673 records of GPTeacher's Toolformer set; of the seven that were read,
    one is debatable: `10**2` and `(10**2)` differ only in punctuation.

    Blind spots: brackets and quotes in code count as punctuation; one added or missing word
    makes a different text.

    Flags::

        {"prompt": "Where is my order?", "completion": "On its way."}
        {"prompt": "where is my order", "completion": "On  its way!"}

    Passes::

        {"prompt": "What is C?", "completion": "A language."}
        {"prompt": "What is C++?", "completion": "A language."}

    Cure: keep one of them.
    """

    name = "normalized"
    sees = "all"
    key = "normal"

    def observer(self) -> Observer:
        """Share the digests with the other rules that use them."""
        return Digests()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that only normalization makes equal to the first one.

        Exact repeats of an earlier record of the group are skipped.
        """
        del source
        for _, group in state.groups("normal", at_least=2):
            before = state.at(group[0])
            seen = {group[0].exact}
            for member in islice(group, 1, None):
                if member.exact not in seen:
                    seen.add(member.exact)
                    message = f"repeats {before.place}, except for case, whitespace or punctuation"
                    yield self.finding(state.at(member), message, related=[before], score=1.0)
