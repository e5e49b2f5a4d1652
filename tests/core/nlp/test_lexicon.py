"""Lexicons: what their files may say, what is said about mistakes in them, and where their terms are found."""

import time
import unicodedata
from collections import Counter
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslint import registry
from dslint.errors import ConfigError
from dslint.nlp.lexicon import Entry, Lexicon, lexicon_schema, parse_lexicon
from dslint.nlp.matcher import Matcher
from dslint.plugin import Batch
from dslint.run import api
from dslint.testing.harness import inputs_of, shape_for

CSV = """# name: House words
# language: en
# source: the house
# licence: MIT
# version: 1
# set colour: red | green

term,severity,category,replacement,forms,exceptions,unless,inside
frob,warning,jargon,change,frobs | frobbed,frob box,tool,
"{colour} tape, n.",info,,bureaucracy,,,,
blarg,,,,,,,yes
"""
TOML = """
name = "House words"
language = "en"
source = "the house"
licence = "MIT"
version = "1"
sets = {colour = ["red", "green"]}

[[entries]]
term = "frob"
severity = "warning"
category = "jargon"
replacement = "change"
forms = ["frobs", "frobbed"]
exceptions = ["frob box"]
unless = ["tool"]

[[entries]]
term = "{colour} tape, n."
severity = "info"
replacement = "bureaucracy"

[[entries]]
term = "blarg"
inside = true
"""
RESOURCES = registry.load(registry.discover()).resources
LEXICONS = [
    item
    for item in RESOURCES
    if item.path.endswith(".csv") and item.kind not in ("misspellings", "dialect")
]  # those are pairs of words
VALID = jsonschema.Draft202012Validator(lexicon_schema())


def lexicon(*terms, **sets):
    entries = tuple(term if isinstance(term, Entry) else Entry(term=term) for term in terms)
    return Lexicon(entries=entries, sets=sets)


def found(text, *terms, disguises=False, allow=(), **sets):
    return [
        text[hit.start : hit.end]
        for hit in Matcher([lexicon(*terms, **sets)], disguises=disguises, allow=allow).find(text)
    ]


def test_three_notations_mean_the_same():
    csv, toml = parse_lexicon("a.csv", CSV.encode()), parse_lexicon("a.toml", TOML.encode())
    assert csv == toml == parse_lexicon("", msgspec.json.encode(csv))
    assert [str(entry.grade) for entry in csv.entries] == ["warning", "info", "None"]


def test_a_plain_table_is_a_lexicon():
    (entry,) = parse_lexicon(
        "a.csv", b"\xef\xbb\xbfTerm,Severity,Category,Replacement\r\nfrob,Error,jargon,change\r\n"
    ).entries
    assert (entry.term, entry.severity, entry.category, entry.replacement) == (
        "frob",
        "error",
        "jargon",
        "change",
    )


WRONG = [
    ("a.csv", b"word\nfrob\n", ["a.csv", "line 1", "no column 'term'", "term,severity"]),
    (
        "a.csv",
        b"# licence: MIT\nterm,severity\nfrob,info\nblarg,loud\n",
        ["a.csv", "line 4, severity", "'loud'"],
    ),
    (
        "a.csv",
        b"term,severtiy\nfrob,info\n",
        ["a.csv", "line 2", "severtiy", "did you mean 'severity'?"],
    ),
    ("a.csv", b"# licens: MIT\nterm\nfrob\n", ["a.csv", "licens", "did you mean 'licence'?"]),
    ("a.csv", b"term,category\na, b, c\n", ["a.csv", "line 2", "3 cells, not 2", "quote"]),
    ("a.csv", b"term\nthe {colour} one\n", ["a.csv", "line 2", "unknown set 'colour'", "sets"]),
    ("a.csv", b"# set colours: red\nterm\nthe {colour} one\n", ["did you mean 'colours'?"]),
    ("a.csv", b"term,cased\nfrob,perhaps\n", ["a.csv", "line 2, cased", "bool"]),
    ("a.csv", b"term\n", ["a.csv", "length"]),
    ("a.csv", b"term\n\xff\n", ["a.csv", "not UTF-8 at byte 5"]),
    ("a.toml", b"entries = [", ["a.toml", "not valid TOML"]),
    (
        "a.toml",
        b'[[entries]]\nterm = "a"\n[[entries]]\nterm = 3\n',
        ["a.toml", "entry 2, term", "str"],
    ),
    (
        "a.toml",
        b'[[entries]]\nterm = "a"\n[[entries]]\nword = "b"\n',
        ["a.toml", "entry 2", "word"],
    ),
    ("a.txt", b"frob\n", ["a.txt", "not valid JSON", ".csv"]),
]


