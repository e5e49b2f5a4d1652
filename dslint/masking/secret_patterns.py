"""Patterns of secrets: keys and tokens that are recognizable by a prefix or format.

The table has two users. The redactor masks everything that matches. The rules of the secrets pack
also judge whether it is a placeholder, and look at names (`password = ...`). Formats are those
documented by the issuers, with tolerance in lengths that issuers have changed.

Every pattern begins with one of its `starts`, so a text without any of them is never searched.
Every pattern is bounded, so time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache, lru_cache

from msgspec import Struct

from dslint.helpers.lazy_re import pattern

# A key may follow an escaped line break, as in JSON within a string.
_BEFORE = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
_AFTER = r"(?![A-Za-z0-9])"
_HEX = "[0-9a-f]"
_ALNUM = "[A-Za-z0-9]"
_WORD = "[A-Za-z0-9_-]"
_UUID = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"


class SecretKind(Struct, frozen=True, eq=False):
    """A kind of secret.

    `family` is its rule. `starts` are the possible starts of its pattern; without them it has no
    format of its own, and is recognized by a name next to it. The secret is the matched named group
    of the pattern, or the full match.
    """

    name: str
    family: str
    starts: tuple[str, ...] = ()
    pattern: re.Pattern[str] = pattern(r"(?!)")


class SecretSpan(Struct, frozen=True):
    """A secret in a text, in code points, with the public prefix that it begins with, if any."""

    start: int
    end: int
    kind: SecretKind
    prefix: str


def _kind(name: str, family: str, starts: str, body: str) -> SecretKind:
    """Return a kind whose secrets consist of a prefix and a body."""
    found = tuple(starts.split())
    prefixes = "|".join(re.escape(start) for start in sorted(found, key=len, reverse=True))
    return SecretKind(name, family, found, pattern(f"{_BEFORE}(?:{prefixes})(?:{body}){_AFTER}"))


def _behind(words: str) -> str:
    return "|".join(f"(?<={re.escape(word)})" for word in words.split("|"))


_LABEL = r"(?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_DATABASES = (
    "postgres|postgresql|mysql|mysql2|mariadb|mongodb|mongodb+srv|redis|rediss|amqp|amqps|mssql|"
    "sqlserver|oracle|clickhouse|cockroachdb|redshift|"
    "snowflake|neo4j|bolt|nats|kafka|couchbase|cassandra|db2|firebird|+psycopg2|+psycopg|+asyncpg|"
    "+pymysql|+aiomysql|+mysqldb|+mysqlconnector|+pyodbc|"
    "+cx_oracle|+oracledb"
)
_WEB = "http|https|ftp|ftps|sftp|ssh|smtp|smtps|imap|imaps|ldap|ldaps|socks5|mqtt|mqtts"
_LOGIN = r"://[^\s/:@\"'<>\\\x00]{0,100}:(?P<value>[^\s/@\"'<>\\\x00]{1,200})@(?=[\w\[$])"
_FIELD = r"(?i:password|pwd)\s?=\s?(?P<value>[^\s;&\"'\\<>\x00]{1,200})"
_OTHER_FIELD = (
    r"(?i:server|data source|host|driver|database|initial catalog|uid|user id|user|port|dsn)\s?="
)

PRIVATE_KEY, API_KEY, ACCESS_TOKEN, CONNECTION_STRING, PASSWORD = (
    "private-key",
    "api-key",
    "access-token",
    "connection-string",
    "password",
)

KINDS: tuple[SecretKind, ...] = (
    SecretKind(
        "private key",
        PRIVATE_KEY,
        ("-----BEGIN ",),
        pattern(
            rf"-----BEGIN {_LABEL}(?:(?:[^\x00-]|-(?!----)){{40,20000}}+-----END {_LABEL}"
            r"|(?:[A-Za-z0-9+/=\s]|\\[nr]){64,20000}+)",
        ),
    ),
    SecretKind(
        "PuTTY private key",
        PRIVATE_KEY,
        ("Private-Lines:",),
        pattern(r"Private-Lines:\s?\d{1,4}(?:[A-Za-z0-9+/=\s]|\\[nr]){64,20000}+"),
    ),
    _kind("age secret key", PRIVATE_KEY, "AGE-SECRET-KEY-", r"1[A-Z0-9]{58}"),
    # Cloud providers
    SecretKind(
        "AWS secret access key",
        API_KEY,
        ("AKIA", "ASIA"),
        pattern(
            rf"{_BEFORE}A[KS]IA[A-Z0-9]{{16}}{_AFTER}[^\x00]{{1,80}}?"
            r"(?<![A-Za-z0-9/+])(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
    ),
    _kind("AWS access key id", API_KEY, "AKIA ASIA", "[A-Z0-9]{16}"),
    _kind("Google API key", API_KEY, "AIza", rf"{_WORD}{{35}}"),
    _kind("Google OAuth client secret", API_KEY, "GOCSPX-", rf"{_WORD}{{24,40}}"),
    _kind("Google OAuth access token", ACCESS_TOKEN, "ya29.", rf"{_WORD}{{20,1000}}"),
    SecretKind(
        "Azure storage key",
        CONNECTION_STRING,
        ("AccountKey=",),
        pattern(r"AccountKey=(?P<value>[A-Za-z0-9+/]{86}==)"),
    ),
    SecretKind(
        "Azure shared access key",
        CONNECTION_STRING,
        ("SharedAccessKey=",),
        pattern(r"SharedAccessKey=(?P<value>[A-Za-z0-9+/]{43}=)"),
    ),
    SecretKind(
        "Azure SAS signature",
        ACCESS_TOKEN,
        ("sig=",),
        pattern(r"(?<=[?&])sig=(?P<value>[A-Za-z0-9+/]{43}=|[A-Za-z0-9%+/]{43,80}?%3[Dd])"),
    ),
    _kind("DigitalOcean token", ACCESS_TOKEN, "dop_v1_ doo_v1_ dor_v1_", f"{_HEX}{{64}}"),
    _kind("Alibaba Cloud access key id", API_KEY, "LTAI", rf"{_ALNUM}{{20}}"),
    _kind("Tencent Cloud secret id", API_KEY, "AKID", rf"{_ALNUM}{{32}}"),
    _kind("Heroku API key", API_KEY, "HRKU-", rf"AA{_WORD}{{58}}|{_UUID}"),
    _kind("Cloudflare Origin CA key", API_KEY, "v1.0-", rf"{_HEX}{{24}}-{_HEX}{{146}}"),
    _kind("Databricks token", ACCESS_TOKEN, "dapi", rf"{_HEX}{{32}}(?:-\d)?"),
    _kind("Fly.io token", ACCESS_TOKEN, "fo1_", rf"{_WORD}{{40,60}}"),
    _kind("Netlify token", ACCESS_TOKEN, "nfp_", rf"{_ALNUM}{{36,40}}"),
    _kind("Vault token", ACCESS_TOKEN, "hvs. hvb. hvr.", rf"{_WORD}{{24,300}}"),
    _kind(
        "Doppler token",
        ACCESS_TOKEN,
        "dp.pt. dp.ct. dp.sa. dp.scim. dp.audit.",
        rf"{_ALNUM}{{40,44}}",
    ),
    SecretKind(
        "Doppler token",
        ACCESS_TOKEN,
        ("dp.st.",),
        pattern(rf"{_BEFORE}dp\.st\.(?:[a-z0-9_-]{{2,35}}\.)?{_ALNUM}{{40,44}}{_AFTER}"),
    ),
    _kind("Pulumi token", ACCESS_TOKEN, "pul-", f"{_HEX}{{40}}"),
    # Code, packages, delivery
    _kind("GitHub token", ACCESS_TOKEN, "ghp_ gho_ ghu_ ghs_ ghr_", rf"{_ALNUM}{{36,255}}"),
    _kind(
        "GitHub fine-grained token",
        ACCESS_TOKEN,
        "github_pat_",
        rf"{_ALNUM}{{22}}_{_ALNUM}{{59}}|[A-Za-z0-9_]{{60,100}}",
    ),
    _kind(
        "GitLab token",
        ACCESS_TOKEN,
        "glpat- gldt- glptt- glrt- glcbt- glft- glsoat- glimt- glagent-",
        rf"{_WORD}{{20,64}}(?:\.[a-z0-9.]{{9,12}})?",
    ),
    _kind("npm token", ACCESS_TOKEN, "npm_", rf"{_ALNUM}{{36}}"),
    _kind("PyPI token", ACCESS_TOKEN, "pypi-", rf"AgE[A-Za-z0-9]{_WORD}{{50,1000}}"),
    _kind("RubyGems key", API_KEY, "rubygems_", f"{_HEX}{{48}}"),
    _kind("Docker Hub token", ACCESS_TOKEN, "dckr_pat_ dckr_oat_", rf"{_WORD}{{27,40}}"),
    _kind("Atlassian token", ACCESS_TOKEN, "ATATT3 ATCTT3 ATBB", r"[A-Za-z0-9_=-]{28,300}"),
    _kind("Linear key", API_KEY, "lin_api_ lin_oauth_", rf"{_ALNUM}{{40,64}}"),
    _kind("Postman key", API_KEY, "PMAK-", rf"{_HEX}{{24}}-{_HEX}{{34}}"),
    _kind("Notion token", ACCESS_TOKEN, "ntn_", rf"{_ALNUM}{{40,60}}"),
    _kind("Notion token", ACCESS_TOKEN, "secret_", rf"{_ALNUM}{{43}}"),
    _kind("Figma token", ACCESS_TOKEN, "figd_", rf"{_WORD}{{38,60}}"),
    _kind("Grafana token", ACCESS_TOKEN, "glsa_ glc_", r"[A-Za-z0-9_+/=]{32,400}"),
    _kind("Sentry token", ACCESS_TOKEN, "sntrys_ sntryu_", r"[A-Za-z0-9_+/=]{60,400}"),
    _kind("New Relic key", API_KEY, "NRAK- NRII- NRJS-", r"[A-Za-z0-9-]{19,32}"),
    _kind("Supabase key", API_KEY, "sbp_ sb_secret_", rf"{_WORD}{{31,60}}"),
    _kind("PlanetScale secret", API_KEY, "pscale_tkn_ pscale_pw_", r"[A-Za-z0-9_.-]{32,64}"),
    _kind("Tailscale key", API_KEY, "tskey-", r"[a-z]{3,10}-[A-Za-z0-9-]{16,80}"),
    _kind("SonarQube token", ACCESS_TOKEN, "sqp_ squ_ sqa_", f"{_HEX}{{40}}"),
    _kind("Typeform token", ACCESS_TOKEN, "tfp_", r"[A-Za-z0-9_.-]{40,64}"),
    _kind("HubSpot token", ACCESS_TOKEN, "pat-na1- pat-na2- pat-eu1-", _UUID),
    # Models
    _kind("Anthropic key", API_KEY, "sk-ant-", rf"(?:[a-z]{{3,8}}\d\d-)?{_WORD}{{40,120}}"),
    _kind("OpenRouter key", API_KEY, "sk-or-v1-", f"{_HEX}{{64}}"),
    _kind("OpenAI key", API_KEY, "sk-proj- sk-svcacct- sk-admin- sk-None-", rf"{_WORD}{{40,200}}"),
    _kind("OpenAI key", API_KEY, "sk-", rf"{_ALNUM}{{32,64}}"),
    _kind("Hugging Face token", ACCESS_TOKEN, "hf_ api_org_", rf"{_ALNUM}{{34,40}}"),
    _kind("Groq key", API_KEY, "gsk_", rf"{_ALNUM}{{48,56}}"),
    _kind("Replicate token", ACCESS_TOKEN, "r8_", rf"{_ALNUM}{{37,40}}"),
    _kind("xAI key", API_KEY, "xai-", rf"{_ALNUM}{{70,90}}"),
    _kind("Perplexity key", API_KEY, "pplx-", rf"{_ALNUM}{{40,64}}"),
    _kind("Fireworks key", API_KEY, "fw_", rf"{_ALNUM}{{24}}"),
    _kind("Pinecone key", API_KEY, "pcsk_", r"[A-Za-z0-9_]{60,80}"),
    _kind("LangSmith key", API_KEY, "lsv2_pt_ lsv2_sk_", rf"{_HEX}{{32}}_{_HEX}{{10}}"),
    _kind("Weights & Biases key", API_KEY, "wandb_v1_", rf"{_WORD}{{40,100}}"),
    # Messages and mail
    _kind(
        "Slack token",
        ACCESS_TOKEN,
        "xoxb- xoxp- xoxa- xoxo- xoxr- xoxs- xoxe- xoxe.xoxp- xoxe.xoxb-",
        r"[A-Za-z0-9-]{20,250}",
    ),
    _kind("Slack app token", ACCESS_TOKEN, "xapp-", r"\d-[A-Z0-9]{8,14}-\d{8,16}-[a-z0-9]{32,80}"),
    SecretKind(
        "Slack webhook",
        ACCESS_TOKEN,
        ("hooks.slack.com/",),
        pattern(
            r"hooks\.slack\.com/(?:services|workflows|triggers)/"
            r"(?P<value>[A-Z0-9]{8,14}/[A-Z0-9]{8,14}/[A-Za-z0-9]{20,48})"
        ),
    ),
    SecretKind(
        "Discord webhook",
        ACCESS_TOKEN,
        ("/api/webhooks/",),
        pattern(
            rf"(?:(?<=discord\.com)|(?<=discordapp\.com))/api/webhooks/\d{{17,20}}/"
            rf"(?P<value>{_WORD}{{60,80}})"
        ),
    ),
    # The id and time before the last dot are not secret; a lookbehind needs fixed lengths.
    SecretKind(
        "Discord bot token",
        ACCESS_TOKEN,
        (".",),
        pattern(
            rf"(?:(?<=[MNO]{_WORD}{{23}}\.{_WORD}{{6}})|(?<=[MNO]{_WORD}{{25}}\.{_WORD}{{6}}))"
            rf"\.(?P<value>{_WORD}{{27,40}}){_AFTER}"
        ),
    ),
    SecretKind(
        "Telegram bot token",
        ACCESS_TOKEN,
        (":AA",),
        pattern(rf"(?<=\d{{8}}):(?P<value>AA{_WORD}{{33}}){_AFTER}"),
    ),
    _kind("Twilio API key", API_KEY, "SK", f"{_HEX}{{32}}"),
    _kind("SendGrid key", API_KEY, "SG.", rf"{_WORD}{{20,24}}\.{_WORD}{{39,50}}"),
    _kind("Mailgun key", API_KEY, "key- pubkey-", f"{_HEX}{{32}}"),
    _kind("Brevo key", API_KEY, "xkeysib- xsmtpsib-", rf"{_HEX}{{64}}-{_ALNUM}{{16}}"),
    # Payments and shops
    _kind("Stripe key", API_KEY, "sk_live_ sk_test_ rk_live_ rk_test_", rf"{_ALNUM}{{20,250}}"),
    _kind("Stripe webhook secret", API_KEY, "whsec_", rf"{_ALNUM}{{32,64}}"),
    _kind("Square token", ACCESS_TOKEN, "EAAA", rf"{_WORD}{{56,64}}"),
    _kind("Square token", ACCESS_TOKEN, "sq0atp- sq0csp-", rf"{_WORD}{{22,43}}"),
    _kind("Shopify token", ACCESS_TOKEN, "shpat_ shpca_ shppa_ shpss_", "[0-9a-fA-F]{32}"),
    _kind("Razorpay key id", API_KEY, "rzp_live_", rf"{_ALNUM}{{14}}"),
    _kind("Flutterwave key", API_KEY, "FLWSECK-", rf"{_ALNUM}{{32}}-X"),
    # Any issuer
    _kind(
        "JSON web token",
        ACCESS_TOKEN,
        "eyJ",
        rf"{_WORD}{{10,2000}}\.eyJ{_WORD}{{8,8000}}\.{_WORD}{{20,1000}}",
    ),
    # Connection strings and logins
    SecretKind(
        "password in a connection string",
        CONNECTION_STRING,
        ("://",),
        pattern(f"(?i:{_behind(_DATABASES)}){_LOGIN}"),
    ),
    SecretKind(
        "password in a web address", PASSWORD, ("://",), pattern(f"(?i:{_behind(_WEB)}){_LOGIN}")
    ),
    SecretKind(
        "password in a connection string",
        CONNECTION_STRING,
        ("jdbc:",),
        pattern(
            r"jdbc:(?:oracle:thin:\w{1,40}/(?P<login>[^\s/@\x00]{1,200})@"
            rf"|[^\s\"'<>\x00]{{5,300}}?{_FIELD})"
        ),
    ),
    SecretKind(
        "password in a connection string",
        CONNECTION_STRING,
        ("Password=", "password=", "PASSWORD=", "Pwd=", "pwd=", "PWD="),
        pattern(
            rf"(?:(?:(?<=;)|(?<=;\s)){_FIELD}|{_FIELD.replace('value', 'first')};\s?{_OTHER_FIELD})"
        ),
    ),
)


class _Index(Struct, frozen=True):
    """An index of the starts.

    `anchor` matches one rare character of each start; `starts` maps it, or with the one before it,
    to the starts that have it, each with its position and kinds.
    """

    anchor: re.Pattern[str]
    starts: dict[str, list[tuple[int, str, tuple[int, ...]]]]


@cache
def _index() -> _Index:
    """Return the index of the table.

    Scanning for a set of characters is the fastest search that `re` has. So each start is found by
    its first character that is rare in prose. If it ends in `_`, `.` or `-`, it is found by that
    end, with the characters required around it.
    """
    ranks: dict[str, list[int]] = {}
    for rank, kind in enumerate(KINDS):
        for start in kind.starts:
            ranks.setdefault(start, []).append(rank)
    starts: dict[str, list[tuple[int, str, tuple[int, ...]]]] = {}
    before_marks: dict[str, set[str]] = {}
    anchors = []
    for start, found in ranks.items():
        marked = start[-1] in "_.-"
        at = (
            len(start) - 1
            if marked
            else next((number for number, letter in enumerate(start) if not letter.islower()), 0)
        )
        key = start[-2:] if marked else start[at]
        starts.setdefault(key, []).append((at, start, tuple(found)))
        if marked:
            before_marks.setdefault(start[-1], set()).add(start[-2:-1] or r"\w")
        else:
            before, letter, after = (
                re.escape(start[:at]),
                re.escape(start[at]),
                re.escape(start[at + 1 :]),
            )
            anchors.append(f"{letter}(?={after})(?<={before}{letter})")
    for mark, letters in before_marks.items():
        anchors.append(
            rf"{re.escape(mark)}(?<=[{''.join(letters)}]{re.escape(mark)})(?={_WORD}{{14}})"
        )
    return _Index(re.compile("|".join(sorted(anchors))), starts)


_LONG = 100_000
"""Code points from which on the secrets of a text are cached, for the next that asks for them."""


def find_secrets(text: str) -> list[SecretSpan]:
    """Return the spans that look like secrets, in order; of overlapping ones, the first kind."""
    return list(_found_in_long(text) if len(text) >= _LONG else _found(text))


def _found(text: str) -> list[SecretSpan]:
    index = _index()
    starts = index.starts
    found: dict[tuple[int, int, int], SecretSpan] = {}
    for hit in index.anchor.finditer(text):
        at = hit.start()
        pair = text[at - 1 : at + 1] if at else ""
        for offset, start, ranks in (*starts.get(hit[0], ()), *starts.get(pair, ())):
            begin = at - offset
            if begin >= 0 and text.startswith(start, begin):
                for rank in ranks:
                    if match := KINDS[rank].pattern.match(text, begin):
                        first, last = match.span(match.lastgroup or 0)
                        found[rank, first, last] = SecretSpan(
                            first, last, KINDS[rank], start if first == begin else ""
                        )
    return disjoint([found[key] for key in sorted(found)])


_found_in_long = lru_cache(maxsize=2)(_found)


def disjoint(spans: list[SecretSpan]) -> list[SecretSpan]:
    """Return the spans in order, without those that overlap an earlier one in the list."""
    kept: list[SecretSpan] = []
    for span in spans:
        place = bisect_left(kept, span.start, key=lambda other: other.start)
        clear_before = place == 0 or kept[place - 1].end <= span.start
        if clear_before and (place == len(kept) or span.end <= kept[place].start):
            kept.insert(place, span)
    return kept
