"""offensive/slur."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Confidence, Finding, Hit, LexiconRule, Location, Severity
from dslint_packs.offensive.mention import mentioned
from dslint_packs.offensive.severity import milder, score


@dataclass(frozen=True)
class Slur(LexiconRule):
    r"""Words that insult people for the group that they belong to.

    Why: a model that has learnt slurs says them to the people whom they are about.

    The words come from lexicons in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian, Turkish, Chinese, Japanese and
    Korean, and from plugins; in disguise they count as well. Naming a group is never offensive: gay, Muslim, Black and the like are not in the
    lexicons. Words with an innocent sense (a dam, a cigarette, a gap in armour, a gearbox, the delay of an ignition) are left alone where the words
    around them speak of that; words that those concerned have reclaimed count only next to an insult. A slur that is quoted with a word that says
    so, or that is spoken about, is a mention and not reported.

    Measured on the tweets of Davidson et al. (2017): it flags 54 % of the tweets that are labelled hate, 6 % of the merely offensive ones and 3 %
    of the others, many of which hold a slur all the same. No finding in 23,700 utterances of CLINC150, nor in LLaMA-Factory's c4_demo (300) and
    alpaca_en_demo (999).

    In 35,870 sentences of the Universal Declaration of Human Rights in 388 languages 85 findings in 49 sentences: short slurs are words in languages
    that the rule does not know.

    Blind spots: most hatred needs no slur, and is not seen; counter-speech that quotes without saying so is flagged, hatred that hides in a
    quotation is not; in-group use is not told from abuse; new coinages; languages without a lexicon.

    Options: `roles`, which texts to judge; `mentions` also reports slurs that are quoted or spoken about; `lexicon`, files with words of your
    own; `allow`, words and phrases that are fine.

    Flags::

        {"messages": [{"role": "user", "content": "Who moved in?"}, {"role": "assistant", "content": "Some filthy wetbacks."}]}

    Passes::

        {"messages": [{"role": "user", "content": "Who moved in?"}, {"role": "assistant", "content": "A gay couple, both Muslims from Mexico."}]}
        {"messages": [{"role": "user", "content": "Is it a slur?"}, {"role": "assistant", "content": "Yes, \"wetback\" is a derogatory term."}]}
        {"messages": [{"role": "user", "content": "What is that?"}, {"role": "assistant", "content": "A dyke, in floods. Keep it spic and span."}]}

    Cure: remove the record, or rewrite it.
    """

    name = "slur"
    severity = Severity.ERROR
    takes = ("slur",)
    by_role = True
    disguises = True

    roles: tuple[str, ...] = ("prompt", "target")
    mentions: bool = False

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding unless the word is only spoken about."""
        if not self.mentions and mentioned(text, hit.start, hit.end):
            return None
        grade = hit.entry.grade or self.severity
        return self.finding(
            at,
            "a slur" if hit.plain else "a slur in disguise",
            severity=grade if target or at.role is None else milder(grade),
            confidence=Confidence.HIGH if hit.plain else Confidence.MEDIUM,
            score=score(grade),
            suggestion=hit.entry.replacement or None,
        )
