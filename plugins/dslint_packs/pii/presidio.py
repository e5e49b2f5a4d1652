"""The pattern recognizers of presidio-analyzer, imported without its heavy dependencies.

`import presidio_analyzer` takes 1.7 CPU seconds, nearly all of them for spaCy, numpy, pydantic and
an HTTP client, which a pattern recognizer does not need. So while its modules are imported, its
packages are replaced by stubs that look up each name in the module of the same name
(`PatternRecognizer` in `pattern_recognizer`), which takes 0.1 s. Afterwards nothing of it is left
in `sys.modules`, so a later import of presidio is complete. If presidio is already imported, it is
used as it is.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

_ROOT = "presidio_analyzer"
_GENERIC = f"{_ROOT}.predefined_recognizers.generic"
_COUNTRIES = f"{_ROOT}.predefined_recognizers.country_specific"
_PACKAGES = (
    _ROOT,
    f"{_ROOT}.nlp_engine",
    f"{_ROOT}.predefined_recognizers",
    _GENERIC,
    _COUNTRIES,
    f"{_COUNTRIES}.us",
)


class _Package(ModuleType):
    """A stub of a package that skips its `__init__`."""

    def __init__(self, name: str, root: str) -> None:
        super().__init__(name)
        self.__path__ = [root + name.removeprefix(_ROOT).replace(".", "/")]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__.endswith("nlp_engine"):
            return object  # used in annotations only
        return getattr(
            import_module(f"{self.__name__}.{re.sub('(?<!^)(?=[A-Z])', '_', name).lower()}"), name
        )


@contextmanager
def _light() -> Iterator[None]:
    if _ROOT in sys.modules:
        yield
        return
    spec = find_spec(_ROOT)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {_ROOT!r}", name=_ROOT)
    sys.modules.update(
        {name: _Package(name, spec.submodule_search_locations[0]) for name in _PACKAGES}
    )
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name == _ROOT or name.startswith(f"{_ROOT}.")]:
            del sys.modules[name]


def of_country(folder: str) -> list[Any]:
    """Return presidio's recognizers in the folder of one country."""
    found: list[Any] = []
    with _light():
        package = f"{_COUNTRIES}.{folder}"
        paths = import_module(package).__path__
        for module in iter_modules(paths):
            loaded = import_module(f"{package}.{module.name}")
            kinds = [
                kind
                for kind in vars(loaded).values()
                if isinstance(kind, type) and kind.__module__ == loaded.__name__
            ]
            found.extend(
                kind()
                for kind in kinds
                if getattr(kind, "COUNTRY_CODE", None) and hasattr(kind, "PATTERNS")
            )
    return found


def _named(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


class _RaiseTimeout(logging.Handler):
    """A handler that raises the TimeoutError of a pattern, which presidio only logs.

    A text that was not searched must not pass as clean.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and isinstance(record.exc_info[1], TimeoutError):
            raise record.exc_info[1]


# presidio logs values that it cannot validate, and no value may be logged.
logging.getLogger("presidio-analyzer").addHandler(_RaiseTimeout())
logging.getLogger("presidio-analyzer").propagate = False

with _light():
    LocalRecognizer: Any = _named(f"{_ROOT}.local_recognizer", "LocalRecognizer")
    Pattern: Any = _named(f"{_ROOT}.pattern", "Pattern")
    PatternRecognizer: Any = _named(f"{_ROOT}.pattern_recognizer", "PatternRecognizer")
    RecognizerResult: Any = _named(f"{_ROOT}.recognizer_result", "RecognizerResult")
    CreditCardRecognizer: Any = _named(f"{_GENERIC}.credit_card_recognizer", "CreditCardRecognizer")
    CryptoRecognizer: Any = _named(f"{_GENERIC}.crypto_recognizer", "CryptoRecognizer")
    IbanRecognizer: Any = _named(f"{_GENERIC}.iban_recognizer", "IbanRecognizer")
    IpRecognizer: Any = _named(f"{_GENERIC}.ip_recognizer", "IpRecognizer")
    MacAddressRecognizer: Any = _named(f"{_GENERIC}.mac_recognizer", "MacAddressRecognizer")
    UsSsnRecognizer: Any = _named(f"{_COUNTRIES}.us.us_ssn_recognizer", "UsSsnRecognizer")
