"""The rules on offensive language: what they flag, what they must not flag, whose words weigh what, and words that others bring."""

import json

import pytest

from dslint import lint
from dslint.registry import catalogue, discover, load
from dslint.testing import run
from dslint.testing.harness import with_options

KNOWN = {
    name: known.rule
    for name, known in catalogue(load(discover())).items()
    if name.startswith("offensive/")
}
PROFANITY, SLUR = (with_options(KNOWN[f"offensive/{name}"], {}) for name in ("profanity", "slur"))


def flags(rule, text):
    return [
        text[finding.at.start : finding.at.end] for finding in run(rule, [{"text": text}]).findings
    ]


SWEARING = [
    ("Oh shit!", "shit"),
    ("What the FUCK is this?", "FUCK"),
    ("you son of a bitch", "son of a bitch"),
    ("what an ass he is", "ass"),
    ("clusterfuck", "clusterfuck"),
    ("fuckthisplace", "fuckthisplace"),
    ("sh1t", "sh1t"),
    ("b!tch", "b!tch"),
    ("You a$$hole", "a$$hole"),
    ("f*ck off", "f*ck"),
    ("f**k off", "f**k"),
    ("f*** you", "f***"),
    ("f u c k you", "f u c k"),
    ("s.h.i.t", "s.h.i.t"),
    ("shiiiiit", "shiiiiit"),
    ("*shit*", "shit"),
    ("So eine Scheiße!", "Scheiße"),
    ("putain, quel bordel", "putain"),
    ("hijo de puta", "hijo de puta"),
    ("ma vaffanculo", "vaffanculo"),
    ("no kurwa", "kurwa"),
    ("иди нахуй", "нахуй"),
    ("他妈的", "他妈的"),
    ("아 씨발", "씨발"),
]


@pytest.mark.parametrize(("text", "words"), SWEARING)
def test_swearing_is_found_plain_and_in_disguise(text, words):
    assert flags(PROFANITY, text) == [words]


INNOCENT = [
    "Scunthorpe, Penistone, Clitheroe, Cockburn, Essex, Middlesex, Arsenal and Lightwater",
    "Assess the class, pass the assignment, assassinate the bass; a therapist drapes grapes.",
    "shiitake, cocktail, Dickens, circumstance, Hancock, peacock, title, document, analysis, Matsushita",
    "My Labrador bitch gave birth to three puppies.",
    "The bitch won at the kennel show.",
    "I need a garden hoe and a rake.",
    "A donkey is an ass; a jenny is a female ass.",
    "Blue tits and great tits visit the bird feeder.",
    "The cock crowed at dawn.",
    "A pussy willow grows there.",
    "Dick van Dyke and Dick Cheney met Dick.",
    "moby dick is a whale",
    "He is the bastard son of the king.",
    "Prick the potatoes with a fork.",
    "She graduated summa cum laude.",
    "Das Brett ist dick und schwer.",
    "Hoe gaat het met je?",
    "Det är slut på filmen.",
    "The A55 road, 455 units, 900K users, x**k and f*g",
    "S.H.I.E.L.D. and the F.B.I.; J. R. R. Tolkien; a b c d e f",
    "https://example.org/shit/ass and @shitposter and fuck@example.org",
    "That is a damn good idea, what the hell.",
]


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_words_are_left_alone(text):
    assert flags(PROFANITY, text) == []


SLURS = [
    "Some filthy wetbacks moved in.",
    "You are nothing but a faggot.",
    "n1ggers out",
    "f4gg0t",
    "a bunch of r e t a r d s",
    "Fucking queers everywhere.",
    "I hate all trannies.",
    "That dyke next door is mad.",
    "Go home, raghead!",
    "You stupid retard.",
    "Scheiß Kanaken",
    "sale bougnoule",
    "maricón",
    "пидорасы",
]


@pytest.mark.parametrize("text", SLURS)
def test_slurs_are_found(text):
    assert len(flags(SLUR, text)) == 1


