"""Out-of-sample class probabilities from texts and labels alone: two linear classifiers, and how far to trust each.

No text is judged by a model that has seen it. Naive Bayes leaves it out exactly, by taking its own counts away; logistic regression is trained in
five folds. Nothing depends on the order of the texts: counts are exact sums, folds and samples go by the order of digests.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from dslint_packs.labels.features import COLUMNS, WORD_WEIGHT, WORDS, grams

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Fetch = Callable[[], Iterator[tuple[Sequence[int], Sequence[str]]]]
"""Yields texts with their numbers, some at a time."""

FOLDS = 5
LEARNT = 50_000
"""Texts that logistic regression learns from at most; naive Bayes learns from all."""
FEW_CLASSES = 20
"""Up to so many classes words and characters are weighed apart, longer runs of characters count, and logistic regression takes part: all that takes
time that grows with the classes, and beyond naive Bayes alone did as well."""
ACROSS = (7,)
"""Characters in the longer runs, which may cross from word to word."""
FEW_TEXTS = 200
"""From so many texts on logistic regression takes part."""
SMOOTHING = (0.05, 0.1, 0.2, 0.4, 0.8)
KEPT = 50_000_000
"""N-grams that are kept in memory between passes (300 MB); more go to a temporary file."""
CELLS = 1 << 25
"""Weights that naive Bayes may have (400 MB): with thousands of classes the rarest n-grams are left out."""
_UNIT = 1 << 16


@dataclass
class Cases:
    """What is learnt: text `texts[i]` has label `labels[i]`, with weight `weights[i]`. Texts are numbered in the order of their digests."""

    texts: Array
    labels: Array
    weights: Array
    classes: int


class Corpus:
    """The n-grams of all texts, in chunks of any order; kept in memory as long as they fit, and then on disk."""

    def __init__(self, size: int, fetch: Fetch, across: Sequence[int]) -> None:
        self.size = size
        self._fetch = fetch
        self._across = across
        self._held: list[tuple[Any, ...]] | None = None
        self._spilled = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield (numbers of the texts, entries of each, columns, counts)."""
        import numpy as np

        if self._held is None:
            self._held, room = [], KEPT
            for numbers, texts in self._fetch():
                rows, columns, counts = grams(texts, self._across)
                sizes = np.bincount(rows, minlength=len(texts))
                chunk = (
                    np.asarray(numbers),
                    sizes,
                    columns.astype(np.uint32),
                    np.minimum(counts, 65535).astype(np.uint16),
                )
                room -= len(columns)
                if room > 0:
                    self._held.append(chunk)
                else:
                    self._spilled += 1
                    for part in chunk:
                        np.save(self._file, part)
        yield from self._held
        if self._spilled:
            self._file.seek(0)
        for _ in range(self._spilled):
            yield tuple(np.load(self._file) for _ in range(4))

    @cached_property
    def _file(self) -> Any:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed, and gone, with the corpus
        weakref.finalize(self, file.close)
        return file


class Vectors:
    """TF-IDF vectors of unit length over the n-grams that two texts or more share."""

    def __init__(self, corpus: Corpus, classes: int) -> None:
        import numpy as np

        self._corpus, self.size = corpus, corpus.size
        shared = np.zeros(COLUMNS, np.int32)
        for _, _, columns, _ in corpus:
            np.add.at(shared, columns, 1)
        used = np.flatnonzero(shared >= 2)
        most = max(CELLS // classes, 1)
        self.shared = len(used)
        if len(used) > most:
            used = used[shared[used] > np.partition(shared[used], -most)[-most]]
        self.width, self.words = len(used), int(np.searchsorted(used, WORDS))
        self._place = np.zeros(
            COLUMNS, np.int32
        )  # memory is taken for the pages that are written to only
        self._place[used] = np.arange(1, self.width + 1)
        self._weight = (np.log((1 + corpus.size) / (1 + shared[used])) + 1) * np.where(
            used < WORDS, WORD_WEIGHT, 1.0
        )

    def __iter__(self) -> Iterator[tuple[Array, Any]]:
        """Yield (numbers of the texts, their vectors as a CSR matrix)."""
        import numpy as np
        from scipy.sparse import csr_matrix

        for numbers, sizes, columns, counts in self._corpus:
            rows = np.repeat(np.arange(len(sizes)), sizes)
            place = self._place[columns]
            known = place > 0
            rows, place = rows[known], place[known] - 1
            values = (1 + np.log(counts[known])) * self._weight[place]
            length = np.sqrt(np.bincount(rows, weights=values * values, minlength=len(sizes)))
            # Multiples of a power of two add up to the same sum in any order.
            values = np.round(values / length[rows] * _UNIT) / _UNIT
            starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(sizes)))])
            yield numbers, csr_matrix((values, place, starts), shape=(len(sizes), self.width))


