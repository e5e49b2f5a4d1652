"""The rules on secrets: drawn keys of every kind are found where they stand, and what people write about keys is not."""

from __future__ import annotations

import json
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_secrets import KINDS, made

from dslint import lint
from dslint.masking.redact import redact
from dslint.plugin import find_secrets

EACH = 12


@pytest.fixture
def found(tmp_path):
    """Return a function from texts to (rule, row, field, start, end, severity, message) of the findings of the pack."""

    def run(texts, **config):
        path = tmp_path / "data.jsonl"
        path.write_text(
            "".join(
                json.dumps(text if isinstance(text, dict) else {"text": text}) + "\n"
                for text in texts
            )
        )
        report = lint([str(path)], {"rules": {"select": ["secrets"]}, **config})
        return [
            (f.rule, f.at.row, f.at.field, f.at.start, f.at.end, str(f.severity), f.message)
            for f in report.findings
        ]

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_keys_are_found_by_their_rule(kind, found):
    random = Random(kind)
    rows = [made(kind, random) for _ in range(EACH)]
    flagged = {(rule, row) for rule, row, *_ in found([text for _, text, _ in rows])}
    missed = [text for row, (rule, text, _) in enumerate(rows) if (rule, row) not in flagged]
    assert not missed


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_rule_flags_the_redactor_masks(kind, found):
    random = Random(kind)
    for _ in range(3):
        _, text, _ = made(kind, random)
        masked = redact(text)
        assert all(text[start:end] not in masked for _, _, _, start, end, _, _ in found([text])), (
            text
        )


HARMLESS = r"""
password = input()
password = input("Password 1: ")
password = getpass.getpass()
password: password
password: Password123
Password: ********
Password must be: at least 8 characters1
password: 8-character
"password": "mypassword123"
"password": {"type": "string", "minLength": 8}
password: str = Field(min_length=8)
password=hashlib.sha256(b"x1").hexdigest()
password = request.form['password1']
password=self.cleaned_data["password2"]
password = user.password2
DB_PASSWORD=${DB_PASSWORD}
DB_PASSWORD=$(cat /run/secrets/db1)
password: {{ vault_db_password1 }}
password: "<your-password-1>"
pwd=/home/user1/projects
passwd: x:1000:1000
token = os.environ["X"]
token = os.environ["GITHUB_TOKEN_1"]
token: str = Depends(oauth2_scheme1)
token = generate_token(user1)
token = secrets.token_urlsafe(32)
token = tokens[i+1]
const token = jwt.sign({ id: user1 }, secret)
max_tokens=2048
token_count: 12345678901234567890
csrf_token = "{% csrf_token1 %}"
access_token = response.json()["access_token2"]
Authorization: Bearer YOUR_TOKEN_12345
headers = {"Authorization": f"Bearer {token1}"}
"session_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..."
api_key="your-key"
api_key = "YOUR_API_KEY_HERE_123"
api_key="sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
openai.api_key = "sk-1234567890abcdef1234567890abcdef"
openai.api_key = "sk-..."
apiKey: process.env.REACT_APP_API_KEY1
api_key = self.settings.get_secret_value_v2
secret_key_base = Rails.application.secrets.secret_key_base2
secretName: my-app-secret-v2-production
private_key_path = "/etc/ssl/private/server1-key.pem"
SECRET_KEY = 'django-insecure-8(x7$w2)k1v@l3m!n9p0q4r5s6t7u8'
auth_token=abc123def456ghi789jkl012
ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
AKIAXXXXXXXXXXXXXXXX
commit 9f1c03ab77de4802b6e5a1d9c84f302791ab55c0
sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
"id": "550e8400-e29b-41d4-a716-446655440000"
"token_id": "call_45cde0fe39464c18b23c900c4a2375be"
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAMgAAADICAYAAACtWK6eAAAACXBIWXMAAAsTAAALEwEAmpwYAAAKT2lDQ1BQ
task-risk-assessment-for-large-scale-projects-in-europe-2024
postgres://user:password@localhost:5432/db
postgres://postgres:postgres@db:5432/app
mongodb+srv://<username>:<password>@cluster0.mongodb.net
redis://:${REDIS_PASSWORD}@redis:6379
https://username:password@github.com/a/b
https://medium.com/@user:1234/post
Server=myServer;Database=myDB;User Id=myUser;Password=myPassword;
jdbc:mysql://localhost:3306/db?user=root&password=root
-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----
-----BEGIN RSA PRIVATE KEY-----\nYOUR_PRIVATE_KEY_HERE_goes_here_goes_here_goes_here_1234567890\n-----END RSA PRIVATE KEY-----
public_key: ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7
The secret ingredient is: cinnamon1
API key: 32 characters
Access key: Alt+Shift+P1
'token': 'New_York1'
""".strip().splitlines()


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_write_about_keys_is_left_alone(text, found):
    assert found([text, text.replace("\\n", "\n")]) == []


