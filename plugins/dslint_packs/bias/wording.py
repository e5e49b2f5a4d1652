"""bias/insensitive-term and bias/gendered-term: words for which there is a more considerate one."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Finding, Hit, LexiconRule, Location, Severity


@dataclass(frozen=True)
class InsensitiveTerm(LexiconRule):
    """Terms that insult or diminish a group of people without being meant as a slur.

    Why: a model says of people what it has read of them; `wheelchair-bound` and `third world country` are habits that a rewrite cures.

    The terms come with a considerate replacement, which is the finding's suggestion. They were chosen for precision: a word that is often used of
    things (lame, crazy, dummy, master, invalid) is not among them.

    Measured: no finding in 23,700 utterances of CLINC150, 999 records of LLaMA-Factory's alpaca_en_demo and 300 of its c4_demo; one in 1,206
    texts of its dpo_en_demo; 31 in 10,082 sentences about films (NLTK's subjectivity set).

    Blind spots: quotations and historical texts are flagged too; terms that are not in the list; languages other than English, for which you, or
    a plugin, must bring a lexicon of the kind `insensitive`. What is considerate changes, and differs between those concerned.

    Options: `roles`, which texts to judge; `lexicon`, files with terms of your own; `allow`, words and phrases that are fine.

    Flags::

        {"messages": [{"role": "user", "content": "How is he?"}, {"role": "assistant", "content": "He is wheelchair-bound."}]}

    Passes::

        {"messages": [{"role": "user", "content": "Is she wheelchair-bound?"}, {"role": "assistant", "content": "She uses a wheelchair."}]}

    Cure: rewrite the text; the suggestion says what many prefer.
    """

    name = "insensitive-term"
    severity = Severity.INFO
    languages = ("en",)
    takes = ("insensitive",)

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding with the replacement."""
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
    """Words for roles and qualities that name a gender without need.

    Why: a model that learns `chairman` and `stewardess` says them of people whose gender it does not know.

    Measured: findings in 8 of 999 records of LLaMA-Factory's alpaca_en_demo, in 16 of 300 of its c4_demo, in 102 of 10,082 sentences about films
    (NLTK's subjectivity set), in 3 of 23,700 utterances of CLINC150.

    Blind spots: it does not know whether the text is about one person who is called so rightly, an actress who calls herself one; pronouns alone
    are left to bias/stereotyped-association. English only, unless you bring a lexicon of the kind `gendered`.

    Options: `roles`, which texts to judge; `lexicon`, files with terms of your own; `allow`, words and phrases that are fine.

    Flags::

        {"messages": [{"role": "user", "content": "Whom do I ask?"}, {"role": "assistant", "content": "Ask the chairman or a policeman."}]}

    Passes::

        {"messages": [{"role": "user", "content": "Whom do I ask, the chairman?"}, {"role": "assistant", "content": "Ask the chair."}]}

    Cure: use the neutral word where the gender does not matter; the suggestion has one.
    """

    name = "gendered-term"
    severity = Severity.INFO
    default = False
    languages = ("en",)
    takes = ("gendered",)

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding with the neutral word."""
        del text, target
        return self.finding(
            at,
            "a word that names a gender",
            severity=hit.entry.grade,
            score=0.3,
            suggestion=hit.entry.replacement or None,
        )
