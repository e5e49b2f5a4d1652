"""duplicates/near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dslint.plugin import Meta, Observer, Source, State
from dslint_packs.duplicates.similar import Match, SimilarRule, Sketches, matches


@dataclass(frozen=True)
class NearDuplicate(SimilarRule):
    """Near duplicates: records whose texts are almost the same.

    Why: a text in ten versions has ten times the weight and gets recited, and where one version
    is in the test set, it spoils the score.

    Two records are near duplicates if the Jaccard similarity of their shingles (what both have,
    divided by what either has) is at least `threshold`. Shingles are runs of characters or words
    of all texts of a record, in lower case and with single spaces. MinHash sketches with banding
    find the candidates; each candidate is then compared exactly, so every reported similarity is
    exact. It is the score of the finding. A finding is on every record that is similar to an
    earlier one; it names the most similar earlier record and the first record of the group. The
    order is that of duplicates/exact: the earliest split, then the content, so that shuffling
    the data changes nothing. Records that are equal after normalization are left to
    duplicates/normalized.

    `shingle = "auto"` takes runs of five characters (two, where both are Chinese characters):
    one changed word in a short text or a chat changes most runs of five words. Texts of 5,000
    characters or more are compared by runs of five words, since any two long texts of one
    language share most of their short runs of characters. `char-N` and `word-N` do the same for
    all texts. In scripts without spaces each character is a word.

    Records made from a template share its words without being duplicates. If many records share
    a tenth or more of the average record, shingles that occur in more than half of the records
    are discounted: two records must be similar without them too. Records with little else, fewer
    than 20 shingles, are compared in full: they differ in a word or a number. The common
    shingles are those of the 1,000 records with the smallest digests. Other data is not
    affected.

    The number of `permutations` per band is the highest that keeps a recall of 0.99 for pairs
    exactly at the threshold; above it recall is higher. With the defaults that is 16 bands of 7,
    and a recall of 0.998 at 0.85 and of 0.9999 at 0.9; with threshold 0.8 it is 18 bands of 6,
    and 0.996 at 0.8.

    Measured: precision is 1.0, as each finding is verified. Recall, relative to comparing all
    pairs: 0.998 at 0.8 and 0.996 at 0.85 in the first 40,000 npm package summaries; 0.997 at
    0.85 in GPTeacher's Toolformer set (7,673 records from templates), where 19.2 % are flagged,
    and 33.5 % would be without the discount. Its author removed rows by similarity at 0.9, 0.8,
    0.7 and 0.6: of the records flagged at these thresholds 69, 69, 72 and 77 % were removed, and
    of the removed ones 24, 61, 83 and 93 % are flagged. 160 findings in 19,500 records of
    CLINC150; the 25 that were read are all true, and 158 have the same intent. 7 in
    LLaMA-Factory's thirteen demo files, all read and all true: a conversation again with another
    number, argument name, or greeting; none in its alpaca and C4 sets. Of 485 paraphrases of
    MMLU questions it finds none. 800,000 short rows take 27 CPU seconds and 500 MB, five million
    1.5 GB: some 300 bytes a row.

    Blind spots: paraphrases and translations; a record that repeats a part of a longer one; tool
    calls, labels and metadata, which are not compared; anything after the first million
    characters of a record. A text that makes up more than half of the dataset, in versions that
    differ by several words, looks like a template.

    Options: `threshold`, the lowest similarity reported; `shingle`; `permutations`, the bytes
    per sketch; `roles`, which texts to compare: `prompt`, `target` or others.

    Flags::

        {"text": "How do I reset the password of my account when I have lost my phone?"}
        {"text": "How do I reset the password of my account when I have lost my phones?"}

    Passes::

        {"text": "How do I reset the password of my account when I have lost my phone?"}
        {"text": "How do I change the address of my account before my order is sent?"}

    Cure: keep one of them.
    """

    name = "near"
    requires = ("numpy",)
    extra = "near"

    threshold: Annotated[float, Meta(ge=0.3, le=1)] = 0.85
    shingle: Annotated[str, Meta(pattern=r"^(auto|char-[1-9]|word-[1-9])$")] = "auto"
    permutations: Annotated[int, Meta(ge=16, le=256)] = 112
    roles: tuple[str, ...] = ("prompt", "target", "rejected")

    def observer(self) -> Observer:
        """Share the sketches with other rules that need the same."""
        return self.sketches

    @property
    def sketches(self) -> Sketches:
        """Return the observer that sketches each record."""
        return Sketches(self.threshold, self.shingle, self.permutations, self.roles)

    def matches(self, state: State, source: Source) -> list[Match]:
        """See `SimilarRule.matches`."""
        return matches(state, source, self.sketches)
