"""The rules on text: what they find, and what they leave alone."""

import json

import pytest

from dslint import lint
from dslint.rules.base import Rule
from dslint.testing import run
from dslint.testing.harness import activate
from dslint_packs.text.html_residue import HtmlResidue
from dslint_packs.text.invisible import InvisibleCharacters
from dslint_packs.text.low_information import LowInformation
from dslint_packs.text.mojibake import Mojibake
from dslint_packs.text.phrases import Boilerplate, Refusal, phrases
from dslint_packs.text.repetition import Repetition, repeated_lines, repeated_ngrams, top_ngram
from dslint_packs.text.truncated import Truncated


def said(rule: Rule, text: str, prompt: str = "Hi"):
    """Return the findings on an answer."""
    outcome = run(
        rule,
        [
            {
                "messages": [
                    {"role": "user", "content": prompt},
                    {"role": "assistant", "content": text},
                ]
            }
        ],
    )
    assert not outcome.crashes
    return outcome.findings


def spans(rule: Rule, text: str, prompt: str = "Hi"):
    return [(finding.at.start, finding.at.end) for finding in said(rule, text, prompt)]


MOJIBAKE = [
    ("In the cafÃ© on the left", (10, 12), "decoded as latin-1 instead of UTF-8"),
    ("good\nItâ€™s fine", (7, 10), "decoded as windows-1252 instead of UTF-8"),
    ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", (0, 12), "decoded as windows-1252 instead of UTF-8"),
    ("no\nlost: \ufffd and \ufffd", (9, 10), None),
]


@pytest.mark.parametrize(("text", "span", "suggestion"), MOJIBAKE)
def test_garbled_text_is_found_with_the_encodings_that_were_confused(text, span, suggestion):
    (finding,) = said(Mojibake(), text)
    assert ((finding.at.start, finding.at.end), finding.suggestion) == (span, suggestion)


@pytest.mark.parametrize(
    "text",
    [
        "Smörgåsbord «à gauche» 20 °C",
        "Привет, как дела?",
        "ZZAJÉ’s list",
        "日本語のテキスト",
        "© 2020 Müller & Söhne — “naïve”",
        "İstanbul'da ÇĞIÖŞÜ",
    ],
)
def test_good_text_is_not_garbled(text):
    assert said(Mojibake(), text) == ()


def test_every_garbled_line_is_found_and_no_repair_is_copied_into_the_report():
    findings = said(Mojibake(), "cafÃ©\ngood\n" + "naÃ¯ve " * 60)
    assert [finding.at.start for finding in findings] == [3, 13]
    assert [finding.suggestion for finding in findings] == [
        "decoded as latin-1 instead of UTF-8"
    ] * 2


INVISIBLE = [
    ("Hel\u200blo", (3, 4)),
    ("\ufeffHello", (0, 1)),
    ("a\u202egnp.exe", (1, 2)),
    ("\x1b[1mbold", (0, 1)),
    ("nul\x00", (3, 4)),
    ("c1 \x85", (3, 4)),
    ("x\u200dy", (1, 2)),
    ("Hi\U000e0049\U000e0067", (2, 3)),
    ("left\u200e to right", (4, 5)),
    ("one\u2028two", (3, 4)),
    ("co\xadoperate", (2, 3)),
    ("שלום \u202eabc", (5, 6)),
    ("a\ufe0f", (1, 2)),
]


@pytest.mark.parametrize(("text", "span"), INVISIBLE)
def test_invisible_characters_are_found(text, span):
    assert spans(InvisibleCharacters(), text) == [span]


VISIBLE = [
    "tab\tand\r\nline\x0c",
    "\U0001f469\u200d\U0001f4bb \u2764\ufe0f 1\ufe0f\u20e3 \U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0915\u094d\u200d\u0937 \u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "\u05e9\u05dc\u05d5\u05dd (C++)\u200e!",
    "\u2067\u0645\u0631\u062d\u0628\u0627\u2069",
    "\u0e20\u0e32\u0e29\u0e32\u200b\u0e44\u0e17\u0e22",
    "\u845b\U000e0100",
    "\u1820\u180b\u180e\u1820",
    "no\xa0break, thin\u2009space",
]


@pytest.mark.parametrize("text", VISIBLE)
def test_what_scripts_and_emoji_need_passes(text):
    assert said(InvisibleCharacters(), text) == ()


def test_one_finding_for_each_kind_with_the_number():
    findings = said(InvisibleCharacters(), "a\u200bb\u200bc\x07")
    assert [(finding.at.start, finding.message) for finding in findings] == [
        (1, "zero-width characters (first of 2)"),
        (5, "control characters (first of 1)"),
    ]


