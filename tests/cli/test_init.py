"""`dslint init`: the configuration that it writes is valid, passes, holds what it measured, and lets nothing grave through."""

import re
import stat
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslint.config import first_config
from dslint.helpers.globs import escape, matches_any
from dslint.version import __version__

GOLDEN = Path(__file__).parents[1] / "golden"


def chat(question, answer, **more):
    return {
        **more,
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ],
    }


def many(count, **more):
    words = [
        "amber",
        "birch",
        "cedar",
        "delta",
        "ember",
        "fjord",
        "grove",
        "heath",
        "inlet",
        "jetty",
    ]
    return [
        chat(
            f"Where is the {words[n % 10]} {words[n // 10 % 10]} {words[n // 100 % 10]} road {n}?",
            f"It is north of mile {n}.",
            **more,
        )
        for n in range(count)
    ]


def clean(work):
    work.jsonl("data.jsonl", *many(5))


def several_splits(work):
    work.jsonl("data/train.jsonl", *[{"id": f"a{n}", **value} for n, value in enumerate(many(20))])
    work.jsonl(
        "data/test.jsonl", *[{"id": f"b{n}", **value} for n, value in enumerate(many(30)[20:])]
    )


def shards(work):
    for number in range(3):
        work.jsonl(
            f"data/train-0000{number}-of-00003.jsonl", *many(30)[number * 10 : number * 10 + 10]
        )
    work.jsonl("data/test-00000-of-00001.jsonl", *many(40)[30:])


def several_shapes(work):
    clean(work)
    work.jsonl(
        "more/labels.jsonl",
        *[{"text": f"sentence {n} of the file", "label": "ab"[n % 2]} for n in range(10)],
    )
    work.jsonl("more/plain.jsonl", *[{"text": f"another sentence, {n} of many"} for n in range(10)])


def blank_answers(work):
    work.jsonl(
        "data.jsonl",
        *many(20),
        chat("Who?", " "),
        chat("When?", ""),
        {"messages": [{"role": "bot", "content": "x"}]},
    )


def few_warnings_in_many(work):
    work.jsonl("data.jsonl", *many(809), *many(3))


def one_warning_in_many(work):
    work.jsonl("data.jsonl", *many(700), chat("Who?", "Yours, [Your Name]"))


def odd_names(work):
    work.jsonl("da [ta]/x*y?.jsonl", *many(5))
    work.jsonl('da [ta]/q"uo\\te#.jsonl', *many(9)[5:])
    work.jsonl("da [ta]/naïve\u202e\x7f\n.jsonl", *many(12)[9:])


def nothing_recognised(work):
    work.jsonl("data.jsonl", *[{"a": {"b": n}} for n in range(5)])


def table(work):
    work.write(
        "data.csv",
        "id,text,label\n" + "".join(f"{n},some words {n},{'ab'[n % 2]}\n" for n in range(20)),
    )


def repeated_keys(work):
    work.write("data.jsonl", '{"text": "a", "text": "b"}\n{"text": "c"}\n')


DATA = [
    clean,
    several_splits,
    shards,
    several_shapes,
    blank_answers,
    few_warnings_in_many,
    one_warning_in_many,
    odd_names,
    nothing_recognised,
    table,
    repeated_keys,
]


def document(work):
    return tomllib.loads((work.root / "dslint.toml").read_text())


@pytest.mark.parametrize("make", DATA, ids=lambda make: make.__name__)
def test_what_it_writes_is_valid_and_passes(make, work, call):
    make(work)
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in work.root.rglob("*")
        if path.is_file()
    }
    made = call("init")
    assert made.code == 0, made
    assert made.out == ""
    checked = call("check", "-o", "json")
    assert checked.code == 0, checked
    assert {item["path"] for item in checked.report["inputs"]} == {
        path.relative_to(work.root).as_posix() for path in before
    }
    assert call("config", "validate").code == 0
    text = (work.root / "dslint.toml").read_text()
    assert call("init", "--force").code == 0
    assert (work.root / "dslint.toml").read_text() == text
    assert call("init", "-o", "-").out == text
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before


KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
STRICT = {
    "parse-error": lambda work: work.write("data.jsonl", '{"text": "a"}\n{"text": \n'),
    "leakage": lambda work: (
        work.jsonl("train.jsonl", *many(5)),
        work.jsonl("test.jsonl", many(1)[0], *many(9)[6:]),
    ),
    "credit-card": lambda work: work.jsonl(
        "data.jsonl", *many(5), chat("What did he pay with?", "With his card, 4539 1488 0343 6467.")
    ),
    "iban": lambda work: work.jsonl(
        "data.jsonl",
        *many(5),
        chat("Where does it go?", "To the account DE26 3704 0044 0913 8472 62."),
    ),
    "us-ssn": lambda work: work.jsonl(
        "data.jsonl", *many(5), chat("Who are you?", "My social security number is 536-90-4399.")
    ),
    "api-key": lambda work: work.jsonl(
        "data.jsonl", *many(5), chat("How do I log in?", "With AKIA" + "QYLPMN5HXKR3JD7W" + ".")
    ),
    "private-key": lambda work: work.jsonl(
        "data.jsonl",
        *many(5),
        chat("A key?", f"-----BEGIN PRIVATE KEY-----\\n{KEY}\\n-----END PRIVATE KEY-----"),
    ),
}


@pytest.mark.parametrize("rule", STRICT)
def test_no_limit_lets_these_through(rule, work, call):
    STRICT[rule](work)
    made = call("init")
    assert made.code == 0
    assert re.search(rf"/{rule}: 1; no limit allows these", made.err)
    checked = call("check", "-o", "json")
    assert checked.code == 1
    assert [item["measure"] for item in checked.report["limits"] if item["passed"] is False] == [
        next(item["id"] for item in checked.report["rules"] if item["id"].endswith(rule)) + ".count"
    ]
    assert "fails until fixed" in (work.root / "dslint.toml").read_text()


def test_a_ratchet_holds(work, call):
    blank_answers(work)
    call("init")
    assert document(work)["rules"]["structure/nothing-to-learn"] == {"max-count": 2}
    assert re.search(
        r"max-count = 2  # measured: 2 in \d+ records; errors: fix them, and lower this to 0",
        (work.root / "dslint.toml").read_text(),
    )
    with (work.root / "data.jsonl").open("a") as stream:
        stream.write(
            '{"messages": [{"role": "user", "content": "And?"}, {"role": "assistant", "content": ""}]}\n'
        )
    assert call("check").code == 1


def test_a_rate_is_written_with_what_was_measured(work, call):
    few_warnings_in_many(work)
    call("init")
    assert (
        "max-rate = 0.0041  # measured: 0.0037, 3 of 812; should go down"
        in (work.root / "dslint.toml").read_text()
    )


def test_what_is_detected_is_written(work, call):
    shards(work)
    call("init")
    assert document(work)["dataset"] == {
        "files": ["data/*.jsonl"],
        "shape": "chat",
        "splits": {"train": ["data/train-0000*.jsonl"], "test": ["data/test-00000-of-00001.jsonl"]},
    }


def test_columns_are_written(work, call):
    table(work)
    call("init")
    assert document(work)["dataset"]["columns"] == {"id": "id", "label": "label"}


def test_several_datasets_get_tables_with_names(work, call):
    several_shapes(work)
    call("init")
    assert [(item["name"], item["shape"]) for item in document(work)["dataset"]] == [
        (".", "chat"),
        ("more (classification)", "classification"),
        ("more (text)", "text"),
    ]


def test_flags_say_what_is_not_detected(work, call):
    work.jsonl("data.jsonl", *[{"q": "a", "intent": "x", "text": f"words {n}"} for n in range(4)])
    assert call("init", "data.jsonl", "--shape", "any", "--column", "label=intent").code == 0
    assert document(work)["dataset"]["shape"] == "any"
    assert document(work)["dataset"]["columns"] == {"label": "intent"}


def test_named_files_only(work, call):
    several_splits(work)
    work.jsonl("other.jsonl", *many(3))
    assert call("init", "data/train.jsonl").code == 0
    assert document(work)["dataset"]["files"] == ["data/train.jsonl"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dslint.toml", ""),
        (".dslint.toml", ""),
        ("pyproject.toml", "[tool.dslint]\n"),
        ("dslint.toml", "broken ["),
    ],
)
def test_a_configuration_is_not_replaced_unasked(name, text, work, call, refused):
    clean(work)
    work.write(name, text)
    refused(call("init"), name, "--force")
    assert (work.root / name).read_text() == text
    assert call("init", "-o", "-").code == 0
    assert (work.root / name).read_text() == text
    assert call("init", "--force").code == 0
    assert document(work)["rules"]


def test_a_dangling_link_is_not_replaced_unasked(work, call, refused):
    clean(work)
    (work.root / "dslint.toml").symlink_to("nowhere.toml")
    refused(call("init"), "--force")


