"""Values in the names of fields, and values that a later equal key hides: no trainer reads them, but who has the file."""

import json

import pytest

from dslint.helpers.pointers import distinct_names, is_ordinary, names

KEY = "AKIA" + "QX3M7ZP2LK9VTR4W"
MAIL = "jane.roe@mail-canary.org"
HIDDEN = {
    "shadowed": ('{"text": "a", "k": "%s", "k": "x"}', "/k", "lost"),
    "shadowed twice": ('{"text": "a", "k": 1, "k": "%s", "k": "x"}', "/k", "lost"),
    "shadowed by no text": ('{"text": "a", "k": "%s", "k": null}', "/k", "lost"),
    "shadowed with blanks": ('{"text": "a", "k" : "%s", "k" : 1}', "/k", "lost"),
    "nested": ('{"text": "a", "m": [{"k": "%s", "k": 2}]}', "/m/0/k", "lost"),
    "within what is shadowed": (
        '{"text": "a", "m": {"x": [{"y": "%s"}]}, "m": 1}',
        "/m/x/0/y",
        "lost",
    ),
    "shadowed within what is shadowed": (
        '{"text": "a", "m": {"y": "%s", "y": 1}, "m": 1}',
        "/m/y",
        "lost",
    ),
    "the text itself": ('{"text": "%s", "text": "a"}', "/text", "lost"),
    "a name": ('{"text": "a", "%s": null}', "/[masked]", "key"),
    "a nested name": ('{"text": "a", "m": [[{"%s": []}]]}', "/m/0/0/[masked]", "key"),
    "a name of a text": ('{"text": "a", "%s": "b"}', "/[masked]", "key"),
    "a name within what is shadowed": (
        '{"text": "a", "m": {"%s": 1}, "m": 1}',
        "/m/[masked]",
        "key",
    ),
    "a record of no shape": ('[{"%s": 1}]', "/0/[masked]", "key"),
}


@pytest.mark.parametrize("form", ["jsonl", "json"])
@pytest.mark.parametrize(("value", "rule"), [(KEY, "secrets/api-key"), (MAIL, "pii/email-address")])
@pytest.mark.parametrize("case", HIDDEN)
def test_what_is_hidden_is_found_and_placed(case, value, rule, form, call, work):
    text, field, role = HIDDEN[case]
    rows = ['{"text": "one"}', text % value, '{"text": "two"}']
    work.write(
        f"data.{form}", "\n".join(rows) + "\n" if form == "jsonl" else f"[{', '.join(rows)}]"
    )
    result = call("check", "-o", "json", "--select", "secrets,pii", f"data.{form}")
    (found,) = [finding for finding in result.report["findings"] if finding["rule"] == rule]
    assert (found["row"], found["role"], found["start"], found["end"]) == (1, role, None, None)
    assert (
        found["field"].replace("[secret]", "[masked]").replace("[personal data]", "[masked]")
        == field
    )
    assert value not in result.out


def test_the_cut_of_the_data_does_not_change_what_is_hidden(work):
    rows = [
        text % (KEY if number % 2 else MAIL) for number, (text, _, _) in enumerate(HIDDEN.values())
    ] * 20
    work.write("data.jsonl", "\n".join([*rows, *['{"text": "plain"}'] * 50]) + "\n")
    once = work.check("--select", "secrets,pii", "data.jsonl").report["findings"]
    cut = work.check(
        "--select", "secrets,pii", "--jobs", "2", "--shard-size", "500B", "data.jsonl"
    ).report["findings"]
    assert [finding["rule"] for finding in once].count("dslint/duplicate-key") == 20 * 9
    assert once == cut


@pytest.mark.parametrize("output", ["html", "text", "sarif"])
def test_no_report_shows_what_is_hidden(output, call, work):
    work.write(
        "data.jsonl",
        "\n".join(text % value for text, _, _ in HIDDEN.values() for value in (KEY, MAIL)) + "\n",
    )
    result = call("check", "-o", output, "--select", "secrets,pii,structure", "data.jsonl")
    assert KEY not in result.out
    assert MAIL not in result.out


def test_roles_that_do_not_ask_for_all_do_not_ask_for_what_is_hidden(call, work):
    work.write("data.jsonl", HIDDEN["shadowed"][0] % MAIL + "\n")
    result = call(
        "check",
        "-o",
        "json",
        "--select",
        "pii",
        "--option",
        'pii/email-address.roles=["text"]',
        "data.jsonl",
    )
    assert not result.findings("pii/email-address")


@pytest.mark.parametrize(
    "name",
    [
        "text",
        "messages",
        "preferred_response",
        "meta.url",
        "a b",
        "x1",
        "",
        "größe",
        "$schema",
        "content-type",
    ],
)
def test_names_as_people_give_them_are_not_searched(name):
    assert is_ordinary(name)


@pytest.mark.parametrize(
    "name",
    [
        KEY,
        MAIL,
        "2024",
        "+49 30 1234567",
        "sk-" + "abcdefgh" * 4,
        "10.0.0.1",
        "a=b",
        "x" * 65,
        "192837465",
    ],
)
def test_names_that_may_hold_a_value_are(name):
    assert not is_ordinary(name)


def test_all_names_are_seen():
    value = json.loads('{"a": {"b/c": [1, [{"d": {}}], {"e": null}]}, "f": []}')
    assert dict(names(value)) == {
        "/a": "a",
        "/f": "f",
        "/a/b~1c": "b/c",
        "/a/b~1c/1/0/d": "d",
        "/a/b~1c/2/e": "e",
    }
    assert distinct_names([value, 1, "x", [value]]) == {"a", "b/c", "d", "e", "f"}
