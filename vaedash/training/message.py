"""What a run has come to, told to the web address that the owner of this machine has named: once, and whatever comes of it."""

import http.client
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from typing import Any

import vaedash
from vaedash import config, places, text
from vaedash.comparing import results, verdict
from vaedash.errors import RunError, UsageError
from vaedash.runs import Run, Status, record, together
from vaedash.runs.folder import RunFolder

PATIENCE = 10.0  # seconds for an answer
PAUSE = 2.0  # seconds before the second and last attempt
_LATE = "no answer within {:g} seconds"


def wanted() -> bool:
    """Whether anybody is to be told."""
    try:
        return places.webhook() is not None
    except UsageError:
        return False


def tell(run: RunFolder) -> threading.Thread | None:
    """Have `$VAEDASH_WEBHOOK` told how a run has ended, while this process goes on; None where nobody is to be told.

    Of runs that were launched together it is told once, when the last of them has ended; and at once of one that failed or diverged.
    A failure to tell is a line in the log. The process does not end before it is told, which takes 2 * PATIENCE + PAUSE at most.
    """
    try:
        address = places.webhook()
    except UsageError as error:
        print(f"Nobody was told: {error}", flush=True)
        return None
    if address is None:
        return None
    thread = threading.Thread(target=_tell, args=(run, address))
    thread.start()
    return thread


def send(run: Run) -> None:
    """Tell it of a run as it is now, and wait for the answer. UsageError where no address is named, RunError if it was not told."""
    address = places.webhook()
    if address is None:
        raise UsageError("No address is to be told: set VAEDASH_WEBHOOK to one that begins with https:// or http://.")
    if flaw := _delivered(address, body(run)):
        raise RunError(f"The webhook was not told of run {run.id}: {flaw}. Try its address in VAEDASH_WEBHOOK by hand.")


def body(run: Run) -> dict[str, Any]:
    """What is told of a run: losses in nats per image of the epoch whose weights are kept, times in ISO 8601 and UTC.

    `text` says it in a sentence, as chats show it; what a name would mean to them (`<!channel>`, `@everyone`) is taken out of it.
    """
    row = results.result(run).as_row() | {"status": _status(run)}
    told = {
        key: row[key] for key in ("run", "name", "status", "model", "dataset", "preset", "seed", "epochs", "best_epoch")
    }
    told |= {"epochs_asked": run.config.epochs} if run.settings else {}
    told |= {"train_loss": row["loss"], **{key: row[key] for key in ("test_loss", "test_recon", "test_kl")}}
    told |= {
        "created": row["created"],
        "ended": run.outcome.get("ended") if run.outcome else None,
        "seconds": row["seconds"],
    }
    return told | {
        "host": places.host(),
        "sentence": run.sentence,
        "text": _in_a_sentence(run),
        "vaedash": vaedash.__version__,
    }


def of_group(group: Sequence[Run]) -> dict[str, Any]:
    """What is told of runs that were launched together: `runs`, each as in `body`, and `text`, how they ended and who draws better."""
    ends = Counter(_status(run) for run in group)
    counted = ", ".join(f"{n} {status}" for status, n in ends.items())
    judged = "; ".join(each.plain for _, each in verdict.each(group))
    return {
        "runs": [body(run) for run in group],
        "host": places.host(),
        "text": _dead(text.visible(f"{len(group)} runs on {places.host()}: {counted}. {judged}.").strip()),
        "vaedash": vaedash.__version__,
    }


def _status(run: Run) -> str:
    """How it ended, also while its process still holds it; else how it stands."""
    return run.outcome["status"] if run.outcome else run.status


def _in_a_sentence(run: Run) -> str:
    loss = f", test loss {run.test_loss:.2f}" if run.test_loss is not None else ""
    arch = f" ({config.spoken(run.config.arch)})" if run.settings else ""
    words = text.visible(
        f"{run.name}{arch} on {places.host()}: {_status(run)} after {len(run.epochs)} epochs{loss}. {run.sentence}"
    )
    return _dead(words.strip())


def _dead(words: str) -> str:
    """Words in which a chat finds nobody to call: neither Slack's `<!channel>` nor the `@channel`, `@all` and `@everyone` of
    Mattermost and Discord, the latter of which may read &lt; as < again. A word joiner, which cannot be seen, parts them.
    """
    apart = re.sub("(?<=[@<\uff20])", "\u2060", words)
    return apart.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _tell(run: RunFolder, address: str) -> None:
    try:
        group, now = together.ended(run), record.read(run.path)
        told = [of_group(group)] if len(group) > 1 else [body(each) for each in group]
        if len(group) != 1 and _status(now) in (Status.FAILED, Status.DIVERGED):
            told.insert(0, body(now))  # somebody may want to see to it before the others have ended
        flaw = " ".join(filter(None, [_delivered(address, each) for each in told]))
    except Exception as error:  # the run is over, and well: nothing of this may say otherwise
        flaw = f"{type(error).__name__}"
    if flaw:
        print(f"The webhook was not told: {flaw}.", flush=True)


def _delivered(address: str, told: dict[str, Any]) -> str:
    """Send it, if need be a second time; what was wrong at last, as the end of a sentence without the address, which may be a secret."""
    flaw = _posted(address, told)
    if flaw:
        time.sleep(PAUSE)
        flaw = _posted(address, told)
    return flaw


def _posted(address: str, told: dict[str, Any]) -> str:
    """What was wrong, PATIENCE after it was sent at the latest: who answers a letter at a time is waited for no longer, nor a name
    that nobody can look up.
    """
    flaws = [_LATE.format(PATIENCE)]
    asking = threading.Thread(target=lambda: flaws.append(_answer(address, told)), daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return flaws[-1]


def _answer(address: str, told: dict[str, Any]) -> str:
    headers = {"Content-Type": "application/json", "User-Agent": f"vaedash/{vaedash.__version__}"}
    try:
        request = urllib.request.Request(address, data=json.dumps(told, allow_nan=False).encode(), headers=headers)
        with urllib.request.build_opener(_Stay).open(request, timeout=PATIENCE):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"it answered {error.code}"
    except http.client.HTTPException as error:  # no answer that HTTP knows, or an address with no number for a port
        return f"it does not speak HTTP ({type(error).__name__})"
    except (OSError, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, TimeoutError):
            return _LATE.format(PATIENCE)
        reason = cause if cause is not error else type(error).__name__
        return f"it cannot be reached ({_short(reason)})"


def _short(reason: object) -> str:
    return text.visible(str(getattr(reason, "strerror", None) or reason)).split("\n")[0][:100]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else than where the owner of this machine said."""

    def redirect_request(self, *_: Any) -> None:
        return None
