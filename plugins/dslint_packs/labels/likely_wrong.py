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
from dslint_packs.labels.label_arrays import LabelArrays, LabelRows, digest_of
from dslint_packs.labels.label_values import read_rows, short_name, text_and_label
from dslint_packs.labels.user_arrays import codes_of, matrix_of

if TYPE_CHECKING:
    import numpy as np

    from dslint_packs.labels.classifier import Cases

    Array = np.ndarray[Any, Any]

MIN_TEXTS = 5
"""Minimum number of texts of a label; fewer are not enough to train on."""
_TOO_FEW = f"fewer than two labels have {MIN_TEXTS} or more texts"
_FEW_RECORDS = 1000
TRUSTED_WEIGHT = 2.0
ENOUGH_TRUSTED = 50
"""Number of checked labels from which they alone calibrate the probabilities."""
HIGH_PROBABILITY = 0.9
MEDIUM_PROBABILITY = 0.5
MAX_MEASURED_LABELS = 1000
"""Number of labels up to which each label gets its own measure."""
MANY_TEXTS, BYTES_PER_TEXT = 600_000, 1_600
"""Number of texts from which a run reports the memory they took, and the bytes per text (1 GB)."""


@dataclass(frozen=True)
class LikelyWrong(DatasetRule):
    """Records whose label is likely wrong, judged from all other records.

    Why: a wrong label teaches the model something false, and in a test set it penalizes the right
    answer. In public test sets some percent of the labels are wrong.

    Needs a text and a label, and no model. Classifiers are trained on the words, word pairs and
    character n-grams of the other records: naive Bayes, and with up to 20 labels logistic
    regression too. No text is judged by a model that has seen it, and equal texts count as one.
    cleanlab's confident learning then estimates how many labels are wrong, and the least probable
    ones are reported, each with the likely label as suggestion.
    The order of the records does not matter. `score` tells in which order to look at the findings;
    `confidence` tells how likely the label is wrong: high from a probability of 0.9, medium from
    0.5. A finding is a hint and never an error; set limits on the measure `estimated-noise`.

    Measured: sentence polarity (10,662 records) with 10 % of the labels flipped at random, five
    seeds: AUROC of the score 0.871 to 0.877, average precision 0.502 to 0.547 (mean 0.531; five
    further seeds: 0.510 to 0.564, mean 0.534). Of the flagged labels 42 to 44 % are flipped ones,
    which is 60 to 63 % of all flipped ones; by confidence: all 7 of high, 79 % of medium, 36 % of
    low. CLINC150 (15,000 records, 150 labels) with 5 % flipped, three seeds: AUROC 0.999, average
    precision 0.978 to 0.980, precision 0.98, recall 0.87 to 0.89, in 8 CPU seconds; repeated with
    noise to 150,000 rows, in 27. In the original data 134 records of CLINC150 and 796 of sentence
    polarity are flagged, nearly all with low confidence. With cleanlab's probabilities for 20
    newsgroups, the same 95 flags as cleanlab. The findings are the same for sorted and shuffled
    records.

    Measured at scale: a million short texts with 19 labels, 5 % of them flipped: 79 % are found
    with a precision of 0.996, in 256 CPU seconds and 1.7 GB. 50,000 texts with 3,000 labels: nearly
    all flipped labels are found, but only 23 % of the flagged ones are flipped; with so few texts
    per label the estimate is much too high.

    Measured with `trusted`, on the unchecked labels. CLINC150 with 40 % flipped: three checked
    labels of each class raise recall from 0.73 to 0.99 (precision 1.00 to 0.98), and the estimate
    from 0.29 to 0.41; with 20 % flipped, recall rises from 0.74 to 0.99 (precision 1.00 to 0.97).
    Average precision on CLINC150 does not improve (0.995 to 0.991). Sentence polarity with 20 % of
    all labels flipped in one direction and a tenth checked: AUROC 0.61 to 0.85, average precision
    0.22 to 0.65, and 95 % of the findings of high confidence are right; without checked labels such
    a bias goes unnoticed. Flipped in both directions (10 %): average precision 0.526 to 0.530,
    AUROC 0.876 to 0.874, so no gain; nor with three checked labels of each class. Where half of the
    labels are missing, the suggestions of high confidence are right for 98 % of CLINC150 (0.99
    stated) and 94 % of polarity (0.95 stated), those of medium confidence for 69 % (0.73) and 71 %
    (0.72).

    Blind spots: labels that are wrong in the same way everywhere; wrong records that are repeated
    with small changes and so support each other; texts whose words do not reveal their meaning;
    anything after the first 4,000 characters. Labels with fewer than five texts are not judged
    (`unjudged`). Logistic regression is trained on at most 50,000 texts, those with the smallest
    digests; with thousands of labels the rarest n-grams are left out; and at most a billion
    pairs of text and label are judged, again for the texts with the smallest digests. An
    info on the dataset reports each of these limits that applied, with the numbers. So does another
    one from 600,000 texts on: the features are kept in memory, about 1.6 KB per text, whatever
    `--memory` says.

    Options: `report`: `likely`, or `all` for every judged record as a finding with its score.
    `trusted`: labels that a person has checked: a JSONL or CSV file with a text and a label, or a
    column of the records (true if the given label is right, otherwise the right label). They weigh
    twice as much and are never questioned. 50 or more of them calibrate the probabilities; then a
    label that is wrong with a probability of 0.9 is a warning. Records without a label get a
    suggestion.
    `review`: a review sheet that has been filled in (see `-o review=FILE`): its corrected labels,
    and those with the verdict `ok`, are trusted too. Its texts are matched by their masked form.
    `probabilities`: your own out-of-sample probabilities instead of dslint's: a column (a list, or
    an object by label) or a `.npy` or `.parquet` file with one row per record; cleanlab's default
    filter is applied to them. `embeddings`: the same, instead of words. `roles`: which texts to
    read.

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

    Cure: look at the record; correct the label, or mark it as right in a review sheet. Do not
    delete flagged records without looking at them.
    """

    name = "likely-wrong"
    severity = Severity.INFO
    needs_columns = ("label",)
    requires = ("cleanlab", "sklearn")
    extra = "labels"
    measures = {  # noqa: RUF012 - a declaration, never changed
        "estimated-noise": "estimated share of wrong labels among the judged ones",
        "noise": "the same for one label, as noise[label=NAME]",
        "unjudged": "labelled records not judged: no text, or too few with that label",
        "trusted-noise": "share of wrong labels among those checked by a person",
    }

    report: Literal["likely", "all"] = "likely"
    trusted: OptionFile | str | None = None
    review: OptionFile | None = None
    probabilities: OptionFile | str | None = None
    embeddings: OptionFile | str | None = None
    roles: tuple[str, ...] = ("prompt", "target")

    def observer(self) -> Observer:
        """Return an observer that keeps a digest of each text, and its label."""
        return LabelRows(
            self.roles,
            self.trusted if isinstance(self.trusted, str) else "",
            reviewed=self.review is not None,
        )

    def conclude(self, state: State, source: Source) -> Iterable[Finding | Measure]:
        """Yield a finding for each label that is likely wrong, and the measures."""
        trusted, reviewed = self._trusted(), self._reviewed()
        if (
            self.probabilities is None
            and len(state) <= _FEW_RECORDS
            and _too_few_texts(state, (*trusted.values(), *reviewed.values()))
        ):
            raise NotApplicableError(_TOO_FEW)
        import numpy as np

        data = LabelArrays(state, trusted, reviewed)
        judged = (data.given >= 0) & (data.checked < 0)
        if self.probabilities is not None:
            yield from self._by_probabilities(
                data, np.flatnonzero(judged), self.probabilities, source
            )
        else:
            yield from self._by_text(data, judged, source)
        yield from self._corrections(data)

    def _trusted(self) -> dict[bytes, tuple[str, str]]:
        """Return the texts and labels of the trusted file, by digest."""
        return (
            {}
            if not isinstance(self.trusted, OptionFile)
            else _by_digest(text_and_label(row) for row in read_rows(self.trusted, "trusted"))
        )

    def _reviewed(self) -> dict[bytes, tuple[str, str]]:
        """Return the masked texts and labels of the review sheet, by digest.

        The label is the corrected one, or the given one if that is right.
        """
        rows = [] if self.review is None else read_sheet(self.review.path, self.review.data)
        return _by_digest((row.text, row.corrected or row.label) for row in rows)

    def _by_probabilities(
        self, data: LabelArrays, numbers: Array, given: OptionFile | str, source: Source
    ) -> Iterator[Finding | Measure]:
        """Judge by the user's probabilities, with cleanlab's default filter."""
        import numpy as np
        from cleanlab.filter import find_label_issues

        matrix, names = matrix_of("probabilities", given, data, numbers, source)
        present = np.unique(data.given[numbers])
        codes = codes_of(names, matrix.shape[1], [data.labels[label] for label in present.tolist()])
        coded = np.array([codes[data.labels[label]] for label in present.tolist()], int)[
            np.searchsorted(present, data.given[numbers])
        ]
        judgement = judge(
            matrix, np.arange(len(coded)), coded, flagged=find_label_issues(coded, matrix, n_jobs=1)
        )
        yield from self._findings(
            data,
            numbers,
            coded,
            np.arange(len(coded)),
            judgement,
            {code: name for name, code in codes.items()},
        )

    def _by_text(
        self, data: LabelArrays, judged: Array, source: Source
    ) -> Iterator[Finding | Measure]:
        """Judge by the texts, out of sample."""
        import numpy as np

        from dslint_packs.labels.classifier import classifiers_for
        from dslint_packs.labels.stacking import MAX_CELLS, probabilities

        has_text = data.text_number >= 0
        cases, names = _cases(data)
        place = np.full(len(data.labels), -1)
        place[names] = np.arange(len(names))
        scored = np.flatnonzero(judged)
        scored = scored[has_text[scored] & (place[data.given[scored]] >= 0)]
        checked = np.flatnonzero(cases.weights > 1)
        calibrating = checked if len(checked) >= ENOUGH_TRUSTED else np.arange(len(cases.texts))
        vectors = None
        if self.embeddings is not None:
            known = np.flatnonzero(has_text)
            first = known[np.unique(data.text_number[known], return_index=True)[1]]
            vectors, _ = matrix_of("embeddings", self.embeddings, data, first, source)
        stack = classifiers_for(cases, len(data.digests), data.texts(source, self.roles), vectors)
        size = min(len(data.digests), MAX_CELLS // len(names))
        scored = scored[data.text_number[scored] < size]
        predicted = probabilities(
            stack.classifiers,
            stack.chunks,
            cases,
            calibrating[cases.texts[calibrating] < size],
            size,
        )
        yield from self._judge_pairs(
            data,
            scored,
            predicted,
            place[data.given[scored]],
            [data.labels[label] for label in names.tolist()],
        )
        yield Measure("unjudged", int(judged.sum()) - len(scored))
        if size < len(data.digests):
            stack.left_out.append(
                f"only {size:,} of {len(data.digests):,} texts were judged "
                f"(limit for {len(names):,} labels)"
            )
        if len(data.digests) > MANY_TEXTS:
            gigabytes = len(data.digests) * BYTES_PER_TEXT / 1e9
            stack.left_out.append(
                f"{len(data.digests):,} texts took about {gigabytes:.1f} GB of memory"
            )
        for message in stack.left_out:
            yield self.finding(DATASET, message)
        if len(checked):
            for number in np.flatnonzero(
                data.unlabelled & has_text & (data.text_number < size) & (data.checked < 0)
            ).tolist():
                row = predicted[data.text_number[number]]
                yield self._suggestion(
                    data, number, data.labels[names[int(row.argmax())]], float(row.max())
                )

    def _judge_pairs(
        self, data: LabelArrays, judged: Array, predicted: Array, labels: Array, names: list[str]
    ) -> Iterator[Finding | Measure]:
        """Judge each pair of text and label once, however often it occurs."""
        import numpy as np

        keys, case = np.unique(data.text_number[judged] * len(names) + labels, return_inverse=True)
        judgement = judge(
            predicted, keys // len(names), keys % len(names), noise=_checked_noise(data)
        )
        yield from self._findings(
            data, judged, keys % len(names), case, judgement, dict(enumerate(names))
        )

    def _findings(
        self,
        data: LabelArrays,
        numbers: Array,
        labels: Array,
        case: Array,
        judgement: Judgement,
        names: dict[int, str],
    ) -> Iterator[Finding | Measure]:
        """Yield the measures and the findings (`case`: the position of each record's judgement)."""
        import numpy as np

        yield Measure("estimated-noise", float(judgement.flagged.mean()))
        if len(names) <= MAX_MEASURED_LABELS:
            sizes = np.bincount(labels, minlength=max(names) + 1)
            flagged = np.bincount(labels, weights=judgement.flagged, minlength=max(names) + 1)
            for code, name in names.items():
                if sizes[code] and short_name(name) is not None:
                    yield Measure(
                        f"noise[label={name}]", round(float(flagged[code] / sizes[code]), 6)
                    )
        calibrated = int((data.checked >= 0).sum()) >= ENOUGH_TRUSTED
        for number, place in zip(numbers.tolist(), case.tolist(), strict=True):
            if judgement.flagged[place]:
                likely = names.get(int(judgement.likely[place]), "")
                wrong = float(judgement.wrong[place])
                yield self.finding(
                    data.at(number),
                    f"the label {'is likely' if wrong >= MEDIUM_PROBABILITY else 'may be'} wrong "
                    f"(probability {wrong:.2f})",
                    severity=Severity.WARNING
                    if calibrated and wrong >= HIGH_PROBABILITY
                    else Severity.INFO,
                    confidence=_confidence(wrong),
                    score=round(float(judgement.score[place]), 6),
                    suggestion=short_name(likely),
                )
            elif self.report == "all":
                message = "the label is not flagged as likely wrong"
                yield self.finding(
                    data.at(number),
                    message,
                    severity=Severity.INFO,
                    confidence=Confidence.LOW,
                    score=round(float(judgement.score[place]), 6),
                )

    def _suggestion(
        self, data: LabelArrays, number: int, likely: str, probability: float
    ) -> Finding:
        return self.finding(
            data.at(number),
            f"there is no label; the suggested one has a probability of {probability:.2f}",
            confidence=_confidence(probability),
            score=round(1 - probability, 6),
            suggestion=short_name(likely),
        )

    def _corrections(self, data: LabelArrays) -> Iterator[Finding | Measure]:
        """Yield a finding for each label that a person has corrected, and their share."""
        import numpy as np

        share = _checked_noise(data)
        if share is not None:
            yield Measure("trusted-noise", share)
        for number in np.flatnonzero(
            (data.given >= 0) & (data.checked >= 0) & (data.given != data.checked)
        ).tolist():
            message = "the label differs from the one a person confirmed"
            suggestion = short_name(data.labels[data.checked[number]])
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
        if probability >= HIGH_PROBABILITY
        else Confidence.MEDIUM
        if probability >= MEDIUM_PROBABILITY
        else Confidence.LOW
    )


