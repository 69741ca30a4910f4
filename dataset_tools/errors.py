"""Errors that a person can mend: one message, no traceback."""


class InputError(Exception):
    """What the user gave cannot be used; the text says where, what was found and how to mend it.

    Every command turns it into one line on standard error and exit code 2.
    """


class UnreadableDataError(InputError):
    """One data file cannot be read to its end; what was found in others stands."""


class MissingExtraError(InputError):
    """A library of an optional extra is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an extra: pip install 'axolotl-replicate[{extra}]'")
        self.what = what
        self.extra = extra

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """What another process makes the error of again."""
        return MissingExtraError, (self.what, self.extra)
