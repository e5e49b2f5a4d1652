"""dslint: a plugin-based linter and quality gate for text datasets."""

from dslint.version import __version__

__all__ = ["__version__", "lint", "redact_record"]

# `typing` is not imported: under `python -m`, the working folder is still first on the path here,
# and a `typing.py` there would be imported.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dslint.masking.redact import redact_record
    from dslint.run.api import lint


def __getattr__(name: str) -> object:
    """Import a function on first access, so that `dslint --version` does not import the engine."""
    if name == "lint":
        from dslint.run.api import lint

        return lint
    if name == "redact_record":
        from dslint.masking.redact import redact_record

        return redact_record
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
