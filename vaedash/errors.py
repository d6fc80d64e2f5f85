"""The one family of errors that are meant for a person: each says what was got, what is allowed and what to do."""

from vaedash import text


class VaedashError(Exception):
    """Something a person can mend; its text is one or two sentences and is shown as it stands."""

    def _render_traceback_(self) -> list[str]:
        """What IPython, and so a notebook, shows of it, instead of the way through our files that led here."""
        return [f"{type(self).__name__}: {text.visible(str(self))}"]


class UsageError(VaedashError):
    """A setting, a name or an argument that is not allowed."""


class DatasetError(VaedashError):
    """Images that are missing, half there or unreadable; the text says which file, where it goes, where it comes from."""


class RunError(VaedashError):
    """A run that cannot do what was asked of it: unknown, damaged, without weights, already running."""