class NaiveBayes:
    """Multinomial naive Bayes on some columns that judges each text by all others: what the text itself has added is taken away before it is judged.

    On TF-IDF vectors: Rennie et al., Tackling the Poor Assumptions of Naive Bayes Text Classifiers, ICML 2003.
    """

    def __init__(self, vectors: Vectors, cases: Cases, columns: slice) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        self._columns = columns
        self._by_text = csr_matrix(
            (cases.weights, (cases.texts, cases.labels)),
            shape=(int(cases.texts.max()) + 1, cases.classes),
        )
        self._by_text.resize((vectors.size, cases.classes))
        self._counts = np.zeros((len(range(vectors.width)[columns]), cases.classes))
        self.smoothing = SMOOTHING[2]

    def learn(self, numbers: Array, matrix: Any) -> None:
        """Add some texts to the counts."""
        added = (matrix[:, self._columns].T @ self._by_text[numbers]).tocoo()
        self._counts[added.row, added.col] += added.data

    @cached_property
    def _totals(self) -> Array:
        totals: Array = self._counts.sum(axis=0)
        return totals

    @cached_property
    def _logs(self) -> dict[float, Array]:
        return {}

    def scores(self, numbers: Array, matrix: Any) -> Array:
        """Return the logarithm of the likelihood of each text under each class: texts x classes."""
        import numpy as np

        matrix = matrix[:, self._columns]
        smoothing = self.smoothing
        if smoothing not in self._logs:
            self._logs.clear()
            logs = np.add(self._counts, smoothing, dtype=np.float32, casting="same_kind")
            self._logs[smoothing] = np.log(logs, out=logs)
        mass = smoothing * max(len(self._counts), 1)
        sums = np.asarray(matrix.sum(axis=1)).ravel()
        # Both of one type: else the weights of all n-grams would be converted for each chunk of texts.
        scores: Array = matrix.astype(np.float32) @ self._logs[smoothing] - np.outer(
            sums, np.log(self._totals + mass)
        )
        own = self._by_text[numbers].tocoo()
        starts, sizes = matrix.indptr[own.row], np.diff(matrix.indptr)[own.row]
        entry = np.repeat(starts - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) + np.arange(
            sizes.sum()
        )
        columns, values = matrix.indices[entry], matrix.data[entry]
        rest = self._counts[columns, np.repeat(own.col, sizes)] - values * np.repeat(
            own.data, sizes
        )
        logs = np.bincount(
            np.repeat(np.arange(len(sizes)), sizes),
            np.log(np.maximum(rest, 0) + smoothing) * values,
            len(sizes),
        )
        scores[own.row, own.col] = logs - sums[own.row] * np.log(
            self._totals[own.col] - own.data * sums[own.row] + mass
        )
        return scores


class Regression:
    """Logistic regression on words and pairs of words, in five folds: each text is judged by a model of the other four."""

    def __init__(self, vectors: Vectors, cases: Cases) -> None:
        import numpy as np
        from scipy.sparse import vstack
        from sklearn.linear_model import SGDClassifier

        self._classes = cases.classes
        self._fold = folds(cases, vectors.size)
        numbers, parts = [], []
        for some, matrix in vectors:
            learnt = some < LEARNT
            numbers.append(some[learnt])
            parts.append(matrix[learnt][:, : vectors.words])
        matrix, row = vstack(parts).tocsr(), np.full(vectors.size, -1)
        self._words = np.flatnonzero(np.bincount(matrix.indices, minlength=vectors.words) >= 2)
        matrix = matrix[:, self._words]
        row[np.concatenate(numbers)] = np.arange(matrix.shape[0])
        self._models: list[tuple[int, Array, Array, Array]] = []
        for fold in range(FOLDS):
            chosen = np.flatnonzero((self._fold[cases.texts] != fold) & (row[cases.texts] >= 0))
            labels = cases.labels[chosen]
            if len(np.unique(labels)) > 1:  # else the sample has left too little to learn from
                model = SGDClassifier(
                    loss="log_loss", alpha=3e-5, max_iter=8, tol=None, average=True, random_state=0
                )
                model.fit(
                    matrix[row[cases.texts[chosen]]], labels, sample_weight=cases.weights[chosen]
                )
                # Laid out as the product wants them, or all would be copied for each chunk of texts.
                self._models.append(
                    (
                        fold,
                        model.classes_,
                        np.ascontiguousarray(model.coef_.T, np.float32),
                        model.intercept_,
                    )
                )

    def scores(self, numbers: Array, matrix: Any) -> Array:
        """Return the logarithm of the probability of each class: texts x classes."""
        import numpy as np
        from scipy.special import expit

        matrix = matrix[:, self._words].astype(np.float32)
        found = np.full((len(numbers), self._classes), 1e-6)
        for fold, classes, weights, intercept in self._models:
            mine = np.flatnonzero(self._fold[numbers] == fold)
            each = expit(
                (matrix[mine] @ weights).astype(float) + intercept
            )  # each class against the rest
            shares = (
                each / np.maximum(each.sum(axis=1, keepdims=True), 1e-12)
                if len(classes) > 2
                else np.hstack([1 - each, each])
            )
            found[np.ix_(mine, classes)] = shares
        logs: Array = np.log(np.maximum(found, 1e-6))
        return logs


