"""Linear classifiers that score texts out of sample, trained on nothing but texts and labels.

No text is judged by a model that has seen it. Naive Bayes subtracts the text's own counts, which is
exact; logistic regression is trained in five folds. Nothing depends on the order of the texts:
counts are exact sums, and folds and samples follow the order of the digests.
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
"""Yields chunks of texts with their numbers."""

FOLDS = 5
REGRESSION_TEXTS = 50_000
"""Maximum number of texts that logistic regression is trained on; naive Bayes uses all."""
FEW_CLASSES = 20
"""Number of classes up to which more is computed.

Words and characters are then weighted separately, longer character n-grams are added, and logistic
regression is trained. The time for all this grows with the number of classes; with more classes
naive Bayes alone was as good.
"""
ACROSS = (7,)
"""Lengths of the longer character n-grams, which may cross word boundaries."""
MIN_REGRESSION_TEXTS = 200
"""Number of texts from which logistic regression is trained."""
SMOOTHING = (0.05, 0.1, 0.2, 0.4, 0.8)
NGRAMS_IN_MEMORY = 50_000_000
"""N-grams kept in memory between passes (300 MB); the rest goes to a temporary file."""
CELLS = 1 << 25
"""Maximum number of weights of naive Bayes (400 MB).

With thousands of classes the rarest n-grams are left out.
"""
_UNIT = 1 << 16


@dataclass
class Cases:
    """The training cases: text `texts[i]` has label `labels[i]`, with weight `weights[i]`.

    Texts are numbered in the order of their digests.
    """

    texts: Array
    labels: Array
    weights: Array
    classes: int


class Corpus:
    """The n-grams of all texts, in chunks of any order; in memory if they fit, the rest on disk."""

    def __init__(self, size: int, fetch: Fetch, across: Sequence[int]) -> None:
        self.size = size
        self._fetch = fetch
        self._across = across
        self._in_memory: list[tuple[Any, ...]] | None = None
        self._spilled = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield (numbers of the texts, entries of each, columns, counts)."""
        import numpy as np

        if self._in_memory is None:
            self._in_memory, room = [], NGRAMS_IN_MEMORY
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
                    self._in_memory.append(chunk)
                else:
                    self._spilled += 1
                    for part in chunk:
                        np.save(self._file, part)
        yield from self._in_memory
        if self._spilled:
            self._file.seek(0)
        for _ in range(self._spilled):
            yield tuple(np.load(self._file) for _ in range(4))

    @cached_property
    def _file(self) -> Any:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed and deleted with the corpus
        weakref.finalize(self, file.close)
        return file


class Vectors:
    """TF-IDF vectors of unit length over the n-grams that at least two texts share."""

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
        # Memory is allocated only for the pages that are written to.
        self._column = np.zeros(COLUMNS, np.int32)
        self._column[used] = np.arange(1, self.width + 1)
        self._weight = (np.log((1 + corpus.size) / (1 + shared[used])) + 1) * np.where(
            used < WORDS, WORD_WEIGHT, 1.0
        )

    def __iter__(self) -> Iterator[tuple[Array, Any]]:
        """Yield (numbers of the texts, their vectors as a CSR matrix)."""
        import numpy as np
        from scipy.sparse import csr_matrix

        for numbers, sizes, columns, counts in self._corpus:
            rows = np.repeat(np.arange(len(sizes)), sizes)
            column = self._column[columns]
            known = column > 0
            rows, column = rows[known], column[known] - 1
            values = (1 + np.log(counts[known])) * self._weight[column]
            length = np.sqrt(np.bincount(rows, weights=values * values, minlength=len(sizes)))
            # Sums of multiples of a power of two are the same in any order.
            values = np.round(values / length[rows] * _UNIT) / _UNIT
            starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(sizes)))])
            yield numbers, csr_matrix((values, column, starts), shape=(len(sizes), self.width))