NO_SLURS = {
    "identity": [
        "I am gay and proud.",
        "She is a lesbian and he is bisexual.",
        "Black people, Muslims, Jews and immigrants built this city.",
        "My trans friend is disabled.",
        "Women deserve equal pay.",
        "A queer woman teaches queer theory.",
        "We need more queer representation on TV.",
    ],
    "homonym": [
        "They built a new dyke against the sea.",
        "I smoked a fag outside the pub.",
        "A faggot is a bundle of sticks.",
        "Pork faggots with gravy are delicious.",
        "She found a chink in his armour.",
        "Chinks of light came through the shutter.",
        "The kitchen is spic and span.",
        "The tranny of my car leaks fluid.",
        "Retard the ignition timing by two degrees.",
        "Cold will retard the growth of mould.",
        "Le train a du retard ce matin.",
        "What a queer feeling.",
        "The coon hound treed a raccoon.",
        "Maine Coon cats are large.",
        "Kaffir lime leaves flavour the curry.",
        "Kike Hernández hit a home run.",
        "His niggardly uncle sniggered.",
        "Eat a cracker with cheese.",
        "mongo shell",
    ],
    "mention": [
        'The word "faggot" is a slur.',
        '"Kike" is a derogatory term for Jewish people.',
        "He called me a nigger and I reported him.",
        "Please stop using the word retard.",
        "The term 'wetback' originated in the 1920s.",
        'If you say "I hate niggers", then you are a racist.',
        'Saying "all trannies are sick" is hate speech.',
        "I was called a faggot at school.",
    ],
}


@pytest.mark.parametrize("text", [text for texts in NO_SLURS.values() for text in texts])
def test_identity_homonyms_and_mentions_are_no_slurs(text):
    assert flags(SLUR, text) == []


def test_the_limit_of_telling_use_from_mention():
    assert flags(SLUR, "Nobody likes faggots, they tell me.") == [
        "faggots"
    ]  # reported, without a sign of it: flagged
    assert flags(SLUR, 'As they say, "faggots burn".') == []  # hatred in a quotation: missed
    assert flags(
        with_options(KNOWN["offensive/slur"], {"mentions": True}), 'The word "faggot" is a slur.'
    ) == ["faggot"]


