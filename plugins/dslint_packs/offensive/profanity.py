"""offensive/profanity."""

from __future__ import annotations

from dataclasses import dataclass

from dslint.plugin import Confidence, Finding, Hit, LexiconRule, Location
from dslint_packs.offensive.mention import mentioned
from dslint_packs.offensive.severity import milder, score


@dataclass(frozen=True)
class Profanity(LexiconRule):
    r"""Swear words and vulgar words.

    Why: a model swears as those do whom it learns from. What users write is another matter: a model must understand it, so there it is an info.

    The words come from graded lexicons in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian, Turkish, Chinese,
    Japanese and Korean, and from plugins. Whole words count, also in disguise: `sh1t`, `f*ck`, `f u c k`, `shiiit`. Words with an innocent sense
    (a donkey, a female dog, a garden tool, a bird) are left alone where the words around them speak of that, and so are words that are quoted or
    spoken about ("the word ... is an expletive"). Web addresses and account names do not count. The measures `rate[role=user]`,
    `rate[role=assistant]` and so on tell who swears.

    Measured, with offensive/slur, on the 24,783 tweets of Davidson et al. (2017), hate and offensive against neither: precision 0.99, recall
    0.92; its tweets were collected with a word list, which flatters every word list. False alarms: 3 findings in 23,700 utterances of CLINC150
    (two are right, one is a typing error), none in LLaMA-Factory's c4_demo (300) and alpaca_en_demo (999); 13 in 35,870 sentences of the
    Universal Declaration of Human Rights in 388 languages, in languages that the rule does not know.

    Blind spots: insults and hatred without a swear word; reported speech without a word that says so; words in disguises that are not listed
    above (fcvk);
    languages without a lexicon. It finds words: it does not judge whether a text is toxic.

    Options: `roles`, which texts to judge; `mild` also reports mild words (damn, crap); `mentions` also reports words that are quoted or spoken
    about; `lexicon`, files with words of your own; `allow`, words and phrases that are fine.

    Flags::

        {"messages": [{"role": "user", "content": "Is it late?"}, {"role": "assistant", "content": "Oh shit, yes."}]}
        {"messages": [{"role": "user", "content": "Is it late?"}, {"role": "assistant", "content": "Y e s, you b1tch."}]}

    Passes::

        {"messages": [{"role": "user", "content": "Where is Scunthorpe?"}, {"role": "assistant", "content": "Assess the map. Dick lives there."}]}
        {"messages": [{"role": "user", "content": "Is it rude?"}, {"role": "assistant", "content": "Yes, the word \"fuck\" is an expletive."}]}
        {"messages": [{"role": "user", "content": "What is a jenny?"}, {"role": "assistant", "content": "A female ass, that is, a donkey."}]}

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
        """Return a finding unless the word is a mild one, or only spoken about."""
        if (hit.entry.category == "mild" and not self.mild) or (
            not self.mentions and mentioned(text, hit.start, hit.end)
        ):
            return None
        grade = hit.entry.grade or self.severity
        severity = grade if target or at.role is None else milder(grade)
        return self.finding(
            at,
            "a swear word" if hit.plain else "a swear word in disguise",
            severity=severity,
            confidence=Confidence.HIGH if hit.plain else Confidence.MEDIUM,
            score=score(grade),
            suggestion=hit.entry.replacement or None,
        )