def test_encoding_is_judged_in_every_text_of_every_record(tmp_path):
    path = tmp_path / "data.jsonl"
    records = [
        {"messages": [{"role": "usr", "content": "cafÃ© \u200b"}]},
        {
            "messages": [
                {"role": "user", "content": "cafÃ© \u200b"},
                {"role": "assistant", "content": "Hi"},
            ]
        },
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    report = lint(
        [str(path)], {"rules": {"select": ["text/mojibake", "text/invisible-characters"]}}
    )
    assert [finding.at.row for finding in report.findings] == [0, 0, 1, 1]


def test_the_mark_of_a_file_is_not_a_character_of_its_text(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"text": "Hello"}).encode())
    assert lint([str(path)], {"rules": {"select": ["text"]}}).counts["warning"] == 0


@pytest.mark.parametrize(
    ("right", "wrong", "suggestion"),
    [
        ("utf-8", ["latin-1"], "decoded as latin-1 instead of UTF-8"),
        ("utf-8", ["cp1252"], "decoded as windows-1252 instead of UTF-8"),
        ("utf-8", ["cp1252", "cp1252"], "decoded as windows-1252 instead of UTF-8"),
        ("cp1252", ["latin-1"], "decoded as latin-1 instead of windows-1252"),
    ],
)
def test_a_suggestion_names_the_encodings_and_no_word_of_the_text(right, wrong, suggestion):
    text = "Müßig fragt „Zoë Grünkœhl“ – „ach“"
    for encoding in wrong:
        text = text.encode(right).decode(encoding)
    assert {finding.suggestion for finding in said(Mojibake(), text)} == {suggestion}


HTML = [
    ("Marks &amp; Spencer", "Hi", 1),
    ("One<br>two<br/>three", "Hi", 1),
    ('<div class="x">Hello</div> there, how are you doing today, my dear friend?', "Hi", 1),
    ("&#39;tis", "Hi", 1),
    ("AT&T; x & y;", "Hi", 0),
    ("a<b and c>d, List<String>, <think>Hm</think>", "Hi", 0),
    ("`&nbsp;` and ```\n<p>\n```", "Hi", 0),
    ("| a | b |\n|---|---|\n| x<br>y | z |", "Hi", 0),
    ("Use <br> here.", "Break a line in HTML.", 0),
    ("<p>x</p><p>y</p><p>z</p>", "Hi", 0),
]


@pytest.mark.parametrize(("text", "prompt", "count"), HTML)
def test_html_residue(text, prompt, count):
    assert len(said(HtmlResidue(), text, prompt)) == count


POEM = "\n".join(
    f"{line}\nAnd the river runs down to the sea."
    for line in (
        "We sang in the morning,",
        "We danced in the noon,",
        "We slept in the evening,",
        "We woke by the moon,",
    )
)
TABLE = "\n".join(f"| {n} | apples | red | sweet |" for n in range(60))
REPEATED = [
    ("I am sorry. " * 20, 1),
    ("\n".join(f"Access all records of {n} now!" for n in range(480, 500)), 1),
    ("对不起，我不知道。" * 30, 1),
    ("0" * 600, 1),
    (POEM, 0),
    (TABLE, 0),
    ("```\n" + "print('hello world')\n" * 40 + "```", 0),
    (json.dumps([{"name": "apple", "price": 1, "currency": "EUR"}] * 20), 0),
    ("ha ha ha ha ha", 0),
    ("\n".join(f"{n} x 7 = {7 * n}" for n in range(1, 30)), 0),
]


@pytest.mark.parametrize(("text", "count"), REPEATED)
def test_repetition(text, count):
    assert len(said(Repetition(), text)) == count


def test_the_shares_of_gopher():
    tokens = ["a", "b", "c", "a", "b", "c", "a", "b", "c", "d"]
    assert top_ngram(tokens, 3) == 9 / 10
    assert repeated_ngrams(tokens, 3) == 6 / 10
    assert repeated_lines(["x", "y", "x", "x"]) == 0.5
    assert (top_ngram(["a"], 2), repeated_ngrams([], 5), repeated_lines([])) == (0, 0, 0)


EMPTY = [
    ("...", 1),
    ("-", 1),
    ("?!", 1),
    ("Yes.", 0),
    ("42", 0),
    ("+", 0),
    ("👍", 0),
    ("好", 0),
    ("$x$", 0),
    (" ".join(["###", "..."] * 40), 1),
    ("a b c d e " * 15, 1),
    ("Wait ... what? " * 5 + "It is ... " * 20, 1),
    ("The quick brown fox jumps over the lazy dog near the river bank. " * 6, 0),
    ("\n".join(f"- item number {n}: apples" for n in range(30)), 0),
    ("1 2 3 4 5 6 7 8 9 " * 10, 0),
    ("これは日本語の文章です。" * 20, 0),
]


@pytest.mark.parametrize(("text", "count"), EMPTY)
def test_low_information(text, count):
    assert len(said(LowInformation(), text)) == count


