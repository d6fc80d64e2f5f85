"""The Hugging Face Hub, for whoever fetches from it: where it is, whether it can be asked, and in a sentence what it answers."""

import os
from dataclasses import dataclass
from importlib.util import find_spec

from vaedash import installed


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why something was not had from there; `final` where the Hub said so, and not where it was not asked, or not heard."""

    sentence: str
    final: bool


def endpoint() -> str | None:
    """Its address, where the environment names another one."""
    return os.environ.get("HF_ENDPOINT")


def lacking(name: str) -> str:
    """What is to be done before it can be asked for `name`, in a sentence; empty where that is nothing."""
    if find_spec("huggingface_hub"):
        return ""
    return f"{name} is on the Hugging Face Hub. Try {installed.extra('hub')}, and ask again."


def refusal(error: Exception, name: str, *, kind: str, nothing: str) -> Refusal:
    """What its library raised about `name`, a `dataset` or a `model`; `nothing` is to be said where that has no such files.

    No word is the library's: it might hold a token.
    """
    from huggingface_hub import errors

    # The Hub fell silent, and the file is not here: its cause says why.
    if isinstance(error, errors.LocalEntryNotFoundError):
        error = error.__cause__ if isinstance(error.__cause__, Exception) else ConnectionError()
    if isinstance(error, errors.GatedRepoError):
        return _final(
            f"{name} is shown on the Hub to those only who have agreed to its terms: do that there, log in with `hf auth login`, "
            "and try again."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return _final(
            f"There is no {kind} {name} on the Hub for who is not logged in; change the name, or log in with `hf auth login`."
        )
    if isinstance(error, (errors.RevisionNotFoundError, errors.EntryNotFoundError)):
        return _final(nothing)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return Refusal(
            sentence=f"HF_HUB_OFFLINE says to ask nothing of the Hub: remove it, then ask for {name} again.",
            final=False,
        )
    response = error.response if isinstance(error, errors.HfHubHTTPError) else None
    if response is not None and response.status_code in (401, 403):
        return _final(
            f"The Hub refuses you {name} ({response.status_code}): log in by `hf auth login` with a token that may, and try "
            "again."
        )
    return Refusal(  # whatever lies between here and there
        sentence=f"{name} could not be asked for on the Hub ({type(error).__name__}). Look at the connection, and try again: what "
        "has come by then is kept.",
        final=False,
    )


def _final(sentence: str) -> Refusal:
    return Refusal(sentence=sentence, final=True)
