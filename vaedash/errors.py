"""The one family of errors that are meant for a person: each says what was got, what is allowed and what to do."""


class VaedashError(Exception):
    """Something a person can mend; its text is one or two sentences and is shown as it stands."""


class UsageError(VaedashError):
    """A setting, a name or an argument that is not allowed."""


class DatasetError(VaedashError):
    """Images that are missing, half there or unreadable; the text says which file, where it goes, where it comes from."""


class RunError(VaedashError):
    """A run that cannot do what was asked of it: unknown, damaged, without weights, already running."""