DOCUMENTED = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
]


@pytest.mark.parametrize("text", DOCUMENTED)
def test_keys_out_of_documentation_are_infos(text, found):
    assert [
        (severity, message.endswith("printed in documentation"))
        for *_, severity, message in found([text])
    ] == [("info", True)]


def test_the_span_is_the_secret_in_code_points(found):
    key = "ghp_" + "Zk81mQpL5vXw2RtY9nBc4HsJd7FgA0eUiVo3"
    text = f"🔑 naïve ключ {key}."
    ((rule, row, field, start, end, severity, message),) = found([text])
    assert (rule, row, field, severity) == ("secrets/access-token", 0, "/text", "error")
    assert text[start:end] == key
    assert message == "GitHub token, 40 characters (ghp_****)"


def test_a_password_in_an_address_is_marked_alone(found):
    text = "postgres://app:vR7tq2Lm@db.internal/x"
    ((rule, _, _, start, end, _, message),) = found([text])
    assert (rule, text[start:end]) == ("secrets/connection-string", "vR7tq2Lm")
    assert message == "password in a connection string, 8 characters (****)"


def test_one_secret_is_one_finding(found):
    key = "ghp_" + "Zk81mQpL5vXw2RtY9nBc4HsJd7FgA0eUiVo3"
    assert len(found([f'{{"password": "{key}", "url": "https://ada:{key}@github.com/a"}}'])) == 2
    assert len(found([f"GITHUB_TOKEN={key}"])) == 1


def test_the_name_of_a_field_says_what_it_holds(found):
    rows = [
        {
            "text": "x",
            "user": {"password": "vR7tq2Lm", "api_key": "x9Kq2LmZ81vRt7wPaB4c", "token": "walking"},
            "label": "vR7tq2Lm",
        }
    ]
    assert {(rule, field) for rule, _, field, *_ in found(rows)} == {
        ("secrets/password", "/user/password"),
        ("secrets/api-key", "/user/api_key"),
    }


def test_records_that_do_not_fit_their_shape_are_judged(found):
    key = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaQwErTyU"[::-1]
    good = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    bad = {"messages": [{"rolle": "user", "content": key}]}
    assert [(row, field) for _, row, field, *_ in found([good, good, bad])] == [
        (2, "/messages/0/content")
    ]


def test_roles_can_be_chosen(found):
    key = "ghp_" + "Zk81mQpL5vXw2RtY9nBc4HsJd7FgA0eUiVo3"
    row = {"messages": [{"role": "user", "content": key}, {"role": "assistant", "content": key}]}
    config = {"rules": {"select": ["secrets"], "secrets": {"roles": ["target"]}}}
    assert [field for _, _, field, *_ in found([row], **config)] == ["/messages/1/content"]


