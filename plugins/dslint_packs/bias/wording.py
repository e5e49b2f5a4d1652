"""bias/insensitive-term and bias/gendered-term: words with a more considerate alternative."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Finding, Hit, LexiconRule, Location, Severity


@dataclass(frozen=True)
class InsensitiveTerm(LexiconRule):
    """Terms that demean a group of people without being slurs.

    Why: a model talks about people the way its data do; `wheelchair-bound` and `third world
    country` are habits that a rewrite cures.

    The terms come with a considerate replacement, which the finding suggests. They were chosen
    for precision: words that are often used of things (lame, crazy, dummy, master, invalid) are
    not included.

    Measured: no finding in 23,700 utterances of CLINC150, 999 records of LLaMA-Factory's
    alpaca_en_demo and 300 of its c4_demo; one in 1,206 texts of its dpo_en_demo; 31 in 10,082
    sentences about films (NLTK's subjectivity set).

    Blind spots: quotations and historical texts are flagged too; terms that are not in the list;
    languages other than English, which need a lexicon of the kind `insensitive` from you or a
    plugin. What counts as considerate changes over time and differs among those concerned.

    Options: `roles`, which texts to judge; `lexicon`, files with your own terms; `allow`, words
    and phrases that are accepted.

    Flags::

        {"prompt": "How is he?", "completion": "He is wheelchair-bound."}

    Passes::

        {"prompt": "Is she wheelchair-bound?", "completion": "She uses a wheelchair."}

    Cure: rewrite the text; the suggestion is what many prefer.
    """

    name = "insensitive-term"
    severity = Severity.INFO
    languages = ("en",)
    takes = ("insensitive",)

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding that suggests the replacement."""
        del text, target
        return self.finding(
            at,
            f"a term that many find insensitive ({hit.entry.category})"
            if hit.entry.category
            else "a term that many find insensitive",
            severity=hit.entry.grade,
            score=0.5,
            suggestion=hit.entry.replacement or None,
        )


@dataclass(frozen=True)
class GenderedTerm(LexiconRule):
    """Gendered words for roles and qualities where a neutral word exists.

    Why: a model that learns `chairman` and `stewardess` uses them of people whose gender it does
    not know.

    Measured: findings in 8 of 999 records of LLaMA-Factory's alpaca_en_demo, in 16 of 300 of its
    c4_demo, in 102 of 10,082 sentences about films (NLTK's subjectivity set), in 3 of 23,700
    utterances of CLINC150.

    Blind spots: it does not know whether the word fits the person in the text, such as an
    actress who calls herself one; pronouns are left to bias/stereotyped-association. English
    only, unless you add a lexicon of the kind `gendered`.

    Options: `roles`, which texts to judge; `lexicon`, files with your own terms; `allow`, words
    and phrases that are accepted.

    Flags::

        {"prompt": "Whom do I ask?", "completion": "Ask the chairman or a policeman."}

    Passes::

        {"prompt": "Whom do I ask, the chairman?", "completion": "Ask the chair."}

    Cure: use the neutral word where gender does not matter; the finding suggests one.
    """

    name = "gendered-term"
    severity = Severity.INFO
    default = False
    languages = ("en",)
    takes = ("gendered",)

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding that suggests the neutral word."""
        del text, target
        return self.finding(
            at,
            "a gendered term",
            severity=hit.entry.grade,
            score=0.3,
            suggestion=hit.entry.replacement or None,
        )