class NaiveBayes:
    """Multinomial naive Bayes on some columns that judges each text from all others.

    The counts that a text has added are subtracted before it is judged. On TF-IDF vectors, as in
    Rennie et al., Tackling the Poor Assumptions of Naive Bayes Text Classifiers, ICML 2003.
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
        """Return the log-likelihood of each text under each class: texts x classes."""
        import numpy as np

        matrix = matrix[:, self._columns]
        smoothing = self.smoothing
        if smoothing not in self._logs:
            self._logs.clear()
            logs = np.add(self._counts, smoothing, dtype=np.float32, casting="same_kind")
            self._logs[smoothing] = np.log(logs, out=logs)
        mass = smoothing * max(len(self._counts), 1)
        sums = np.asarray(matrix.sum(axis=1)).ravel()
        # Both in float32: otherwise all weights would be converted for each chunk of texts.
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
    """Logistic regression on words and word pairs, in five folds.

    Each text is judged by a model that is trained on the other four folds.
    """

    def __init__(self, vectors: Vectors, cases: Cases) -> None:
        import numpy as np
        from scipy.sparse import vstack
        from sklearn.linear_model import SGDClassifier

        self._classes = cases.classes
        self._fold = folds(cases, vectors.size)
        numbers, parts = [], []
        for some, matrix in vectors:
            sampled = some < REGRESSION_TEXTS
            numbers.append(some[sampled])
            parts.append(matrix[sampled][:, : vectors.words])
        matrix, row = vstack(parts).tocsr(), np.full(vectors.size, -1)
        self._words = np.flatnonzero(np.bincount(matrix.indices, minlength=vectors.words) >= 2)
        matrix = matrix[:, self._words]
        row[np.concatenate(numbers)] = np.arange(matrix.shape[0])
        self._models: list[tuple[int, Array, Array, Array]] = []
        for fold in range(FOLDS):
            chosen = np.flatnonzero((self._fold[cases.texts] != fold) & (row[cases.texts] >= 0))
            labels = cases.labels[chosen]
            if len(np.unique(labels)) > 1:  # the sample may leave too little to train on
                model = SGDClassifier(
                    loss="log_loss", alpha=3e-5, max_iter=8, tol=None, average=True, random_state=0
                )
                model.fit(
                    matrix[row[cases.texts[chosen]]], labels, sample_weight=cases.weights[chosen]
                )
                # Contiguous, or the product would copy all weights for each chunk of texts.
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
        result = np.full((len(numbers), self._classes), 1e-6)
        for fold, classes, weights, intercept in self._models:
            mine = np.flatnonzero(self._fold[numbers] == fold)
            # One class against the rest.
            each = expit((matrix[mine] @ weights).astype(float) + intercept)
            shares = (
                each / np.maximum(each.sum(axis=1, keepdims=True), 1e-12)
                if len(classes) > 2
                else np.hstack([1 - each, each])
            )
            result[np.ix_(mine, classes)] = shares
        logs: Array = np.log(np.maximum(result, 1e-6))
        return logs


class DenseRegression:
    """Logistic regression on embeddings, in five folds."""

    def __init__(self, vectors: Array, cases: Cases) -> None:
        import numpy as np
        from sklearn.linear_model import LogisticRegression

        fold = folds(cases, len(vectors))
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        shares = np.full((len(vectors), cases.classes), 1e-6)
        for number in range(FOLDS):
            trained, judged = fold[cases.texts] != number, np.flatnonzero(fold == number)
            model = LogisticRegression(C=10.0, max_iter=200)
            model.fit(
                vectors[cases.texts[trained]],
                cases.labels[trained],
                sample_weight=cases.weights[trained],
            )
            if len(judged):
                shares[np.ix_(judged, model.classes_)] = model.predict_proba(vectors[judged])
        self._logs = np.log(np.maximum(shares, 1e-6))

    def scores(self, numbers: Array, matrix: Any) -> Array:
        """Return the logarithm of the probability of each class: texts x classes."""
        del matrix
        logs: Array = self._logs[numbers]
        return logs


def folds(cases: Cases, size: int) -> Array:
    """Return the fold of each text, stratified by class; all records of a text share a fold."""
    import numpy as np

    label = np.full(size, -1)
    label[cases.texts[::-1]] = cases.labels[::-1]
    order = np.lexsort((np.arange(size), label))
    fold = np.empty(size, np.int8)
    fold[order] = np.arange(size) % FOLDS
    return fold


class Classifier(Protocol):
    """A classifier whose scores can be stacked."""

    def scores(self, numbers: Array, matrix: Any) -> Array:
        """Return log-probabilities or scores that grow with them: texts x classes."""


class Stack(NamedTuple):
    """Trained classifiers, and how to run them.

    `chunks` yields all texts (numbers and vectors); `left_out` says in sentences what was not used.
    """

    classifiers: list[Classifier]
    chunks: Iterable[tuple[Array, Any]]
    left_out: list[str]


def classifiers_for(cases: Cases, size: int, fetch: Fetch, embeddings: Array | None) -> Stack:
    """Train classifiers on embeddings with one row per text, or else on words."""
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
            f"only the {vectors.width:,} most common of {vectors.shared:,} n-grams were used "
            f"(limit for {cases.classes:,} labels)"
        )
    regression = vectors.words and few and len(cases.texts) >= MIN_REGRESSION_TEXTS
    if regression and size > REGRESSION_TEXTS:
        left_out.append(
            f"logistic regression was trained on {REGRESSION_TEXTS:,} of {size:,} texts, "
            "naive Bayes on all"
        )
    return Stack(
        [*bayes, Regression(vectors, cases)] if regression else [*bayes], vectors, left_out
    )