def chat(user, assistant):
    return {
        "messages": [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    }


@pytest.fixture
def report(tmp_path):
    def check(*records, **rules):
        path = tmp_path / "data.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return lint([str(path)], {"rules": {"select": ["offensive"], **rules}})

    return check


def test_what_a_model_learns_to_say_weighs_more_than_what_users_say(report):
    said = report(
        chat("Oh shit.", "Hi."),
        chat("Hi.", "Oh shit."),
        chat("You faggot.", "Hi."),
        chat("Hi.", "You faggot."),
    )
    assert [
        (str(finding.severity), finding.at.row, finding.at.role) for finding in said.findings
    ] == [
        ("info", 0, "user"),
        ("warning", 1, "assistant"),
        ("warning", 2, "user"),
        ("error", 3, "assistant"),
    ]
    assert said.exit_code == 1


def test_rates_are_measured_by_role(report):
    said = report(
        chat("Oh shit.", "Hi."),
        chat("Hi, shit, shit.", "Hi."),
        chat("Hi.", "Oh shit."),
        chat("Hi.", "Hi."),
    )
    assert {name: value for name, value in said.measures.items() if "profanity" in name} == {
        "offensive/profanity.count": 4,
        "offensive/profanity.count[role=assistant]": 1,
        "offensive/profanity.count[role=user]": 3,
        "offensive/profanity.rate": 0.75,
        "offensive/profanity.rate[role=assistant]": 0.25,
        "offensive/profanity.rate[role=user]": 0.5,
        "offensive/profanity.total": 4,
    }
    limited = report(
        chat("Hi.", "Oh shit."),
        **{"offensive/profanity": {"limits": {"rate[role=assistant]": {"max": 0.1}}}},
    )
    assert limited.exit_code == 1


def test_mild_words_on_request(report):
    assert list(report(chat("Hi.", "Damn, that is crap.")).findings) == []
    assert [
        str(found.severity)
        for found in report(
            chat("Hi.", "Damn!"), **{"offensive/profanity": {"mild": True}}
        ).findings
    ] == ["info"]


def test_no_message_holds_the_word(report):
    assert {found.message for found in report(chat("f*ck", "You faggot, shit.")).findings} == {
        "an obfuscated swear word",
        "a swear word",
        "a slur",
    }


def test_ones_own_words_in_csv_and_toml(work, call):
    work.jsonl("prompt.jsonl", chat("This blargs.", "Hi."))
    work.jsonl(
        "data.jsonl",
        {"text": "the frob blargs"},
        {"text": "a fr0b"},
        {"text": "oh shit"},
        {"text": "holy shit"},
    )
    work.write("words/own.csv", "term,severity,category,replacement\nfrob,error,jargon,change\n")
    work.write("words/more.toml", '[[entries]]\nterm = "blargs"\nseverity = "info"\n')
    work.write(
        "dslint.toml",
        '[rules."offensive/profanity"]\nlexicon = ["words/*"]\nallow = ["holy shit"]\n',
    )
    said = call("check", "-o", "json", "--select", "offensive", "data.jsonl")
    found = [
        (item["row"], item["severity"], item["suggestion"])
        for item in said.findings("offensive/profanity")
    ]
    assert found == [
        (0, "error", "change"),
        (0, "info", None),
        (1, "error", "change"),
        (2, "warning", None),
    ]
    assert said.code == 1
    asked = call("check", "-o", "json", "--select", "offensive", "prompt.jsonl")
    assert [item["severity"] for item in asked.findings("offensive/profanity")] == [
        "info"
    ]  # nothing is milder


def test_a_mistake_in_ones_own_words_stops_the_run(work, call, refused):
    work.jsonl("data.jsonl", {"text": "Hi."})
    work.write("own.csv", "term,severity\nfrob,loud\n")
    option = "offensive/slur.lexicon=own.csv"
    refused(
        call("check", "--select", "offensive", "--option", option, "data.jsonl"),
        "own.csv",
        "line 2, severity",
        "'loud'",
    )


VIETNAMESE = """
import os
from dslint.plugin import Resource, hookimpl

@hookimpl
def dslint_resources():
    here = os.path.dirname(__file__)
    return [
        Resource(kind=kind, name=f"vi-{kind}", path=os.path.join(here, f"vi-{kind}.csv"), language="vi", licence="CC0-1.0", source="a test", version="1")
        for kind in ("profanity", "slur", "refusal", "stopwords")
    ]
"""
READER = """
from dataclasses import dataclass
from dslint.plugin import LexiconRule, Rule, hookimpl

@dataclass(frozen=True)
class Listed(LexiconRule):
    "Texts with a listed phrase."
    name = "listed"
    takes = ("stopwords",)

    def judge(self, hit, at, text, *, target):
        return self.finding(at, hit.entry.category)

@hookimpl
def dslint_rules() -> list[type[Rule]]:
    return [Listed]
"""


def test_a_vietnamese_pack_brings_its_words_and_owns_no_rule(work):
    work.plugin("dslint-vietnamese", VIETNAMESE, namespace="vietnamese")
    work.plugin("dslint-listed", READER, namespace="listed")
    for kind, row in {
        "profanity": "đồ khốn,warning,",
        "slur": "thằng mọi,error,",
        "refusal": "tôi không thể giúp,info,refusal",
        "stopwords": "của,info,stop word",
    }.items():
        (work.plugins / f"vi-{kind}.csv").write_text(
            f"# language: vi\nterm,severity,category\n{row}\n", encoding="utf-8"
        )
    texts = [
        "Đồ khốn!",
        "Thằng mọi kia",
        "Xin lỗi, tôi không thể giúp bạn.",
        "sách của tôi",
        "khốn khổ",
    ]
    work.jsonl("data.jsonl", *({"text": text} for text in texts))
    said = work.check("--select", "offensive,listed", "-j", "2", "--shard-size", "64", "data.jsonl")
    found = [
        (item["rule"], item["row"], item["severity"], item["start"], item["end"], item["message"])
        for item in said.report["findings"]
    ]
    assert found == [
        ("offensive/profanity", 0, "warning", 0, 7, "a swear word"),
        ("offensive/slur", 1, "error", 0, 9, "a slur"),
        ("listed/listed", 3, "warning", 5, 8, "stop word"),
    ]
    work.jsonl(
        "chat.jsonl",
        {
            "messages": [
                {"role": "user", "content": "Mở khóa"},
                {"role": "assistant", "content": texts[2]},
            ]
        },
    )
    (refusal,) = work.check("--select", "text/refusal", "chat.jsonl").report["findings"]
    assert (refusal["field"], refusal["start"], refusal["end"]) == ("/messages/1/content", 9, 27)
