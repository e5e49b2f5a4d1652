"""What the variables of the environment say."""

from __future__ import annotations

import os


def confined() -> bool:
    """Say whether this is a run of CI: what it reads must not lead out of the project, and what it prints is kept and shown to others."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")