LONG = "The museum is open every day from nine in the morning until six. It is closed on the first Monday of each month"
CUT = [
    (LONG + ", and the", 1),
    (LONG + ",", 1),
    (LONG + " (", 1),
    (LONG + " in Novem-", 1),
    (
        "Das Museum ist täglich von neun bis sechs geöffnet. Am ersten Montag im Monat ist es geschlossen, außer im Sommer und",
        1,
    ),
    ("这是一个很长的句子。" * 12 + "第一、", 1),
    (
        "Here is the code that you asked for. It prints a greeting, and then it stops right away, as you wanted:\n```python\nprint('hi",
        1,
    ),
    (LONG + ".", 0),
    (LONG, 0),
    (LONG + ":\n- tickets\n- guided tours", 0),
    ("Roses are red,\nviolets are blue,\n" * 5, 0),
    ("x, y, z,", 0),
    ("The code:\n```\nfor x in y:\n    print(x)\n```\n" + LONG + ".", 0),
    ("a," * 60, 0),
]


@pytest.mark.parametrize(("text", "count"), CUT)
def test_truncated(text, count):
    assert len(said(Truncated(), text)) == count


DECLINES = [
    "I'm sorry, but I can't help with that.",
    "I\u2019m sorry, but I can\u2019t assist\nwith that request.",
    "As an AI, I do not have access to your calendar.",
    "Unfortunately, I am unable to provide legal advice.",
    "Es tut mir leid, aber ich kann dir dabei nicht helfen.",
    "Je ne suis pas en mesure de répondre.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "很抱歉，我无法回答这个问题。",
]
ANSWERS = [
    "I'm sorry to hear that your order is late. I can help.",
    "I can't help but smile when I see it.",
    'He said: "I can\'t help you", and left.',
    "Here is a story. " * 20 + "I can't help with that.",
    "Sorry, we are closed on Monday.",
    "It cannot provide enough power.",
    "Ich kann dir helfen.",
]


@pytest.mark.parametrize(
    ("text", "count"), [*((text, 1) for text in DECLINES), *((text, 0) for text in ANSWERS)]
)
def test_refusal(text, count):
    assert len(said(Refusal(), text)) == count


def test_prompts_do_not_decline_and_the_rate_is_measured(tmp_path):
    path = tmp_path / "data.jsonl"
    texts = [
        ("I can't help with that.", "Fine."),
        ("Help.", "I'm sorry, but I can't help with that."),
        ("Hi", "Hello!"),
        ("Hi", "Hey!"),
    ]
    records = [
        {
            "messages": [
                {"role": "user", "content": prompt},
                {"role": "assistant", "content": answer},
            ]
        }
        for prompt, answer in texts
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    report = lint([str(path)], {"rules": {"select": ["text/refusal"]}})
    assert [finding.at.row for finding in report.findings] == [1]
    assert report.measures["text/refusal.rate"] == 0.25


STOCK = [
    ("As an AI language model, I have no body.", 1),
    ("I don't have personal opinions on this.", 1),
    ("As of my last knowledge update in 2021, it was open.", 1),
    ("Lorem ipsum dolor sit amet", 1),
    ("作为一个人工智能语言模型，我不能。", 1),
    ("En tant que modèle de langage, je ne sais pas.", 1),
    ("I am Ada, the assistant of this shop.", 0),
    ("An AI language model is a program.", 0),
    ("`As an AI language model`", 0),
]


@pytest.mark.parametrize(("text", "count"), STOCK)
def test_boilerplate(text, count):
    assert len(said(Boilerplate(), text)) == count


@pytest.mark.parametrize("rule", [Refusal(), Boilerplate()], ids=["refusal", "boilerplate"])
def test_the_lists_are_well_formed(rule):
    activate(rule)
    assert rule.resources
    for resource in rule.resources:
        assert (resource.language, resource.licence, resource.data[:2]) == (
            resource.language,
            "Apache-2.0",
            b"# ",
        )
        for phrase in phrases(resource):
            whole = "".join(alternative for piece in phrase for alternative in piece)
            assert whole == whole.lower()
            assert not set(whole) & set("()|?*[]")


def test_a_plugin_adds_a_language(work, call):
    work.plugin(
        "vietnamese",
        """
        from pathlib import Path
        from dslint.plugin import Resource, hookimpl

        @hookimpl
        def dslint_resources():
            return [Resource(kind="refusal", name="vi", language="vi", path=str(Path(__file__).parent / "vi.txt"), licence="MIT")]
        """,
    )
    (work.plugins / "vi.txt").write_text("# Vietnamese\nxin lỗi, tôi không thể (giúp|trả lời)\n")
    work.jsonl("data.jsonl", {"prompt": "Hi", "completion": "Xin lỗi, tôi không thể giúp bạn."})
    found = call("check", "--select", "text/refusal", "-o", "json", "data.jsonl").findings(
        "text/refusal"
    )
    assert [(finding["start"], finding["end"]) for finding in found] == [(0, 27)]


def test_a_small_check_loads_no_repair(work):
    work.jsonl("data.jsonl", {"text": "Grüße aus Köln, привет, 你好."})
    import subprocess

    probe = "import sys; from dslint import lint; lint(['data.jsonl'], {'rules': {'select': ['text']}}); print('numpy' in sys.modules, 'pyarrow' in sys.modules)"
    done = subprocess.run(
        [work.command()["args"][0], "-c", probe],
        cwd=work.root,
        env=work.env,
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.split() == ["False", "False"]
