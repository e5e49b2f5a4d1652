"""labels/likely-wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dslint.plugin import (
    DATASET,
    Confidence,
    DatasetRule,
    Finding,
    Measure,
    NotApplicableError,
    Observer,
    OptionFile,
    Severity,
    Source,
    State,
    read_sheet,
)
from dslint_packs.labels.confident_learning import Judgement, judge
from dslint_packs.labels.features import plain
from dslint_packs.labels.label_arrays import Dataset, Labelled, name_of
from dslint_packs.labels.label_values import rows_of, shown, text_and_label
from dslint_packs.labels.user_arrays import codes_of, matrix_of

if TYPE_CHECKING:
    import numpy as np

    from dslint_packs.labels.classifier import Cases

    Array = np.ndarray[Any, Any]

SMALLEST = 5
"""Texts that a label must have: of fewer nothing can be learnt."""
_TOO_FEW = f"there are not two labels with {SMALLEST} texts or more"
_SMALL = 1000
TRUSTED_WEIGHT = 2.0
ENOUGH_TRUSTED = 50
"""Checked labels from which on they alone calibrate the probabilities."""
SURE = 0.9
LIKELY = 0.5
NAMED = 1000
"""Labels up to which each gets a measure of its own."""
MANY, HELD = 600_000, 1_600
"""Texts from which on a run says how much memory they took, and the bytes that each takes: 1 GB together."""


@dataclass(frozen=True)
class LikelyWrong(DatasetRule):
    """Records whose label is likely wrong, judged by all others.

    Why: a wrong label teaches what is not so, and in a test set it punishes the right answer. In public test sets some percent are wrong.

    Needs a text and a label, and no model: what the other records say of a text is learnt from words, pairs of words and runs of letters, by naive
    Bayes, and up to 20 labels by logistic regression too; no text is judged by a model that has seen it, and equal texts count as one. cleanlab's
    confident learning then estimates how many labels are wrong, and the least probable ones are listed, with the likely label as suggestion.
    The order of the records changes nothing. `score` tells in which order to look at them; `confidence` how likely the label is wrong: high from a
    probability of 0.9 on, medium from 0.5 on. One finding is a hint and never an error; set limits on the measure `estimated-noise`.

    Measured: with 10 % of the labels of sentence polarity (10,662) exchanged at random, in five draws: AUROC of the score 0.871 to 0.877,
    average precision 0.502 to 0.547 (mean 0.531; in five further draws 0.510 to 0.564, mean 0.534); of the flagged 42 to 44 % are exchanged ones,
    60 to 63 % of which are found; all 7 of high confidence, 79 % of medium, 36 % of low. With 5 % of the labels of CLINC150 (15,000, 150 labels)
    exchanged, in three draws: AUROC 0.999, average precision 0.978 to 0.980, precision 0.98, recall 0.87 to 0.89, in 8 CPU seconds; of 150,000 rows,
    which are these with noise, in 27. Untouched, 134 records of CLINC150 and 796 of sentence polarity are flagged, nearly all with low confidence.
    With cleanlab's probabilities for 20 newsgroups, its 95 flags. Sorted by label or shuffled, the findings are the same.

    Measured at scale: of a million short texts with 19 labels, 5 % of them exchanged, 79 % are found with a precision of 0.996, in 256 CPU seconds
    and 1.7 GB. Of 50,000 texts with 3,000 labels nearly all exchanged ones are found, but only 23 % of the flagged are such: with so few texts
    a label the estimate is much too high.

    Measured with `trusted`, of the labels that nobody has checked. CLINC150 with 40 % exchanged: three checked labels of each raise recall from 0.73
    to 0.99 (precision 1.00 to 0.98), and the estimate from 0.29 to 0.41; with 20 % exchanged, recall from 0.74 to 0.99 (precision 1.00 to 0.97). A
    tenth of sentence polarity, where 20 % of all labels were exchanged in one direction: AUROC 0.61 to 0.85, average precision 0.22 to 0.65, and
    95 % right of those with high confidence; without checked labels such a bias is not seen. Exchanged in both directions (10 %): average precision
    0.526 to 0.530, AUROC 0.876 to 0.874: no gain; nor from three checked labels of each. Average precision on CLINC150 does not gain either (0.995
    to 0.991). Where half of the labels are missing, those suggested with high confidence are right in 98 % of CLINC150 (0.99 stated) and 94 % of
    polarity (0.95 stated), those with medium in 69 % (0.73) and 71 % (0.72).

    Blind spots: labels that are wrong in the same way everywhere; records that are wrong and repeated with small changes, which back each other;
    texts whose meaning their words do not tell; what stands behind the first 4,000 characters. Labels with fewer than five texts are not judged
    (`unjudged`). Logistic regression learns from at most 50,000 texts, those with the smallest digests; with thousands of labels the rarest
    n-grams are left out; and of texts times labels a thousand million are judged at most, again those with the smallest digests. An info on the
    dataset says so in the run, with the numbers; and another one from 600,000 texts on, for what is learnt of a text is held in memory, about
    1.6 KB of it, whatever `--memory` says.

    Options: `report`: `likely`, or `all`: every judged record as a finding with its score.
    `trusted`: labels that a person has checked: a JSONL or CSV file with a text and a label, or a column of the records (true where the
    given label is right, or else the right label). They weigh twice as much, are never doubted, and 50 or more of them calibrate the
    probabilities; then a label that is wrong with a probability of 0.9 is a warning, and records without a label get a suggestion.
    `review`: a review sheet that was filled in (see `-o review=FILE`): its corrected labels, and those with the verdict `ok`, are trusted too; its
    texts are found again by what is left of them when masked.
    `probabilities`: your own, out of sample, in place of dslint's: a column (a list, or an object by label) or a `.npy` or `.parquet` file with a row
    for each record; cleanlab's default filter is applied to them. `embeddings`: the same, in place of words. `roles`, which texts are read.

    Flags::

        {"text": "where is my invoice", "label": "billing"}
        {"text": "send me the invoice again", "label": "billing"}
        {"text": "the invoice is wrong", "label": "billing"}
        {"text": "i paid the invoice twice", "label": "billing"}
        {"text": "i need a new invoice", "label": "billing"}
        {"text": "where is my parcel", "label": "delivery"}
        {"text": "the parcel is late", "label": "delivery"}
        {"text": "the parcel came open", "label": "delivery"}
        {"text": "send the parcel home", "label": "delivery"}
        {"text": "my parcel is lost", "label": "delivery"}
        {"text": "is the parcel late", "label": "billing"}

    Passes::

        {"text": "where is my invoice", "label": "billing"}
        {"text": "send me the invoice again", "label": "billing"}
        {"text": "the invoice is wrong", "label": "billing"}
        {"text": "i paid the invoice twice", "label": "billing"}
        {"text": "i need a new invoice", "label": "billing"}
        {"text": "where is my parcel", "label": "delivery"}
        {"text": "the parcel is late", "label": "delivery"}
        {"text": "the parcel came open", "label": "delivery"}
        {"text": "send the parcel home", "label": "delivery"}
        {"text": "my parcel is lost", "label": "delivery"}

    Cure: look at the record; correct the label, or mark it as right in a review sheet. Do not delete what is flagged unseen.
    """

    name = "likely-wrong"
    severity = Severity.INFO
    needs_columns = ("label",)
    requires = ("cleanlab", "sklearn")
    extra = "labels"
    measures = {  # noqa: RUF012 - a declaration, never changed
        "estimated-noise": "share of wrong labels among those judged, as confident learning estimates it",
        "noise": "the same for one label, as noise[label=NAME]",
        "unjudged": "records with a label that were not judged: no text, or too few texts with that label",
        "trusted-noise": "share of wrong labels among those that a person has checked",
    }

    report: Literal["likely", "all"] = "likely"
    trusted: OptionFile | str | None = None
    review: OptionFile | None = None
    probabilities: OptionFile | str | None = None
    embeddings: OptionFile | str | None = None
    roles: tuple[str, ...] = ("prompt", "target")

    def observer(self) -> Observer:
        """Keep of each record a digest of its text and its label."""
        return Labelled(
            self.roles,
            self.trusted if isinstance(self.trusted, str) else "",
            reviewed=self.review is not None,
        )

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each label that is likely wrong, and how many there are estimated to be."""
        trusted, reviewed = self._trusted(), self._reviewed()
        if (
            self.probabilities is None
            and len(state) <= _SMALL
            and _hopeless(state, (*trusted.values(), *reviewed.values()))
        ):
            raise NotApplicableError(_TOO_FEW)
        import numpy as np

        data = Dataset(state, trusted, reviewed)
        judged = (data.given >= 0) & (data.checked < 0)
        if self.probabilities is not None:
            yield from self._by_given(data, np.flatnonzero(judged), self.probabilities, source)
        else:
            yield from self._by_text(data, judged, source)
        yield from self._corrected(data)

    def _trusted(self) -> dict[bytes, tuple[str, str]]:
        """Return digest, text and label of what people have checked, from the trusted file."""
        return (
            {}
            if not isinstance(self.trusted, OptionFile)
            else _pairs(text_and_label(row) for row in rows_of(self.trusted, "trusted"))
        )

    def _reviewed(self) -> dict[bytes, tuple[str, str]]:
        """Return the same of the review sheet, where texts are masked: the corrected label, or the given one where that is right."""
        rows = [] if self.review is None else read_sheet(self.review.path, self.review.data)
        return _pairs((row.text, row.corrected or row.label) for row in rows)

    def _by_given(
        self, data: Dataset, numbers: Array, given: OptionFile | str, source: Source
    ) -> Iterator[Finding | Measure]:
        """Judge by the user's probabilities, with cleanlab's own filter."""
        import numpy as np
        from cleanlab.filter import find_label_issues

        matrix, names = matrix_of("probabilities", given, data, numbers, source)
        present = np.unique(data.given[numbers])
        codes = codes_of(names, matrix.shape[1], [data.labels[label] for label in present.tolist()])
        coded = np.array([codes[data.labels[label]] for label in present.tolist()], int)[
            np.searchsorted(present, data.given[numbers])
        ]
        said = judge(
            matrix, np.arange(len(coded)), coded, flagged=find_label_issues(coded, matrix, n_jobs=1)
        )
        yield from self._listed(
            data,
            numbers,
            coded,
            np.arange(len(coded)),
            said,
            {code: name for name, code in codes.items()},
        )

    def _by_text(self, data: Dataset, judged: Array, source: Source) -> Iterator[Finding | Measure]:
        """Judge by what can be learnt from the texts, out of sample."""
        import numpy as np

        from dslint_packs.labels.classifier import classifiers_for
        from dslint_packs.labels.stacking import MOST_CELLS, probabilities

        has_text = data.number >= 0
        cases, names = _cases(data)
        place = np.full(len(data.labels), -1)
        place[names] = np.arange(len(names))
        asked = np.flatnonzero(judged)
        asked = asked[has_text[asked] & (place[data.given[asked]] >= 0)]
        checked = np.flatnonzero(cases.weights > 1)
        calibrating = checked if len(checked) >= ENOUGH_TRUSTED else np.arange(len(cases.texts))
        vectors = None
        if self.embeddings is not None:
            known = np.flatnonzero(has_text)
            first = known[np.unique(data.number[known], return_index=True)[1]]
            vectors, _ = matrix_of("embeddings", self.embeddings, data, first, source)
        stack = classifiers_for(cases, len(data.names), data.texts(source, self.roles), vectors)
        size = min(len(data.names), MOST_CELLS // len(names))
        asked = asked[data.number[asked] < size]
        found = probabilities(
            stack.classifiers,
            stack.chunks,
            cases,
            calibrating[cases.texts[calibrating] < size],
            size,
        )
        yield from self._judged(
            data,
            asked,
            found,
            place[data.given[asked]],
            [data.labels[label] for label in names.tolist()],
        )
        yield Measure("unjudged", int(judged.sum()) - len(asked))
        if size < len(data.names):
            stack.left_out.append(
                f"{size:,} of {len(data.names):,} texts were judged: there are {len(names):,} labels"
            )
        if len(data.names) > MANY:
            stack.left_out.append(
                f"{len(data.names):,} texts took some {len(data.names) * HELD / 1e9:.1f} GB of memory"
            )
        for said in stack.left_out:
            yield self.finding(DATASET, said)
        if len(checked):
            for number in np.flatnonzero(
                data.unlabelled & has_text & (data.number < size) & (data.checked < 0)
            ).tolist():
                row = found[data.number[number]]
                yield self._suggested(
                    data, number, data.labels[names[int(row.argmax())]], float(row.max())
                )

    def _judged(
        self, data: Dataset, judged: Array, found: Array, labels: Array, names: list[str]
    ) -> Iterator[Finding | Measure]:
        """Judge each pair of text and label once, however often it is there."""
        import numpy as np

        keys, case = np.unique(data.number[judged] * len(names) + labels, return_inverse=True)
        said = judge(found, keys // len(names), keys % len(names), noise=_checked_noise(data))
        yield from self._listed(data, judged, keys % len(names), case, said, dict(enumerate(names)))

    def _listed(
        self,
        data: Dataset,
        numbers: Array,
        labels: Array,
        case: Array,
        said: Judgement,
        names: dict[int, str],
    ) -> Iterator[Finding | Measure]:
        """Yield the measures, and the findings on the records (`case` says which judgement is theirs)."""
        import numpy as np

        yield Measure("estimated-noise", float(said.flagged.mean()))
        if len(names) <= NAMED:
            sizes = np.bincount(labels, minlength=max(names) + 1)
            flagged = np.bincount(labels, weights=said.flagged, minlength=max(names) + 1)
            for code, name in names.items():
                if sizes[code] and shown(name) is not None:
                    yield Measure(
                        f"noise[label={name}]", round(float(flagged[code] / sizes[code]), 6)
                    )
        calibrated = int((data.checked >= 0).sum()) >= ENOUGH_TRUSTED
        for number, place in zip(numbers.tolist(), case.tolist(), strict=True):
            if said.flagged[place]:
                likely, wrong = names.get(int(said.likely[place]), ""), float(said.wrong[place])
                yield self.finding(
                    data.at(number),
                    f"the label {'is likely' if wrong >= LIKELY else 'may be'} wrong (probability {wrong:.2f})",
                    severity=Severity.WARNING if calibrated and wrong >= SURE else Severity.INFO,
                    confidence=_confidence(wrong),
                    score=round(float(said.score[place]), 6),
                    suggestion=shown(likely),
                )
            elif self.report == "all":
                message = "the label is not among those that are likely wrong"
                yield self.finding(
                    data.at(number),
                    message,
                    severity=Severity.INFO,
                    confidence=Confidence.LOW,
                    score=round(float(said.score[place]), 6),
                )

    def _suggested(self, data: Dataset, number: int, likely: str, sure: float) -> Finding:
        return self.finding(
            data.at(number),
            f"there is no label; a likely one is suggested (probability {sure:.2f})",
            confidence=_confidence(sure),
            score=round(1 - sure, 6),
            suggestion=shown(likely),
        )

    def _corrected(self, data: Dataset) -> Iterator[Finding | Measure]:
        """Yield a finding for each label that a person has found wrong, and how many those are of all that were checked."""
        import numpy as np

        share = _checked_noise(data)
        if share is not None:
            yield Measure("trusted-noise", share)
        for number in np.flatnonzero(
            (data.given >= 0) & (data.checked >= 0) & (data.given != data.checked)
        ).tolist():
            message = "the label is not the one that a person has found right"
            suggestion = shown(data.labels[data.checked[number]])
            yield self.finding(
                data.at(number),
                message,
                severity=Severity.WARNING,
                score=1.0,
                suggestion=suggestion,
            )


def _confidence(probability: float) -> Confidence:
    return (
        Confidence.HIGH
        if probability >= SURE
        else Confidence.MEDIUM
        if probability >= LIKELY
        else Confidence.LOW
    )


def _hopeless(state: State, added: Iterable[tuple[str, str]]) -> bool:
    """Say whether there cannot be two labels with enough texts: told before anything large is imported."""
    rows = list(state.rows())
    said = [label for row in rows for label in {row.label, row.checked} - {None}]
    sizes = Counter([*said, *(label for _, label in added)])
    return (
        all(row.kind in ("class", "missing") for row in rows)
        and sum(size >= SMALLEST for size in sizes.values()) < 2
    )


def _checked_noise(data: Dataset) -> float | None:
    """Return the share of given labels that are not what a person says, of those checked; None if there are too few."""
    both = (data.given >= 0) & (data.checked >= 0)
    return (
        float((data.given != data.checked)[both].mean())
        if int(both.sum()) >= ENOUGH_TRUSTED
        else None
    )


def _cases(data: Dataset) -> tuple[Cases, Array]:
    """Return what is learnt from, each pair of text and label once, and which labels are: those with enough texts.

    Raises NotApplicableError where these are not two.
    """
    import numpy as np

    from dslint_packs.labels.classifier import Cases

    learnt = np.where(data.checked >= 0, data.checked, data.given)
    known = np.flatnonzero((data.number >= 0) & (learnt >= 0))
    added = np.array([(number, label) for number, _, label in data.added], int).reshape(-1, 2)
    pairs = np.concatenate(
        [
            data.number[known] * len(data.labels) + learnt[known],
            added[:, 0] * len(data.labels) + added[:, 1],
        ]
    )
    weights = np.where(
        np.concatenate([data.checked[known] >= 0, np.ones(len(added), bool)]), TRUSTED_WEIGHT, 1.0
    )
    keys, case = np.unique(pairs, return_inverse=True)
    heaviest = np.zeros(len(keys))
    np.maximum.at(heaviest, case, weights)
    texts, labels = keys // len(data.labels), keys % len(data.labels)
    sizes = np.bincount(labels, minlength=len(data.labels))
    names = np.flatnonzero(sizes >= SMALLEST)
    if len(names) < 2:
        raise NotApplicableError(_TOO_FEW)
    kept = sizes[labels] >= SMALLEST
    return Cases(
        texts[kept], np.searchsorted(names, labels[kept]), heaviest[kept], len(names)
    ), names


def _pairs(rows: Iterable[tuple[str | None, str | None]]) -> dict[bytes, tuple[str, str]]:
    """Return digest, text and label of rows that have both."""
    texts = ((plain(text or ""), label) for text, label in rows)
    return {
        name: (said, label)
        for said, label in texts
        for name in [name_of(said)]
        if name is not None and label
    }
