"""Rules on secrets: keys, tokens and passwords."""

from __future__ import annotations

from dslint.plugin import Rule, hookimpl


@hookimpl
def dslint_rules() -> list[type[Rule]]:
    """Return the rules of this plugin."""
    from dslint_packs.secrets.rules import (
        AccessToken,
        ApiKey,
        ConnectionString,
        Password,
        PrivateKey,
    )

    return [AccessToken, ApiKey, ConnectionString, Password, PrivateKey]
