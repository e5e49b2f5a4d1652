"""Secrets of every kind, drawn at random as their issuers draw them: `made(kind, random)` returns a text that holds one, and the secret in it."""

from __future__ import annotations

import base64
import json
import string
import zlib
from collections.abc import Callable
from random import Random

ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
BASE32 = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
WORD = ALNUM + "_-"
BASE64 = ALNUM + "+/"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
STRONG = ALNUM + "!#$%^*_-"

Draw = Callable[[Random, str, int], str]


def draw(random: Random, letters: str, count: int) -> str:
    return "".join(random.choices(letters, k=count))


def uuid(r: Random) -> str:
    return "-".join(draw(r, HEX, count) for count in (8, 4, 4, 4, 12))


def checksummed(r: Random) -> str:
    body, number, digits = draw(r, ALNUM, 30), 0, ""
    number = zlib.crc32(body.encode())
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return body + digits


def urlsafe(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def web_token(r: Random) -> str:
    claims = {"sub": draw(r, HEX, 12), "iat": r.randrange(10**9, 2 * 10**9), "role": "user"}
    return f"{urlsafe({'alg': 'HS256', 'typ': 'JWT'})}.{urlsafe(claims)}.{draw(r, WORD, 42)}{r.choice(ALNUM)}"


def pem(r: Random, label: str, size: int = 1200, newline: str = "\n") -> str:
    body = draw(r, BASE64, size)
    lines = [body[at : at + 64] for at in range(0, size, 64)]
    return newline.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def password(r: Random) -> str:
    while True:
        made = draw(r, STRONG, 12)
        if (
            made[0].isalnum()
            and made[-1].isalnum()
            and sum(any(map(test, made)) for test in (str.islower, str.isupper, str.isdigit)) == 3
        ):
            return made


KEY, TOKEN, PRIVATE, CONNECTION, PASSWORD = (
    f"secrets/{name}"
    for name in ("api-key", "access-token", "private-key", "connection-string", "password")
)

KINDS: dict[str, tuple[str, Callable[[Random], str]]] = {
    "private key, RSA": (PRIVATE, lambda r: pem(r, "RSA PRIVATE KEY")),
    "private key, PKCS 8": (PRIVATE, lambda r: pem(r, "PRIVATE KEY")),
    "private key, EC": (PRIVATE, lambda r: pem(r, "EC PRIVATE KEY", 160)),
    "private key, encrypted": (PRIVATE, lambda r: pem(r, "ENCRYPTED PRIVATE KEY")),
    "private key, OpenSSH": (PRIVATE, lambda r: pem(r, "OPENSSH PRIVATE KEY")),
    "private key, PGP": (
        PRIVATE,
        lambda r: pem(r, "PGP PRIVATE KEY BLOCK").replace(
            "-----\n", "-----\nVersion: GnuPG v2\n\n", 1
        ),
    ),
    "private key, escaped line breaks": (
        PRIVATE,
        lambda r: json.dumps({"private_key": pem(r, "PRIVATE KEY")}),
    ),
    "AWS access key id": (KEY, lambda r: "AKIA" + draw(r, BASE32, 16)),
    "AWS secret key, by name": (KEY, lambda r: f"aws_secret_access_key = {draw(r, BASE64, 40)}"),
    "AWS pair": (KEY, lambda r: f"AKIA{draw(r, BASE32, 16)},{draw(r, BASE64, 40)}"),
    "Google API": (KEY, lambda r: "AIza" + draw(r, WORD, 34) + r.choice(ALNUM)),
    "Google OAuth secret": (KEY, lambda r: "GOCSPX-" + draw(r, WORD, 27) + r.choice(ALNUM)),
    "Google OAuth token": (TOKEN, lambda r: "ya29." + draw(r, WORD, 120) + r.choice(ALNUM)),
    "Azure storage key": (
        CONNECTION,
        lambda r: (
            f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={draw(r, BASE64, 86)}==;EndpointSuffix=core.windows.net"
        ),
    ),
    "Azure SAS": (
        TOKEN,
        lambda r: (
            f"https://shop.blob.core.windows.net/a?sv=2022-11-02&sp=r&sig={draw(r, ALNUM, 40)}%2Fab%3D"
        ),
    ),
    "GitHub, classic": (
        TOKEN,
        lambda r: r.choice(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]) + checksummed(r),
    ),
    "GitHub, wrong checksum": (TOKEN, lambda r: "ghp_" + draw(r, ALNUM, 36)),
    "GitHub, fine-grained": (
        TOKEN,
        lambda r: f"github_pat_{draw(r, ALNUM, 22)}_{draw(r, ALNUM, 59)}",
    ),
    "GitLab": (TOKEN, lambda r: "glpat-" + draw(r, WORD, 19) + r.choice(ALNUM)),
    "Slack bot": (
        TOKEN,
        lambda r: (
            f"xoxb-{draw(r, string.digits, 12)}-{draw(r, string.digits, 13)}-{draw(r, ALNUM, 24)}"
        ),
    ),
    "Slack webhook": (
        TOKEN,
        lambda r: (
            f"https://hooks.slack.com/services/T{draw(r, UPPER, 9)}/B{draw(r, UPPER, 10)}/{draw(r, ALNUM, 24)}"
        ),
    ),
    "Stripe": (
        KEY,
        lambda r: (
            r.choice(["sk_live_", "rk_live_", "sk_test_"]) + draw(r, ALNUM, r.choice([24, 99]))
        ),
    ),
    "OpenAI, old": (KEY, lambda r: f"sk-{draw(r, ALNUM, 20)}T3BlbkFJ{draw(r, ALNUM, 20)}"),
    "OpenAI, project": (
        KEY,
        lambda r: f"sk-proj-{draw(r, WORD, 74)}T3BlbkFJ{draw(r, WORD, 73)}{r.choice(ALNUM)}",
    ),
    "OpenAI, service account": (
        KEY,
        lambda r: f"sk-svcacct-{draw(r, WORD, 74)}T3BlbkFJ{draw(r, WORD, 73)}{r.choice(ALNUM)}",
    ),
    "Anthropic": (KEY, lambda r: f"sk-ant-api03-{draw(r, WORD, 93)}AA"),
    "Hugging Face": (TOKEN, lambda r: "hf_" + draw(r, string.ascii_letters, 34)),
    "npm": (TOKEN, lambda r: "npm_" + checksummed(r)),
    "PyPI": (TOKEN, lambda r: "pypi-AgEIcHlwaS5vcmc" + draw(r, WORD, 150) + r.choice(ALNUM)),
    "Twilio": (KEY, lambda r: "SK" + draw(r, HEX, 32)),
    "Twilio auth token, by name": (TOKEN, lambda r: f"TWILIO_AUTH_TOKEN={draw(r, HEX, 32)}"),
    "SendGrid": (KEY, lambda r: f"SG.{draw(r, WORD, 22)}.{draw(r, WORD, 42)}{r.choice(ALNUM)}"),
    "Mailgun": (KEY, lambda r: "key-" + draw(r, HEX, 32)),
    "Telegram bot": (
        TOKEN,
        lambda r: f"{draw(r, '123456789', 10)}:AA{draw(r, WORD, 32)}{r.choice(ALNUM)}",
    ),
    "Discord bot": (
        TOKEN,
        lambda r: (
            f"{r.choice('MNO')}{draw(r, ALNUM, 23)}.{draw(r, ALNUM, 6)}.{draw(r, WORD, 37)}{r.choice(ALNUM)}"
        ),
    ),
    "Discord webhook": (
        TOKEN,
        lambda r: (
            f"https://discord.com/api/webhooks/{draw(r, '123456789', 18)}/{draw(r, WORD, 68)}"
        ),
    ),
    "Shopify": (
        TOKEN,
        lambda r: r.choice(["shpat_", "shpca_", "shppa_", "shpss_"]) + draw(r, HEX, 32),
    ),
    "Square": (TOKEN, lambda r: "EAAA" + draw(r, WORD, 59) + r.choice(ALNUM)),
    "DigitalOcean": (TOKEN, lambda r: "dop_v1_" + draw(r, HEX, 64)),
    "Databricks": (TOKEN, lambda r: "dapi" + draw(r, HEX, 32)),
    "Cloudflare, by name": (
        TOKEN,
        lambda r: f'CLOUDFLARE_API_TOKEN="{draw(r, WORD, 39)}{r.choice(ALNUM)}"',
    ),
    "Heroku": (KEY, lambda r: f"HRKU-AA{draw(r, WORD, 57)}{r.choice(ALNUM)}"),
    "Heroku, by name": (KEY, lambda r: f"HEROKU_API_KEY={uuid(r)}"),
    "Datadog, by name": (KEY, lambda r: f"DD_API_KEY: {draw(r, HEX, 32)}"),
    "Atlassian": (TOKEN, lambda r: "ATATT3xFfGF0" + draw(r, WORD, 170) + "=" + draw(r, UPPER, 8)),
    "Linear": (KEY, lambda r: "lin_api_" + draw(r, ALNUM, 40)),
    "Notion": (TOKEN, lambda r: "ntn_" + draw(r, ALNUM, 46)),
    "Postman": (KEY, lambda r: f"PMAK-{draw(r, HEX, 24)}-{draw(r, HEX, 34)}"),
    "Doppler": (TOKEN, lambda r: "dp.pt." + draw(r, ALNUM, 43)),
    "Vault": (TOKEN, lambda r: "hvs." + draw(r, WORD, 94) + r.choice(ALNUM)),
    "Replicate": (TOKEN, lambda r: "r8_" + draw(r, ALNUM, 37)),
    "Groq": (KEY, lambda r: "gsk_" + draw(r, ALNUM, 52)),
    "Cohere, in a sentence": (KEY, lambda r: f"our Cohere API key is {draw(r, ALNUM, 40)}"),
    "JSON web token": (TOKEN, web_token),
    "any API key, in JSON": (KEY, lambda r: json.dumps({"api_key": draw(r, ALNUM, 32)})),
    "any token, in code": (
        TOKEN,
        lambda r: f"access_token = '{draw(r, WORD, 39)}{r.choice(ALNUM)}'",
    ),
    "password, assigned": (PASSWORD, lambda r: f'password = "{password(r)}"'),
    "password, in an environment file": (PASSWORD, lambda r: f"DB_PASSWORD={password(r)}"),
    "password, in a web address": (
        PASSWORD,
        lambda r: f"https://ada:{draw(r, ALNUM, 12)}@files.internal/x",
    ),
    **{
        f"connection string, {scheme}": (
            CONNECTION,
            lambda r, scheme=scheme: (
                f"{scheme}://app:{draw(r, ALNUM, 14)}@db-{draw(r, HEX, 4)}.internal:5432/shop"
            ),
        )
        for scheme in ("postgresql", "mysql", "mongodb+srv", "redis", "amqps")
    },
    "connection string, ADO": (
        CONNECTION,
        lambda r: f"Server=tcp:sql.internal,1433;User Id=app;Password={password(r)};Encrypt=yes",
    ),
    "connection string, ODBC": (
        CONNECTION,
        lambda r: f"Driver={{ODBC Driver 18}};Server=sql.internal;UID=app;PWD={password(r)}",
    ),
    "connection string, JDBC": (
        CONNECTION,
        lambda r: f"jdbc:mysql://db.internal:3306/shop?user=app&password={draw(r, ALNUM, 14)}",
    ),
}

AROUND = [
    "{}",
    "Here it is: {} and do not share it.",
    "```\n{}\n```",
    '{{"note": "kept", "value": "{}"}}',
    "Use `{}`, please.",
    "zuerst {}\nund dann weiter",
    "令牌是 {} 。",
    "line one\\n{}\\nline three",
]


def made(kind: str, random: Random) -> tuple[str, str, str]:
    """Return the rule that must flag it, a text, and the secret with its name, where it needs one."""
    rule, make = KINDS[kind]
    secret = make(random)
    return (
        rule,
        random.choice(AROUND).replace("{}", secret).replace("{{", "{").replace("}}", "}"),
        secret,
    )
