"""The redactor masks what looks like personal data or a secret, and leaves the words of a report alone."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslint import redact_record
from dslint.data.record import digest
from dslint.masking.redact import (
    _FORMS,
    _PERSONAL,
    _SECRETS,
    _pattern,
    masked,
    redact,
    redact_finding,
    signs,
    unguessable,
)
from dslint.model import Finding, Location

PERSONAL = [
    "ada.lovelace+x@mail.example.co.uk",
    "Ünïcode@exämple.org",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "378282246310005",
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "NL91ABNA0417164300",
    "536-90-4399",
    "(415) 555-2671",
    "415-555-2671",
    "+1 415 555 2671",
    "+44 20 7946 0958",
    "+4915123456789",
    "203.0.113.195",
    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "2001:db8::8a2e:370:7334",
    "fe80::1ff:fe23:4567:890a",
    "00:1A:2B:3C:4D:5E",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
]
SECRETS = [
    "sk-" + "aB3" * 16,
    "sk-proj-" + "aB3_" * 12,
    "sk-ant-api03-" + "aB3-" * 20,
    "sk_live_" + "aB3" * 8,
    "ghp_" + "aB3" * 12,
    "gho_" + "aB3" * 12,
    "github_pat_" + "aB3" * 20,
    "glpat-" + "aB3" * 7,
    "xoxb-123456789012-" + "aB3" * 8,
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AIza" + "aB3-_" * 7,
    "ya29." + "aB3" * 10,
    "hf_" + "aBc" * 11,
    "npm_" + "aB3" * 12,
    "SG." + "aB3" * 7 + "." + "aB3" * 14,
    "AC" + "0a1b" * 8,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "password=hunter2",
    "api_key: abcdef",
    "API-KEY = abcdef",
]


@pytest.mark.parametrize("value", PERSONAL)
@pytest.mark.parametrize(
    "around", ["{}", "the value {} is here", "'{}'", "/users/{}/name", "id={};"]
)
def test_personal_data_is_masked(value, around):
    masked = redact(around.format(value))
    assert masked == around.format("[personal data]")


@pytest.mark.parametrize("value", SECRETS)
@pytest.mark.parametrize("around", ["{}", "the value {} is here", "'{}"])
def test_secrets_are_masked(value, around):
    assert redact(around.format(value)) == around.format("[secret]")


def test_the_password_of_an_address_is_masked():
    assert (
        redact("postgres://app:hunter2@db.internal:5432/x")
        == "postgres://[secret]@db.internal:5432/x"
    )
    assert "hunter2" not in redact("redis://:hunter2@cache:6379/0")


@pytest.mark.parametrize(
    "text",
    [
        "access_token='hunter2'",
        "DB_PASSWORD=hunter2",
        '{"api_key": "hunter2"}',
        "my token is hunter2",
        "Authorization: Bearer hunter2",
    ],
)
def test_what_a_name_calls_a_secret_is_masked(text):
    assert "hunter2" not in redact(text)


ORDINARY = [
    "repeats data/train-00003-of-00010.jsonl line 1234567",
    "data/2024-01-15/train.jsonl",
    "expired on 2027-06-30; its findings are active again",
    "/messages/12/content",
    "/meta/phone_numbers/0",
    "structure/unfilled-template",
    "unknown role (known: assistant, developer, function, system, tool, user)",
    "minLength: 3 against a limit of 10",
    "nested more than 200 levels deep",
    "the record is longer than 67,108,864 bytes",
    "invalid UTF-8: byte 0xFF at byte offset 12345678 of the record",
    "type: expected string or null, got integer",
    "12:34:56",
    "0.123456789012345",
    "1,234,567,890 records",
    "dslint-gate 0.1.0",
    "required: missing 'password'",
    "password in a connection string, 8 characters (****)",
    "GitHub token, 40 characters (ghp_****)",
    "secrets/access-token.count",
    "the schema's $ref '#/$defs/token'",
    "2024-01-15T12:34:56+00:00",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_the_words_of_a_report_stay_readable(text):
    assert redact(text) == text


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *PERSONAL,
            *SECRETS,
            *ORDINARY,
            "secret",
            "token",
            "[secret]",
            "[personal data]",
            "=",
            ":",
            " ",
            "@",
            ".",
            "-",
            "a",
            "1",
            "0",
            "://",
            "+",
        ]
    )
    | st.text(string.printable, max_size=5),
    max_size=8,
).map("".join)


@settings(max_examples=250, deadline=None)
@given(FRAGMENTS)
def test_redacting_twice_changes_nothing(text):
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 20_000,
        "a@" * 20_000,
        "sk-" + "a-" * 5 + "!" * 20_000,
        "1." * 20_000,
        "a:" * 20_000,
        "AB12" * 10_000,
        "." * 20_000,
        "a." * 20_000 + "@",
        "-----BEGIN " * 4000,
        "token" + " " * 20_000,
        "x@" + "a." * 20_000,
        "+" + "1 " * 20_000,
    ],
)
def test_long_strings_take_no_time(text):
    start = time.perf_counter()
    redact(text + "!")
    assert time.perf_counter() - start < 2


def test_every_string_of_a_finding_is_masked_but_its_path():
    mail = "ada@example.org"
    path = f"data/{mail}.jsonl"
    at = Location(path, 1, 2, None, f"/{mail}", None, None, mail)
    finding = Finding(
        at=at,
        message=f"{mail} in {path}",
        related=(at,),
        id=mail,
        suggestion=mail,
        slices=(("source", mail),),
    )
    masked = redact_finding(finding)
    assert masked.at.path == path
    assert masked.message == f"[personal data] in {path}"
    hidden = [
        masked.at.field,
        masked.at.role,
        masked.related[0].field,
        masked.id,
        masked.suggestion,
        masked.slices[0][1],
    ]
    assert not any(mail in str(value) for value in hidden)


def found(rule, field, start, end):
    return Finding(at=Location("a", 0, 1, None, field, start, end), message="", rule=rule)


RECORD = {
    "text": "Ada: ada@mail-canary.org, 555",
    "meta": {"a/b": ["x", "key 12345"], "n": 5, "~": None},
}


def test_a_record_is_redacted_by_its_findings():
    before = repr(RECORD)
    redacted = redact_record(
        RECORD,
        [
            found("pii/email-address", "/text", 5, 24),
            found("secrets/api-key", "/meta/a~1b/1", 4, 9),
            found("pii/phone-number", "/text", 26, 29),
        ],
    )
    assert redacted == {
        "text": "Ada: [EMAIL_ADDRESS], [PHONE_NUMBER]",
        "meta": {"a/b": ["x", "key [API_KEY]"], "n": 5, "~": None},
    }
    assert repr(RECORD) == before
    assert redacted["meta"]["a/b"] is not RECORD["meta"]["a/b"]


def test_overlapping_findings_become_one_placeholder_named_by_the_longest():
    spans = [
        found("pii/ip-address", "/text", 3, 8),
        found("pii/email-address", "/text", 5, 24),
        found("pii/phone-number", "/text", 20, 25),
    ]
    assert redact_record(RECORD, spans)["text"] == "Ada[EMAIL_ADDRESS] 555"
    assert redact_record(RECORD, spans[::-1])["text"] == "Ada[EMAIL_ADDRESS] 555"


def test_a_masked_field_means_every_field_with_that_mask():
    record = {"ada@mail-canary.org": "abcdef", "bob@mail-canary.org": "ghijkl"}
    assert set(
        redact_record(record, [found("secrets/password", "/[personal data]", 1, 5)]).values()
    ) == {"a[PASSWORD]f", "g[PASSWORD]l"}


@pytest.mark.parametrize("place", [("/nowhere", 0, 1), ("/text", 0, 99), ("/meta/n", 0, 1)])
def test_what_is_not_found_does_not_pass_as_redacted(place):
    with pytest.raises(ValueError, match="not about a text"):
        redact_record(RECORD, [found("pii/email-address", *place)])


def test_a_finding_without_a_span_changes_nothing():
    assert redact_record(RECORD, [found("structure/invalid-record", "/text", None, None)]) == RECORD


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted), max_size=6))
def test_nothing_of_a_span_is_left(spans):
    text = "abcdefghijklmnopqrst"
    redacted = redact_record({"text": text}, [found("a/b", "/text", *span) for span in spans])[
        "text"
    ]
    hidden = {number for start, end in spans for number in range(start, end)}
    assert redacted.replace("[B]", "") == "".join(
        letter for number, letter in enumerate(text) if number not in hidden
    )


def test_a_masked_form_tells_class_length_and_a_public_prefix():
    assert (
        masked("GitHub token", "ghp_" + "x" * 36, "ghp_")
        == "GitHub token, 40 characters (ghp_****)"
    )
    assert masked("e-mail address", "a@b.org") == "e-mail address, 7 characters (****)"
    assert masked("key", "x", "ghp_") == "key, 1 character (****)"
    assert (
        redact(masked("GitHub token", "ghp_" + "x" * 36, "ghp_"))
        == "GitHub token, 40 characters (ghp_****)"
    )


@given(text=st.from_regex(_pattern()))
def test_whatever_would_be_masked_has_one_of_the_signs(text):
    assert signs(text)


@pytest.mark.parametrize("form", _FORMS)
def test_whatever_has_a_form_has_its_sign(form):
    @given(text=st.from_regex(form))
    @settings(max_examples=25, database=None)
    def holds(text):
        assert {**_SECRETS, **_PERSONAL}[form] in signs(text)

    holds()


@pytest.mark.parametrize(
    "value", [*PERSONAL, *SECRETS, "02079460958", "555-4823", "94 305 11 22", "C 123/4567"]
)
def test_nothing_that_can_be_guessed_is_in_what_tells_records_apart(value):
    for around in ("{}", "call {} now", "a\n{}\tb"):
        text = around.format(value)
        left = unguessable({"text": [text, {text: 1}], "n": 3})
        assert value not in str(left)
        assert value[2:10] not in str(left)
        assert left["n"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "Hello there",
        "on 2024-05-01 10:30",
        "from 1914-1918",
        "5/1/2024",
        "room 12 345",
        "3.14159265358979",
        "abc1234567",
        "v1.2.3",
        "1,000,000",
    ],
)
def test_what_is_ordinary_stays_in_what_tells_records_apart(text):
    record = {"text": text, "deep": [{"a": [text]}]}
    assert unguessable(record) is record


def test_what_tells_records_apart_does_not_depend_on_the_order_of_keys():
    keys = ["+44 20 7946 0958", "a", "(312) 555-4823"]
    one, other = ({key: key for key in some} for some in (keys, keys[::-1]))
    assert digest(unguessable(one)) == digest(unguessable(other))