@pytest.mark.parametrize(("path", "data", "parts"), WRONG)
def test_a_mistake_is_named_with_file_entry_and_cure(path, data, parts):
    with pytest.raises(ConfigError) as error:
        parse_lexicon(path, data)
    said = f"{error.value.message} {error.value.hint}"
    assert error.value.hint
    for part in parts:
        assert part in said


@pytest.mark.parametrize("resource", LEXICONS, ids=lambda item: item.name)
def test_a_lexicon_that_comes_along_says_where_it_is_from(resource):
    made = parse_lexicon(resource.path, Path(resource.path).read_bytes())
    VALID.validate(msgspec.json.decode(msgspec.json.encode(made)))
    assert made.name
    assert made.source
    assert made.version
    assert set(made.licence.split(" AND ")) <= {"Apache-2.0", "CC-BY-4.0", "MIT"}
    assert made.language == resource.language
    terms = [term for entry in made.entries for term in (entry.term, *entry.forms)]
    assert [term for term, count in Counter(terms).items() if count > 1] == []


def test_every_pack_that_takes_lexicons_has_some():
    taken = {kind for known in api.environment().known.values() for kind in known.rule.takes}
    assert {"profanity", "slur", "insensitive", "gendered", "group", "attribute"} <= taken & {
        item.kind for item in LEXICONS
    }


