"""The five rules: they share one scan, and differ in the secrets they report and the severity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from dslint.plugin import HIDDEN, Batch, Finding, Location, Record, RecordRule, Severity, masked
from dslint_packs.secrets.scan import Secret, secrets_in, secrets_of


@dataclass(frozen=True)
class _SecretRule(RecordRule):
    severity = Severity.ERROR
    sees = "all"
    sensitive = True
    name: ClassVar[str] = ""

    roles: tuple[str, ...] = ("all",)

    def _found(self, secret: Secret, at: Location, value: str) -> Finding:
        message = masked(secret.name, value, secret.prefix)
        if secret.severity is Severity.INFO:
            message += ", which is printed in documentation"
        return self.finding(at, message, severity=secret.severity, confidence=secret.confidence)

    def check(self, record: Record) -> Iterable[Finding]:
        """Yield a finding for each secret of this rule's family."""
        parts = record.texts((*self.roles, HIDDEN))
        for secret in secrets_of(record, self.roles):
            if secret.family == self.name:
                part = parts[secret.number]
                yield self._found(
                    secret, part.at(secret.start, secret.end), part.text[secret.start : secret.end]
                )

    def check_batch(self, batch: Batch) -> Iterable[Finding]:
        """Check all texts of the batch in one scan."""
        texts = batch.texts((*self.roles, HIDDEN))
        for secret in secrets_in(batch, self.roles):
            if secret.family == self.name:
                value = texts.items[secret.number].text[secret.start : secret.end]
                yield self._found(secret, texts.at(secret.number, secret.start, secret.end), value)


@dataclass(frozen=True)
class PrivateKey(_SecretRule):
    r"""Private keys.

    Why: whoever has the key can act as its owner, and a model recites its training data.

    Flags PEM blocks of any algorithm, OpenSSH and PGP keys, with real or escaped line breaks, with
    or without their last line; PuTTY and age keys. A block without a key in it (`...`, YOUR KEY
    HERE) passes.

    Measured: recall 1.000 on 3,500 keys of 7 kinds, drawn as their formats say, since no labelled
    data is public. No finding in 67,717 records of 18 public files (LLaMA-Factory's demos, C4,
    CLINC150, BLiMP, tweets, presidio's synthetic sentences and others).

    Blind spots: binary keys, keys that are encoded once more, and the keys of JSON objects, which
    are not searched.

    Options: `roles`, which texts to check.

    Flags::

        {"text": "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBl2u5QpZJcVy0mGs8TX1xq4o7RkKf3WnDhEwU6aYtPjoAoGCCqG\n-----END EC PRIVATE KEY-----"}

    Passes::

        {"text": "Such a file begins with -----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"}
        {"text": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9fXmB2vLqTz5rYkJ0n8wQxPz\n-----END PUBLIC KEY-----"}

    Cure: remove the record or replace the key, and revoke it: all who have the data know it.
    """  # noqa: E501

    name = "private-key"


@dataclass(frozen=True)
class ApiKey(_SecretRule):
    r"""Keys of services: AWS, Google, Stripe, OpenAI, Anthropic, Twilio, SendGrid and others.

    Why: anybody who has the data, or the model, can use a key in it.

    Flags known forms by their prefix and length, in any context; and random-looking values that
    are assigned to a name such as `api_key`, `client_secret` or "Datadog key", in code, JSON,
    environment files and sentences, or that are the value of a field of such a name. Randomness
    alone is never flagged. Placeholders (YOUR_API_KEY, xxxx, `<key>`, `${KEY}`, counting or
    repeated characters) pass; keys that issuers print in their documentation have severity info.

    Measured: recall 1.000 on 10,500 keys of 21 kinds, drawn as their formats say, since no
    labelled data is public. No finding in 67,717 records of 18 public files (LLaMA-Factory's
    demos, C4, CLINC150, BLiMP, tweets, presidio's synthetic sentences and others).

    Blind spots: keys without a known prefix and without a name beside them; names in languages
    other than English; keys cut in two.

    Options: `roles`, which texts to check.

    Flags::

        {"text": "STRIPE_KEY=sk_liv\u0065_9xQ2mVt7RzLb4KwYc8HnPd3F"}
        {"text": "export DD_API_KEY=\"9f1c03ab77de4802b6e5a1d9c84f3027\""}

    Passes::

        {"text": "api_key = os.environ[\"OPENAI_API_KEY\"]"}
        {"text": "Put your key here: api_key=\"YOUR_API_KEY_1234567890\""}
        {"text": "commit 9f1c03ab77de4802b6e5a1d9c84f302791ab55c0"}

    Cure: remove the record or replace the key, and revoke it: all who have the data know it.
    """

    name = "api-key"


