"""duplicates/exact and duplicates/normalized: records that are the same, to the letter or nearly so."""

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
    sameness,
    samenesses,
    selected,
    without,
)
from dslint_packs.duplicates.normalized_texts import normal_digests, said, texts_of

By = Literal["record", "text", "role"]


@dataclass(frozen=True)
class Digests(Observer):
    """For each record a digest of its content, and one of its normalised texts (None where nothing is left of them)."""

    sees = "all"
    state = {"exact": "binary[16]", "normal": "binary[16]"}  # noqa: RUF012 - a declaration, never changed

    by: By = "record"
    roles: tuple[str, ...] = ("target",)

    def observe(self, batch: Batch) -> Columns:
        """Return both digests of each record."""
        return {
            "exact": self._exact(batch),
            "normal": normal_digests(said(batch), batch.column("label")),
        }

    def _exact(self, batch: Batch) -> list[bytes | None]:
        if self.by != "record":
            roles = self.roles if self.by == "role" else ("prompt", "target", "rejected")
            texts = [
                [text.text for text in found if selected(text, roles)] for found in texts_of(batch)
            ]
            return [sameness(found) if found else None for found in texts]
        path = batch.input.columns.get("id")
        return [
            *(
                batch.samenesses
                if path is None
                else samenesses(without(value, path) for value in batch.values)
            )
        ]


@dataclass(frozen=True)
class ExactDuplicate(DatasetRule):
    """Records that are there more than once, to the letter.

    Why: a repeated record weighs as much as it is often, wastes training time, and is what models recite word for word.

    Two records are the same if they hold the same values, whatever the order of their keys; the id column does not count. Of each group
    all but one are flagged. The one that is kept stands in the earliest split (train first). Within a split the content, id included,
    decides, so that shuffling the data changes nothing; only records that are equal in everything are told apart by their place.

    Measured: 63 findings in thirteen public demo files, the very repeats that counting equal JSON values gives; 0 in the 7,673 records of GPTeacher's
    Toolformer set, which has none.

    Blind spots: an id that no column names, or a time of export, makes any record another one; see duplicates/normalized.

    Options: `by`: `record` compares everything but the id, `text` the texts alone, `role` the texts of the given `roles`.

    Flags::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}
        {"messages": [{"content": "Hi", "role": "user"}, {"role": "assistant", "content": "Hello!"}]}

    Passes::

        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Good day."}]}

    Cure: keep one of them.
    """

    name = "exact"
    sees = "all"
    key = "exact"

    by: By = "record"
    roles: tuple[str, ...] = ("target",)

    def observer(self) -> Observer:
        """Share the digests with the other rules on sameness."""
        return Digests(self.by, self.roles if self.by == "role" else ("target",))

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each repeat."""
        del source
        for _, group in state.groups("exact", at_least=2):
            before = state.at(group[0])
            for member in islice(group, 1, None):
                yield self.finding(
                    state.at(member), f"repeats {before.place}", related=[before], score=1.0
                )


@dataclass(frozen=True)
class NormalizedDuplicate(DatasetRule):
    """Records that repeat another one but for case, white space, punctuation or Unicode form.

    Why: to a model they are the same text twice, and an exact comparison misses them.

    The texts of all roles and the label are compared after NFKC, case folding, and with punctuation and white space as one space; signs
    that carry meaning (`+`, `#`, `<`, a minus) stay. Exact repeats are left to duplicates/exact.
    Tool calls are compared by name and arguments, whatever their ids; declared tools and other metadata are not compared.

    Measured: 45 findings in 19,500 records of CLINC150 (train and test), all true. 3 in LLaMA-Factory's glaive_toolcall_en_demo: the same
    conversations, whose tools are described in other words. 68 in 7,673 records of GPTeacher's Toolformer set; of the seven that were read one is
    a matter of taste: `10**2` and `(10**2)` are the same but for punctuation.

    Blind spots: brackets and quotes in code count as punctuation; a word more or less makes another text.

    Flags::

        {"messages": [{"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "On its way."}]}
        {"messages": [{"role": "user", "content": "where is my order"}, {"role": "assistant", "content": "On  its way!"}]}

    Passes::

        {"messages": [{"role": "user", "content": "What is C?"}, {"role": "assistant", "content": "A language."}]}
        {"messages": [{"role": "user", "content": "What is C++?"}, {"role": "assistant", "content": "A language."}]}

    Cure: keep one of them.
    """

    name = "normalized"
    sees = "all"
    key = "normal"

    def observer(self) -> Observer:
        """Share the digests with the other rules on sameness."""
        return Digests()

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each record that differs from the first of its group, and is no exact repeat of one before it."""
        del source
        for _, group in state.groups("normal", at_least=2):
            before = state.at(group[0])
            seen = {group[0].exact}
            for member in islice(group, 1, None):
                if member.exact not in seen:
                    seen.add(member.exact)
                    message = f"repeats {before.place} but for case, space or punctuation"
                    yield self.finding(state.at(member), message, related=[before], score=1.0)