class DenseRegression:
    """Logistic regression on embeddings, in five folds."""

    def __init__(self, vectors: Array, cases: Cases) -> None:
        import numpy as np
        from sklearn.linear_model import LogisticRegression

        fold = folds(cases, len(vectors))
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        found = np.full((len(vectors), cases.classes), 1e-6)
        for number in range(FOLDS):
            learnt, judged = fold[cases.texts] != number, np.flatnonzero(fold == number)
            model = LogisticRegression(C=10.0, max_iter=200)
            model.fit(
                vectors[cases.texts[learnt]],
                cases.labels[learnt],
                sample_weight=cases.weights[learnt],
            )
            if len(judged):
                found[np.ix_(judged, model.classes_)] = model.predict_proba(vectors[judged])
        self._logs = np.log(np.maximum(found, 1e-6))

    def scores(self, numbers: Array, matrix: Any) -> Array:
        """Return the logarithm of the probability of each class: texts x classes."""
        del matrix
        logs: Array = self._logs[numbers]
        return logs


def folds(cases: Cases, size: int) -> Array:
    """Deal the texts out: each fold has its share of every class, and all records of a text are in one."""
    import numpy as np

    label = np.full(size, -1)
    label[cases.texts[::-1]] = cases.labels[::-1]
    order = np.lexsort((np.arange(size), label))
    fold = np.empty(size, np.int8)
    fold[order] = np.arange(size) % FOLDS
    return fold


class Classifier(Protocol):
    """What the stack adds up."""

    def scores(self, numbers: Array, matrix: Any) -> Array:
        """Return log-probabilities, or what grows with them: texts x classes."""


class Stack(NamedTuple):
    """Trained classifiers, what yields all texts for them (numbers and vectors), and what they have not looked at, as sentences."""

    classifiers: list[Classifier]
    chunks: Iterable[tuple[Array, Any]]
    left_out: list[str]


def classifiers_for(cases: Cases, size: int, fetch: Fetch, embeddings: Array | None) -> Stack:
    """Train classifiers. `embeddings` have one row a text, if there are any."""
    import numpy as np

    if embeddings is not None:
        return Stack([DenseRegression(embeddings, cases)], [(np.arange(size), None)], [])
    few = cases.classes <= FEW_CLASSES
    vectors = Vectors(Corpus(size, fetch, ACROSS if few else ()), cases.classes)
    parts = (slice(vectors.words), slice(vectors.words, None)) if few else (slice(None),)
    bayes = [NaiveBayes(vectors, cases, columns) for columns in parts]
    for numbers, matrix in vectors:
        for classifier in bayes:
            classifier.learn(numbers, matrix)
    left_out = []
    if vectors.width < vectors.shared:
        left_out.append(
            f"of {vectors.shared:,} n-grams the {vectors.width:,} that are in most texts were looked at: there are {cases.classes:,} labels"
        )
    regression = vectors.words and few and len(cases.texts) >= FEW_TEXTS
    if regression and size > LEARNT:
        left_out.append(
            f"logistic regression has learnt from {LEARNT:,} of {size:,} texts, naive Bayes from all"
        )
    return Stack(
        [*bayes, Regression(vectors, cases)] if regression else [*bayes], vectors, left_out
    )