@dataclass(frozen=True)
class AccessToken(_SecretRule):
    r"""Access tokens: GitHub, GitLab, Slack, Hugging Face, npm, PyPI, JSON web tokens and others.

    Why: a token in training data gives access to an account to anybody who has the data, or the
    model.

    Works like secrets/api-key, for tokens. The checksum of GitHub's and npm's tokens raises the
    confidence from medium to high; the header of a JSON web token must be valid. The sample tokens
    of jwt.io have severity info.

    Measured: recall 0.9999 on 13,500 tokens of 27 kinds, drawn as their formats say, since no
    labelled data is public. No finding in 67,717 records of 18 public files (LLaMA-Factory's
    demos, C4, CLINC150, BLiMP, tweets, presidio's synthetic sentences and others).

    Blind spots: those of secrets/api-key; tokens whose claims are encrypted.

    Options: `roles`, which texts to check.

    Flags::

        {"text": "git clone https://gh\u0070_Zk81mQpL5vXw2RtY9nBc4HsJd7FgA0eUiVo3@github.com/a/b"}
        {"text": "\"session_token\": \"Vb7kQ2xLw9TzRf4NcY8hMd3Pj6\""}

    Passes::

        {"text": "token = ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
        {"text": "The tokenizer knows 32000 tokens; token: hello123"}

    Cure: remove the record or replace the token, and revoke it: all who have the data know it.
    """

    name = "access-token"


@dataclass(frozen=True)
class ConnectionString(_SecretRule):
    r"""Connection strings that contain a password: databases, queues, storage accounts.

    Why: such a string is all that is needed to read the database.

    Flags addresses (`postgres://user:password@host`), ODBC and ADO strings
    (`Server=...;Password=...`), JDBC, Azure storage. The finding marks the password only. A
    placeholder, the name of the user, or a server default (`postgres:postgres`) passes.

    Measured: recall 1.000 on 4,500 strings of 9 kinds, drawn as their formats say, since no
    labelled data is public. No finding in 67,717 records of 18 public files (LLaMA-Factory's
    demos, C4, CLINC150, BLiMP, tweets, presidio's synthetic sentences and others).

    Blind spots: a password that is a common default is treated as an example even where it is
    really used.

    Options: `roles`, which texts to check.

    Flags::

        {"text": "DATABASE_URL=postgres://app:vR7tq2Lm@db.internal:5432/shop"}
        {"text": "Server=tcp:sql.internal,1433;User Id=app;Password=vR7tq2Lm;Encrypt=yes"}

    Passes::

        {"text": "DATABASE_URL=postgres://user:password@localhost:5432/shop"}
        {"text": "mongodb+srv://<user>:<password>@cluster0.mongodb.net"}

    Cure: replace the password, and change it where it is used.
    """

    name = "connection-string"


@dataclass(frozen=True)
class Password(_SecretRule):
    r"""Passwords: assigned to a name, or in a web address.

    Why: a model that has seen real passwords reveals them, and people use theirs twice.

    Flags a value if its name says that it is a password (`password = ...`, `"pwd": "..."`, "my
    password is ...", a field of that name; the word in eight more languages) and it has several
    kinds of characters. Words, placeholders (`password123`, `<password>`, `${DB_PASSWORD}`), code
    (`input()`) and values whose name says that they are hashes pass.

    Measured: recall 0.998 on 1,500 passwords of 3 kinds, drawn at random, since no labelled data
    is public. 14 findings in 67,717 records of 18 public files: passwords that an assistant made
    up on request, in LLaMA-Factory's demos; true by their form, though nobody's.

    Blind spots: passwords of letters alone, or with spaces; lists of passwords without the word;
    weak passwords that look like placeholders.

    Options: `roles`, which texts to check.

    Flags::

        {"text": "login with password: vR7tq2Lm!"}
        {"prompt": "Fetch it", "completion": "curl https://ada:vR7tq2Lm@files.internal/x"}

    Passes::

        {"text": "password: password"}
        {"text": "password = input('Password: ')"}
        {"text": "PASSWORD=${DB_PASSWORD}"}

    Cure: replace the password, and change it where it is used.
    """

    name = "password"
    severity = Severity.WARNING
