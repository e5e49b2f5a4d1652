"""offensive/profanity."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Confidence, Finding, Hit, LexiconRule, Location
from dslint_packs.offensive.mention import mentioned
from dslint_packs.offensive.severity import milder, score


@dataclass(frozen=True)
class Profanity(LexiconRule):
    r"""Swear words and vulgar words.

    Why: a model swears like the texts that it learns from. In the texts of users, which a model
    must understand but does not learn to say, the severity is one step lower.

    The words come from graded lexicons in English, German, French, Spanish, Italian, Portuguese,
    Dutch, Polish, Russian, Turkish, Chinese, Japanese and Korean, and from plugins. Only
    complete words are found, including obfuscated ones: `sh1t`, `f*ck`, `f u c k`, `shiiit`. A
    word that also has an innocent meaning (a donkey, a female dog, a garden tool, a bird) is
    ignored if the words around it show that meaning; so are words that are quoted or spoken
    about ("the word ... is an expletive"), web addresses and account names. The measures
    `rate[role=user]`, `rate[role=assistant]` and so on show who swears.

    Measured, with offensive/slur, on the 24,783 tweets of Davidson et al. (2017), hate and
    offensive against neither: precision 0.99, recall 0.92; the tweets were collected with a word
    list, which favours every word list. False positives: 3 findings in 23,700 utterances of
    CLINC150 (two are right, one is a typing error), none in LLaMA-Factory's c4_demo (300) and
    alpaca_en_demo (999); 13 in 35,870 sentences of the Universal Declaration of Human Rights in
    388 languages, in languages that the rule does not know.

    Blind spots: insults and hatred without a swear word; reported speech without a cue word;
    obfuscations not listed above (fcvk); languages without a lexicon. The rule finds words: it
    does not judge whether a text is toxic.

    Options: `roles`, which texts to judge; `mild`, to report mild words too (damn, crap);
    `mentions`, to report words that are quoted or spoken about too; `lexicon`, files with your
    own words; `allow`, words and phrases to accept.

    Flags::

        {"prompt": "Is it late?", "completion": "Oh shit, yes."}
        {"prompt": "Is it late?", "completion": "Y e s, you b1tch."}

    Passes::

        {"prompt": "Where is Scunthorpe?", "completion": "Assess the map. Dick lives there."}
        {"prompt": "Is it rude?", "completion": "Yes, the word \"fuck\" is an expletive."}
        {"prompt": "What is a jenny?", "completion": "A female ass, that is, a donkey."}

    Cure: rewrite the answer, or remove the record. For words that your domain needs: `allow`.
    """

    name = "profanity"
    takes = ("profanity",)
    by_role = True
    disguises = True

    roles: tuple[str, ...] = ("prompt", "target")
    mild: bool = False
    mentions: bool = False

    def judge(self, hit: Hit, at: Location, text: str, *, target: bool) -> Finding | None:
        """Return a finding unless the word is mild or only mentioned."""
        if (hit.entry.category == "mild" and not self.mild) or (
            not self.mentions and mentioned(text, hit.start, hit.end)
        ):
            return None
        grade = hit.entry.grade or self.severity
        severity = grade if target or at.role is None else milder(grade)
        return self.finding(
            at,
            "a swear word" if hit.plain else "an obfuscated swear word",
            severity=severity,
            confidence=Confidence.HIGH if hit.plain else Confidence.MEDIUM,
            score=score(grade),
            suggestion=hit.entry.replacement or None,
        )