def test_a_configuration_above_the_repository_never_counted(work, call):
    clean(work)
    (work.root.parent / "dslint.toml").write_text("")
    assert "counts no longer" not in call("init").err


def test_a_configuration_further_up_is_named(work, call, monkeypatch):
    clean(work)
    work.write("dslint.toml", "")
    work.jsonl("below/data.jsonl", *many(3))
    monkeypatch.chdir(work.root / "below")
    assert "../dslint.toml no longer applies to this folder" in call("init").err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("data.jsonl", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("data.jsonl.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "nothing was written"),
        ("data.jsonl", b"", "nothing was written"),
        ("notes.md", b"x", "no data file here"),
    ],
)
def test_what_cannot_be_checked_gets_no_configuration(name, content, said, work, call, refused):
    work.write(name, content)
    refused(call("init"), said)
    assert not (work.root / "dslint.toml").exists()


def test_a_folder_of_any_name_can_be_configured(work, call, monkeypatch):
    work.jsonl("[a]*/x/data-1.jsonl", *many(4))
    work.jsonl("[a]*/x/data-2.jsonl", *many(8)[4:])
    monkeypatch.chdir(work.root / "[a]*")
    assert call("init").code == 0
    assert call("check", "-o", "json").report["counts"]["records"] == 8


def test_data_outside_of_the_folder(work, call, monkeypatch):
    clean(work)
    (work.root / "below").mkdir()
    monkeypatch.chdir(work.root / "below")
    assert call("init", "../data.jsonl").code == 0
    assert call("check").code == 0
    monkeypatch.setenv("CI", "true")
    assert call("check").code == 2


def test_wrong_usage_is_refused(work, call, refused):
    clean(work)
    refused(call("init", "-o", "other.toml"), "dslint.toml")
    refused(call("init", "-"), "standard input")
    refused(call("init", "nowhere.jsonl"), "nowhere.jsonl")
    assert not (work.root / "dslint.toml").exists()


def test_the_file_has_the_usual_rights(work):
    clean(work)
    assert work.run("init").code == 0
    other = work.write("other", "")
    assert stat.S_IMODE((work.root / "dslint.toml").stat().st_mode) == stat.S_IMODE(
        other.stat().st_mode
    )
    assert not list(work.root.glob(".dslint-*"))


def test_no_value_of_the_data_is_written(work, call):
    work.jsonl(
        "data.jsonl", *many(5), chat("Who is ada@example.org?", "Dear {{name}}, yours, [Your Name]")
    )
    made = call("init")
    for value in ("ada@", "Who is", "Dear", "{{name}}", "north of"):
        assert value not in made.err + (work.root / "dslint.toml").read_text()


def test_the_configuration_is_as_it_was(work, call, pytestconfig):
    blank_answers(work)
    several_splits(work)
    work.jsonl(
        "data/test.jsonl", *[{"id": f"b{n}", **value} for n, value in enumerate(many(30)[19:])]
    )
    made = call("init", "-o", "-")
    text = made.out.replace(f'">={".".join(__version__.split(".")[:2])}"', '">=VERSION"')
    text = re.sub(
        r"^\[rules\.\"example/.*\n.*\n\n", "", text, flags=re.MULTILINE
    )  # a plugin that need not be installed
    text = re.sub(
        r"^required-plugins.*\n|^  \"example\".*\n|^  #   example/.*\n",
        "",
        text,
        flags=re.MULTILINE,
    )
    path = GOLDEN / "dslint.toml"
    if pytestconfig.getoption("renew_golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 150


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_limit_lies_a_little_above_what_was_measured(a, b):
    share = Fraction(min(a, b), max(a, b))
    limit = Fraction(first_config.rate_limit(share))
    assert min(share * first_config.HEADROOM, 1) <= limit <= 1
    assert limit <= share * Fraction(122, 100)
    assert float(first_config.rate_limit(share)) == float(limit)


@given(st.text())
def test_any_text_is_written_as_toml(text):
    written = f"key = {first_config.quoted(text)}"
    assert written.isprintable()
    assert tomllib.loads(written) == {"key": text}


@given(st.text(alphabet="ab*?[]!^-\\&~|#/. "), st.text(alphabet="ab*?[]!^-\\&~|#/. "))
def test_an_escaped_path_matches_itself_only(path, other):
    plain = path.removeprefix("./")
    assert matches_any(plain, [escape(plain)]) or plain.startswith("./")
    assert path == other or not matches_any(other, [escape(path)]) or path == f"./{other}"
