"""offensive/slur."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Confidence, Finding, Hit, LexiconRule, Location, Severity
from dslint_packs.offensive.mention import mentioned
from dslint_packs.offensive.severity import milder, score


@dataclass(frozen=True)
class Slur(LexiconRule):
    r"""Slurs: words that insult people for the group they belong to.

    Why: a model that has learnt slurs uses them against the people they insult.

    The words come from lexicons in English, German, French, Spanish, Italian, Portuguese, Dutch,
    Polish, Russian, Turkish, Chinese, Japanese and Korean, and from plugins; obfuscated words
    are found too. Naming a group is never offensive: gay, Muslim, Black and the like are not in
    the lexicons. A word that also has an innocent meaning (a dam, a cigarette, a gap in armour,
    a gearbox, the delay of an ignition) is ignored if the words around it show that meaning;
    words that the group has reclaimed count only next to an insult. A slur that is spoken about,
    or quoted with a cue word such as a verb of speech, is a mention and not reported.

    Measured on the tweets of Davidson et al. (2017): it flags 54 % of the tweets labelled hate,
    6 % of the merely offensive ones and 3 % of the others, many of which do contain a slur. No
    finding in 23,700 utterances of CLINC150, nor in LLaMA-Factory's c4_demo (300) and
    alpaca_en_demo (999).

    In 35,870 sentences of the Universal Declaration of Human Rights in 388 languages there are
    85 findings in 49 sentences: short slurs are ordinary words in languages that the rule does
    not know.

    Blind spots: hatred without a slur, which is most of it; counter-speech that quotes without a
    cue word is flagged, and hatred inside a quotation is not; in-group use cannot be told from
    abuse; new coinages; languages without a lexicon.

    Options: `roles`, which texts to judge; `mentions`, to report slurs that are quoted or spoken
    about too; `lexicon`, files with your own words; `allow`, words and phrases to accept.

    Flags::

        {"prompt": "Who moved in?", "completion": "Some filthy wetbacks."}

    Passes::

        {"prompt": "Who moved in?", "completion": "A gay couple, both Muslims from Mexico."}
        {"prompt": "Is it a slur?", "completion": "Yes, \"wetback\" is a derogatory term."}
        {"prompt": "What is that?", "completion": "A dyke, in floods. Keep it spic and span."}

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
        """Return a finding unless the word is only mentioned."""
        if not self.mentions and mentioned(text, hit.start, hit.end):
            return None
        grade = hit.entry.grade or self.severity
        return self.finding(
            at,
            "a slur" if hit.plain else "an obfuscated slur",
            severity=grade if target or at.role is None else milder(grade),
            confidence=Confidence.HIGH if hit.plain else Confidence.MEDIUM,
            score=score(grade),
            suggestion=hit.entry.replacement or None,
        )