DOCUMENTS = [
    {"entries": [{"term": "a"}]},
    {
        "entries": [{"term": "a", "severity": "error", "forms": ["b"], "cased": True}],
        "sets": {"x": ["y"]},
        "language": "vi",
    },
    {"entries": []},
    {"entries": [{"term": ""}]},
    {"entries": [{"severity": "info"}]},
    {"entries": [{"term": "a", "severity": "bad"}]},
    {"entries": [{"term": "a", "forms": "b"}]},
    {"entries": [{"term": "a", "colour": "b"}]},
    {"entries": [{"term": "a"}], "kind": "b"},
    {"entries": [{"term": "a"}], "sets": {"x": [1]}},
    {},
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_published_schema_accepts_what_the_parser_accepts(document):
    try:
        parse_lexicon("a.json", msgspec.json.encode(document))
    except ConfigError:
        accepted = False
    else:
        accepted = True
    assert VALID.is_valid(document) == accepted


WORDS = [
    ("A frob, two FROBs.", ["frob"], ["frob"]),
    ("scunthorpe unfrobbed frobnicate", ["frob", "cunt"], []),
    ("*frob* _frob_ (frob) frob's frob-like my_frob frob_id", ["frob"], ["frob"] * 5),
    (
        "red  tape, red-tape and red\ntape but red. Tape",
        ["red tape"],
        ["red  tape", "red-tape", "red\ntape"],
    ),
    ("the frob box and the box frob", [Entry(term="frob", exceptions=("frob box",))], ["frob"]),
    ("this tool is a frob", [Entry(term="frob", unless=("tool",))], []),
    ("this tool " + "x " * 20 + "is a frob", [Entry(term="frob", unless=("tool",))], ["frob"]),
    ("Frob, frob, FROB", [Entry(term="frob", cased=True)], ["frob"]),
    ("superfrobbing, frob", [Entry(term="frob", inside=True)], ["superfrobbing", "frob"]),
    ("http://frob.com frob@x.com @frob www.frob.org #frob", ["frob"], ["frob"]),
    ("big frob", ["frob", "big frob"], ["big frob"]),
    ("s&m and S&M, not ss&m", ["s&m"], ["s&m", "S&M"]),
    ("ein Maßband, MASSBAND", ["maßband"], ["Maßband", "MASSBAND"]),
    ("İstanbul frob", ["frob"], ["frob"]),
    (
        "fr\u200bob fr\u00adob \uff46\uff52\uff4f\uff42",
        ["frob"],
        ["fr\u200bob", "fr\u00adob", "\uff46\uff52\uff4f\uff42"],
    ),
    ("你说他妈的什么", ["他妈的"], ["他妈的"]),
    ("มันควยมาก", ["ควย"], ["ควย"]),
    ("야 씨발놈아", ["씨발"], ["씨발"]),
    ("ऐसा कुत्ता है।", ["कुत्ता"], ["कुत्ता"]),
]


@pytest.mark.parametrize(("text", "terms", "hits"), WORDS)
def test_terms_are_found_as_words(text, terms, hits):
    assert found(text, *terms) == hits


@pytest.mark.parametrize("text", ["đồ ngu", "thằng kia, đồ ngu mày", "địt mẹ, ĐỒ NGU!"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_offsets_are_those_of_the_original_text_in_any_unicode_form(text, form):
    written = unicodedata.normalize(form, text)
    hits = found(written, unicodedata.normalize("NFC" if form == "NFD" else "NFD", "đồ ngu"))
    assert [unicodedata.normalize("NFC", hit).lower() for hit in hits] == ["đồ ngu"]


def test_decomposed_korean_keeps_its_offsets():
    written = unicodedata.normalize("NFD", "야 씨발놈아")
    assert found(written, "씨발") == [unicodedata.normalize("NFD", "씨발")]


@pytest.mark.parametrize(
    "text",
    [
        "fr0b",
        "fr*b",
        "f**b",
        "FROOOOB",
        "f r o b",
        "f.r.o.b",
        "F-R-O-B",
        "fro8",
        "b@rf",
        "$frob$",
        "f r o b o x",
    ],
)
def test_disguises_are_seen_through(text):
    assert len(found(text, "frob", "barf", disguises=True)) == 1
    assert found(text, "frob", "barf") == (["frob"] if "frob" in text else [])


@pytest.mark.parametrize(
    "text",
    [
        "frb",
        "f*b x**b",
        "froob",
        "a55",
        "f r o",
        "F. R. Obama",
        "455",
        "900k",
        "f(ro)b",
        "a b c d",
        "i'm f r",
    ],
)
def test_what_only_looks_like_a_disguise_is_left_alone(text):
    assert found(text, "frob", "ass", "gook", disguises=True) == []


def test_sets_stand_for_each_of_their_words():
    terms = ["{who} {is} frob", "{colour} tape"]
    sets = {"who": ("he", "she"), "is": ("is", "is so"), "colour": ("red", "dark green")}
    assert found("She is so frob. They is frob. Dark green tape!", *terms, **sets) == [
        "She is so frob",
        "Dark green tape",
    ]


def test_allowed_phrases_are_fine():
    assert found("a frob and the frob box", "frob", allow=["frob box"]) == ["frob"]


def batch(texts):
    records = [{"text": text} for text in texts]
    shape = shape_for(records, "text")
    return Batch(
        inputs_of([None], shape, {})[None], shape, records, range(len(records)), range(len(records))
    )


PIECES = ["frob", "Frob's", "fr0b", "f*ob", "f", "r", "o", "b", "f.r", "o-b", "red", "tape", "red-tape", "he", "is", "so", "他妈的", "씨발놈", "đồ", "ngu", "i", "'s", "(f", "b)", "xfrobx", "fro", "@frob", "s&m", "tool"]  # fmt: skip
TERMS = lexicon(
    "frob", "red tape", "{who} {is} so", "他妈的", "씨발 놈", "đồ ngu", "s&m", Entry(term="frobx", inside=True), Entry(term="tape", unless=("tool",)), who=("he", "she"), **{"is": ("is", "is not")}
)  # fmt: skip


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join), max_size=5), st.booleans()
)
def test_the_fast_search_finds_what_looking_at_each_text_finds(texts, disguises):
    matcher, fresh = Matcher([TERMS], disguises=disguises), Matcher([TERMS], disguises=disguises)
    for _ in range(2):  # the second time, what was seen before is remembered
        assert list(matcher.search(batch(texts), ("all",))) == [
            (n, hits) for n, text in enumerate(texts) if (hits := fresh.find(text))
        ]


def test_thousands_of_terms_cost_little_more_than_ten():
    texts = [f"nothing to see in number {number}, move along please" for number in range(5000)]

    def seconds(terms):
        matcher = Matcher([lexicon(*(f"frob{'abcdefghij'[n % 10]}{n}x" for n in range(terms)))])
        best = []
        for _ in range(3):
            made = batch(texts)
            start = time.process_time()
            assert list(matcher.search(made, ("all",))) == []
            best.append(time.process_time() - start)
        return min(best)

    assert seconds(5000) < 5 * seconds(10)