def test_a_checksum_raises_the_confidence(tmp_path):
    random, path = Random(1), tmp_path / "data.jsonl"
    path.write_text(
        "".join(
            json.dumps({"text": KINDS[kind][1](random)}) + "\n"
            for kind in ("npm", "GitHub, wrong checksum")
        )
    )
    assert [
        str(finding.confidence)
        for finding in lint([str(path)], {"rules": {"select": ["secrets"]}}).findings
    ] == ["high", "medium"]


PIECES = st.lists(
    st.sampled_from(
        [
            "password",
            "token",
            "api_key",
            "=",
            ": ",
            " is ",
            '"',
            "\\n",
            "ghp_",
            "sk-",
            "eyJ",
            "AKIA",
            "://",
            "@",
            "aB3x9",
            "-----BEGIN ",
            "\0",
        ]
    )
    | st.text(max_size=4),
    max_size=12,
).map("".join)


@settings(max_examples=80, deadline=None)
@given(PIECES, st.sampled_from(sorted(KINDS)), PIECES)
def test_whatever_has_the_form_of_a_secret_is_masked(before, kind, after):
    text = before + made(kind, Random(before))[1] + after
    for span in find_secrets(text):
        assert text[span.start : span.end] not in redact(text)


HARD = [
    "-----BEGIN PRIVATE KEY-----" * 4000,
    ("-----BEGIN PRIVATE KEY-----" + "A" * 60) * 1500,
    "-----BEGIN PRIVATE KEY-----" + "-" * 100_000,
    "eyJ" * 40_000,
    " eyJ" + "a" * 100_000,
    " eyJaaaaaaaaaa.eyJ" * 6000,
    "://" * 40_000,
    "://a:" * 20_000,
    "password=" * 12_000,
    "password:" + " " * 100_000,
    ";password=" * 10_000,
    "jdbc:" * 20_000,
    " AKIAAAAAAAAAAAAAAAAA" * 5000,
    "sk-" * 40_000,
    "sk-ant-" * 16_000,
    "." * 100_000,
    ("a." * 8) * 8000,
    ":AA" * 40_000,
    "token=aB3" * 4000,
    "token=" + "aB3-" * 30_000,
    "a_" * 60_000,
    "xoxb-" * 24_000,
]


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_hard_texts_take_no_time(text, found):
    start = time.process_time()
    found([text])
    assert time.process_time() - start < 2


def test_values_are_shown_when_asked_for(work):
    secret = "vR7tq2Lm\u202e!x"
    work.jsonl(
        "data.jsonl",
        {"text": f'password="{secret}"', "ada@mail-canary.org": {"password": "Zk81mQpL5v"}},
    )
    assert secret not in work.run("check", "data.jsonl").out
    shown = work.run(
        "check",
        "data.jsonl",
        "--show-values",
        "-o",
        "text",
        "-o",
        "text=report.txt",
        "-o",
        "json=report.json",
    )
    assert "  value: vR7tq2Lm\\u202e!x\n" in shown.out
    assert "  value: Zk81mQpL5v\n" in shown.out
    assert "ada@mail-canary.org" not in shown.out
    for name in ("report.txt", "report.json"):
        assert "vR7tq2Lm" not in (work.root / name).read_text()


def test_values_of_the_standard_input_are_shown(work):
    import subprocess

    done = subprocess.run(
        **work.command("check", "-", "--show-values"),
        input=b'{"text": "password=vR7tq2Lm!"}\n',
        capture_output=True,
        check=False,
    )
    assert b"  value: vR7tq2Lm!\n" in done.stdout


@pytest.mark.parametrize(
    ("args", "env", "part"),
    [
        (["--show-values"], {"CI": "true"}, "output of a CI run"),
        (["--show-values", "-o", "json"], {}, "only the text report"),
        (["--show-values", "-o", "text=x.txt"], {}, "only the text report"),
    ],
)
def test_values_are_refused_where_they_would_be_kept(args, env, part, work, refused):
    work.jsonl("data.jsonl", {"text": "password=vR7tq2Lm!"})
    refused(work.run("check", "data.jsonl", *args, env=env), part)