def _too_few_texts(state: State, added: Iterable[tuple[str, str]]) -> bool:
    """Return whether no two labels can have enough texts.

    This is a cheap test that needs no large import.
    """
    rows = list(state.rows())
    labels = [label for row in rows for label in {row.label, row.checked} - {None}]
    sizes = Counter([*labels, *(label for _, label in added)])
    return (
        all(row.kind in ("class", "missing") for row in rows)
        and sum(size >= MIN_TEXTS for size in sizes.values()) < 2
    )


def _checked_noise(data: LabelArrays) -> float | None:
    """Return the share of wrong labels among the checked ones; None if too few are checked."""
    both = (data.given >= 0) & (data.checked >= 0)
    return (
        float((data.given != data.checked)[both].mean())
        if int(both.sum()) >= ENOUGH_TRUSTED
        else None
    )


def _cases(data: LabelArrays) -> tuple[Cases, Array]:
    """Return the training cases (each text and label once) and the labels with enough texts.

    Raises NotApplicableError if there are fewer than two such labels.
    """
    import numpy as np

    from dslint_packs.labels.classifier import Cases

    effective = np.where(data.checked >= 0, data.checked, data.given)
    known = np.flatnonzero((data.text_number >= 0) & (effective >= 0))
    added = np.array([(number, label) for number, _, label in data.added], int).reshape(-1, 2)
    pairs = np.concatenate(
        [
            data.text_number[known] * len(data.labels) + effective[known],
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
    names = np.flatnonzero(sizes >= MIN_TEXTS)
    if len(names) < 2:
        raise NotApplicableError(_TOO_FEW)
    enough = sizes[labels] >= MIN_TEXTS
    return Cases(
        texts[enough], np.searchsorted(names, labels[enough]), heaviest[enough], len(names)
    ), names


def _by_digest(rows: Iterable[tuple[str | None, str | None]]) -> dict[bytes, tuple[str, str]]:
    """Return the text and the label of the rows that have both, by the digest of the text."""
    texts = ((plain(text or ""), label) for text, label in rows)
    return {
        key: (text, label)
        for text, label in texts
        for key in [digest_of(text)]
        if key is not None and label
    }
