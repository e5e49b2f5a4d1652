"""Telling languages, spelling and grammar: what is found, and what is left alone."""

import json
import subprocess
from pathlib import Path

import pytest

from dslint import lint
from dslint.testing import Run, run
from dslint.testing.harness import activate, with_options
from dslint_packs.language.grammar import Grammar, rate_of, sentences
from dslint_packs.language.identify import identify, relatives
from dslint_packs.language.spelling import Spelling, resources, wordlist
from dslint_packs.language.unexpected import Mixed

SENTENCES = {
    "en": "All human beings are born free and equal in dignity and rights.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।",
    "zh": "人人生而自由，在尊严和权利上一律平等。",
    "ja": "すべての人間は、生まれながらにして自由である。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_told(code):
    assert identify([SENTENCES[code]]) == [code]


UNKNOWN = [
    "",
    "Hello there!",
    "Guten Tag",
    "New York, Los Angeles, Buenos Aires, San Francisco, São Paulo",
    "1234567890 1234567890 1234567890",
    '{"nombre": "la casa de papel", "precio": 12, "moneda": "euros"}',
    "for (int i = 0; i < n; i++) { suma += valores[i]; }",
    "```\nprint('una frase en otro idioma')\n```",
    "https://example.org/una/frase/larga/en/otro/idioma",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_short_texts_names_and_code_are_unknown(text):
    assert identify([text]) == [None]


def test_capitals_and_code_beside_it_do_not_change_the_language():
    assert identify(
        [SENTENCES["fr"].upper(), SENTENCES["de"] + " `x = [1]`\n```\nprint('hello')\n```"]
    ) == ["fr", "de"]


def test_relatives_stand_for_each_other():
    assert relatives("no") == relatives("da") == {"da", "nb", "nn", "no"}
    assert relatives("en") == {"en"}
    assert identify(["将3.14弧度转换为角度，并给出计算过程。"]) == ["zh"]


def mixed(*lines, prompt="Hi"):
    record = {
        "messages": [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": "\n".join(lines)},
        ]
    }
    return [(finding.at.start, finding.message) for finding in run(Mixed(), [record]).findings]


EN, DE = (
    SENTENCES["en"] + " They are endowed with reason and conscience.",
    SENTENCES["de"] + " Sie sind mit Vernunft und Gewissen begabt.",
)


def test_a_change_of_language_is_found_where_it_happens():
    assert mixed(EN, EN, DE, EN) == [(2 * len(EN) + 2, "the text starts in en and continues in de")]
    assert mixed(EN, EN) == []


def test_translations_and_code_are_no_change():
    assert mixed(EN, DE, prompt="Translate it.") == []
    assert mixed(EN, "```", DE, "```") == []
    assert mixed(EN, "In German: Guten Tag!") == []


def spelt(text, **options):
    rule = with_options(Spelling, options)
    return [
        (finding.at.start, finding.suggestion) for finding in run(rule, [{"text": text}]).findings
    ]


SPELT = [
    ("We did not recieve it.", [(11, "receive")]),
    ("the goverment and the enviroment", [(4, "government"), (22, "environment")]),
    ("(definately)", [(1, "definitely")]),
    ("Recieve is a name here, RECIEVE too", []),
    ("`recieve` and recieve(x) and x.recieve and recieve_all", []),
    ("see https://example.org/recieve or me@recieve.org or /usr/recieve", []),
    ("```\nrecieve\n```", []),
    ("$$recieve$$", []),
    ("The colour of the grey theatre, the color of the gray theater", []),
    ("Ich habe das leider nicht erhalten, weil die Adresse falsch war: recieve.", []),
    ("gonna wanna lol u r gr8 dont", []),
    ("Micheal and Jhon met Brittany in Humber and Winn", []),
    ("recieve-all", []),
    ("Dear {{customer}}, we did recieve your letter.", [(26, "receive")]),
]


@pytest.mark.parametrize(("text", "found"), SPELT)
def test_spelling(text, found):
    assert spelt(text) == found


CORRECT = """
The committee received its accommodation on the occasion of a necessary separation. She was definitely embarrassed by the occurrence. It is weird that
their neighbour believes in the government's independence. We recommend a restaurant with a beautiful view of the Caribbean. A liaison officer
maintained the calendar. He has publicly apologised, and the privilege was noticeable. Until tomorrow, the library possesses a questionnaire.
"""


def test_good_english_passes():
    assert spelt(CORRECT) == []


@pytest.mark.parametrize("code", [code for code in SENTENCES if code != "en"])
def test_other_languages_have_no_misspellings(code):
    assert spelt(SENTENCES[code]) == []


def test_a_dialect_can_be_asked_for():
    assert spelt("the colour, the color", dialect="en-us") == [(4, "color")]
    assert spelt("the colour, the color", dialect="en-gb") == [(16, "colour")]


def test_words_can_be_allowed(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("# ours\nRecieve\n")
    assert spelt("we recieve the enviroment", allow="enviroment") == [(3, "receive")]
    assert spelt("we recieve the enviroment", dictionary=str(path)) == [(15, "environment")]


def test_users_may_misspell():
    record = {
        "messages": [
            {"role": "user", "content": "did you recieve it"},
            {"role": "assistant", "content": "Yes."},
        ]
    }
    assert run(Spelling(), [record]).findings == ()
    assert len(run(with_options(Spelling, {"roles": "all"}), [record]).findings) == 1


def test_the_word_lists_are_well_formed():
    for resource in resources():
        words = wordlist(Path(resource.path).read_bytes())
        assert all(
            word == word.lower() and word.isalpha() and right.isalpha() and word != right
            for word, right in words.items()
        )
        assert resource.licence
        assert resource.source


def test_a_plugin_brings_misspellings_of_another_language(work, call):
    work.plugin(
        "german",
        """
        from pathlib import Path
        from dslint.plugin import Resource, hookimpl

        @hookimpl
        def dslint_resources():
            return [Resource(kind="misspellings", name="de", language="de", path=str(Path(__file__).parent / "de.csv"), licence="MIT")]
        """,
    )
    (work.plugins / "de.csv").write_text("# German\nwiederspiegeln,widerspiegeln\n")
    texts = [
        "Das soll die Meinung der meisten Menschen wiederspiegeln, glaube ich.",
        "The word wiederspiegeln is often seen in German texts on the web.",
    ]
    work.jsonl("data.jsonl", *[{"text": text} for text in texts])
    found = call("check", "--select", "language/spelling", "-o", "json", "data.jsonl").findings(
        "language/spelling"
    )
    assert [(finding["row"], finding["suggestion"]) for finding in found] == [(0, "widerspiegeln")]


BAD = "I has seen a apple on the tabel. She dont know what it is about it. He have went their with me yesterday. They is very good at there work."
GOOD = "I have seen an apple on the table. She does not know what it is about. He went there with me yesterday. They are very good at their work."


def measured(records, how=None, **options):
    outcome = run(with_options(Grammar, options), records, how)
    assert not outcome.crashes
    return outcome


def test_bad_english_has_a_higher_rate_than_good_english():
    bad = measured([{"text": f"{BAD} It is on page {n}."} for n in range(8)]).measures
    good = measured([{"text": f"{GOOD} It is on page {n}."} for n in range(8)]).measures
    good, bad = (
        {name.partition(".")[2]: value for name, value in one.items()} for one in (good, bad)
    )
    assert good["errors-per-100-words-high"] < bad["errors-per-100-words-low"]
    assert (
        bad["errors-per-100-words-low"]
        <= bad["errors-per-100-words"]
        <= bad["errors-per-100-words-high"]
    )


def test_the_sample_does_not_depend_on_cut_order_or_copies():
    records = [
        {"text": f"{GOOD if n % 3 else BAD} It was the {'very ' * n} end."} for n in range(30)
    ]
    once = measured(records, sample=12).measures
    assert once
    assert (
        measured(
            records,
            Run(cuts=(3, 11, 20), backwards=True, compact=True, arrow=True, pickled=True),
            sample=12,
        ).measures
        == once
    )
    assert measured(records[::-1], sample=12).measures == once
    assert measured([*records, *records], sample=12).measures == once
    assert measured(records, sample=13).measures != once


def test_full_finds_every_record_with_errors():
    records = [
        {"text": GOOD},
        {"text": BAD},
        {"messages": [{"role": "user", "content": BAD}, {"role": "assistant", "content": GOOD}]},
    ]
    said = measured(records[:2], full=True)
    assert [finding.at.row for finding in said.findings] == [1]
    assert said.findings[0].message.endswith("grammar or spelling errors in 30 words")
    assert 0 < said.findings[0].score <= 1
    assert measured(records[2:], full=True).findings == ()


def test_few_words_have_no_rate():
    assert measured([{"text": BAD}]).measures == {}


def test_other_languages_and_code_are_not_read():
    assert (
        measured(
            [{"text": " ".join([SENTENCES["de"]] * 30)}, {"text": "x = [1];\n" * 200}], full=True
        ).measures
        == {}
    )


def test_british_and_american_spelling_are_both_right():
    text = "The colour of the theatre was grey, and the color of the theater was gray."
    assert measured([{"text": text}], full=True).findings == ()
    assert len(measured([{"text": text}], full=True, dialect="en-us").findings) == 1


def test_sentences_are_prose():
    text = "# Title\n\nThis is a sentence of prose. Call `f(x)` to see 3 things. Yes. - a list item without an end\nIs this one as well? 他说了一句话，很长很长。"
    assert sentences(text) == ["This is a sentence of prose.", "Is this one as well?"]


def test_the_interval():
    assert rate_of([(1, 50), (1, 50)]) == (2.0, 2.0, 2.0)
    rate, low, high = rate_of([(0, 100), (2, 100)])
    assert (rate, low) == (1.0, 0.0)
    assert high == pytest.approx(1 + 1.96)


def test_nothing_but_the_report_is_printed(work):
    work.jsonl(
        "data.jsonl",
        *[
            {"text": f"{GOOD} The {'un' * n}schooling of children is of great importance to them."}
            for n in range(8)
        ],
    )
    done = subprocess.run(
        **work.command("check", "--select", "language/grammar", "-o", "json", "data.jsonl"),
        capture_output=True,
        check=False,
    )
    assert json.loads(done.stdout)["measures"]["language/grammar.errors-per-100-words"] >= 0


def test_in_workers_it_is_the_same(work):
    work.jsonl(
        "data.jsonl", *[{"text": f"{BAD if n % 2 else GOOD} It is on page {n}."} for n in range(12)]
    )
    runs = [
        work.check(
            "--select",
            "language/grammar",
            "--option",
            "language/grammar.full=true",
            "-j",
            jobs,
            "--shard-size",
            "1000",
            "data.jsonl",
        )
        for jobs in ("1", "2")
    ]
    assert runs[0].out == runs[1].out
    assert [finding["row"] for finding in runs[0].findings("language/grammar")] == list(
        range(1, 12, 2)
    )


def test_rules_without_their_library_say_so(work):
    work.jsonl("data.jsonl", {"text": "Hello"})
    block = "import sys\nsys.modules['fasttext'] = None\nsys.modules['harper'] = None\n"
    (work.root / "sitecustomize.py").write_text(block)
    env = {"PYTHONPATH": str(work.root)}
    report = work.check("data.jsonl", env=env).report
    states = {
        rule["id"]: (rule["state"], rule["reason"])
        for rule in report["rules"]
        if rule["id"].startswith("language/")
    }
    assert states["language/spelling"][0] == "ran"
    assert states["language/grammar"] == (
        "unavailable",
        "harper not installed; run: pip install 'dslint-gate[grammar]'",
    )
    assert states["language/mixed"] == (
        "unavailable",
        "fasttext not installed; run: pip install 'dslint-gate[language]'",
    )
    named = work.check("--select", "language", "data.jsonl", env=env)
    assert (named.code, named.out) == (2, "")
    assert (
        "the rules language/grammar, language/mixed cannot run: harper, fasttext not installed"
        in named.err
    )
    assert "pip install 'dslint-gate[grammar,language]'" in named.err
    assert work.run("init", env=env).code == 0
    assert "pip install 'dslint-gate[grammar,language]'" in (work.root / "dslint.toml").read_text()
    assert work.check(env=env).code == 0


def test_the_resources_reach_the_rule():
    rule = Grammar()
    activate(rule)
    assert {resource.name for resource in rule.resources} == {"dialect-en-gb", "dialect-en-us"}


def test_limits_on_the_rate(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text(
        "".join(
            json.dumps({"text": f"{BAD} It was the {'very ' * n} end."}) + "\n" for n in range(8)
        )
    )
    config = {
        "rules": {
            "select": ["language/grammar"],
            "language/grammar": {"limits": {"errors-per-100-words": {"max": 1}}},
        }
    }
    assert lint([str(path)], config).verdict == "fail"
