"""Where things are, as the environment has it: the app, runs, images, a cluster; what visitors of the page may do; the machine itself."""

import math
import os
import platform
import re
import sys
from pathlib import Path

from vaedash.errors import UsageError
from vaedash.languages import say

SOURCES = Path(__file__).resolve().parent.parent  # the folder that the package is imported from
_SHIPPED = SOURCES / "vaedash" / "shipped"
INSTALLED = _SHIPPED.is_dir()  # out of a wheel; else this is a checkout
# What holds streamlit_app.py, .streamlit and the example runs: a wheel brings them along within the package (setup.py).
PROJECT_ROOT = _SHIPPED if INSTALLED else SOURCES

HOST = "VAEDASH_HOST"
_CGROUP = Path("/sys/fs/cgroup")  # that of this process, as a container sees it
LOCAL, RAY = "local", "ray"  # where runs train: on this machine, or wherever a Ray cluster has room
_ADDRESS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}")


def written(path: str | os.PathLike[str]) -> Path:
    """The path that a person wrote or copied: `~` is the home folder, and what file managers add goes, which is quotes around it
    or `file:` before it. UsageError where it is neither words nor a path.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise UsageError(say("A folder or a file is text or a pathlib.Path; got {path}.", path=repr(path)[:100]))
    words = os.fspath(path).strip()
    if len(words) > 2 and words[0] == words[-1] and words[0] in "\"'":
        words = words[1:-1]
    if words.startswith("file://"):
        from urllib.request import url2pathname

        words = url2pathname(words.removeprefix("file://"))
    try:
        return Path(words).expanduser()
    except RuntimeError:  # `~nobody`, who has no home here
        return Path(words)


def require_writable(file: Path, *endings: str, called: str) -> None:
    """Before anything is computed, whether a file of such a name can be written; UsageError, which says what it is `called`, if not."""
    if file.suffix.lower() not in endings:
        raise UsageError(
            say(
                "{called} must end in {endings}, got {file}.",
                called=called,
                endings=say(" or ").join(endings),
                file=file.name,
            )
        )
    if not file.parent.is_dir():
        raise UsageError(
            say(
                "There is no folder {folder} to write {name} into. Make it first, or give another {called}.",
                folder=file.parent,
                name=file.name,
                called=called,
            )
        )


def runs_dir(given: str | os.PathLike[str] | None = None) -> Path:
    """Where runs live: `given`, else `$VAEDASH_RUNS`, else `runs/` of the checkout, or of this person where vaedash is installed.

    Absolute.
    """
    return written(given or os.environ.get("VAEDASH_RUNS") or _kept_in() / "runs").resolve()


def data_dir(given: str | os.PathLike[str] | None = None) -> Path:
    """Where downloads and caches live: `given`, else `$VAEDASH_DATA`, else `data/` in the place where `runs_dir` has runs; absolute."""
    return written(given or os.environ.get("VAEDASH_DATA") or _kept_in() / "data").resolve()


def _kept_in() -> Path:
    """A checkout keeps what is made here itself; an installed package may be replaced at any time, and the person's data folder has it."""
    if not INSTALLED:
        return SOURCES
    import platformdirs

    return platformdirs.user_data_path("vaedash", appauthor=False)


def examples() -> Path | None:
    """The example runs that the person's runs folder lacks at first; None in a checkout, whose `runs/` holds them."""
    return None if not INSTALLED or os.environ.get("VAEDASH_RUNS") else PROJECT_ROOT / "runs"


def command() -> str:
    """How a person calls the command line here: as it was called just now, and otherwise as it can be."""
    return "vaedash" if INSTALLED or Path(sys.argv[0]).stem == "vaedash" else "python -m vaedash"


def read_only() -> bool:
    """Whether visitors of the page may only look on: `$VAEDASH_READ_ONLY` says anything but 0, no, off or false."""
    return os.environ.get("VAEDASH_READ_ONLY", "").strip().lower() not in ("", "0", "no", "off", "false")


def checked_place(on: str) -> str:
    """`on` itself, which says where runs train: `local`, `ray` or `ray://HOST:PORT`. UsageError for anything else."""
    words = str(on)  # in Python it may be anything
    if words not in (LOCAL, RAY) and not (
        words.startswith(f"{RAY}://") and _ADDRESS.fullmatch(words.removeprefix(f"{RAY}://"))
    ):
        raise UsageError(
            say(
                "Runs train on {local}, on {ray} or on {ray}://HOST:PORT, the address that `ray start` names; got {value!r}.",
                local=LOCAL,
                ray=RAY,
                value=words[:80],
            )
        )
    return on


def ray_address(on: str) -> str | None:
    """HOST:PORT of the Ray cluster that `ray` or `ray://HOST:PORT` means: the one given, else `$RAY_ADDRESS`, else None, one of our own.

    UsageError if the environment says something else.
    """
    return on.removeprefix(f"{RAY}://") if on != RAY else _address_in("RAY_ADDRESS")


def cluster() -> str | None:
    """The cluster on which the page may train, as `ray://HOST:PORT`, if its owner named one in `$VAEDASH_RAY_ADDRESS`.

    UsageError if that is no address.
    """
    address = _address_in("VAEDASH_RAY_ADDRESS")
    return address and f"{RAY}://{address}"


def webhook() -> str | None:
    """The web address that is told when a run has ended, if the owner of this machine named one in `$VAEDASH_WEBHOOK`.

    UsageError, without the address, which may be a secret, if that is none.
    """
    from urllib.parse import urlsplit

    address = os.environ.get("VAEDASH_WEBHOOK", "").strip()
    if not address:
        return None
    try:
        parts = urlsplit(address)
        fits = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and address.isascii() and address.isprintable()
        )
    except ValueError:
        fits = False
    if not fits or " " in address:
        raise UsageError(say("VAEDASH_WEBHOOK must be a web address that begins with https:// or http://."))
    return address


def _address_in(variable: str) -> str | None:
    address = os.environ.get(variable) or None
    if address and not _ADDRESS.fullmatch(address):
        raise UsageError(
            say(
                "{variable} must be HOST:PORT, the address that `ray start` names; got {value!r}.",
                variable=variable,
                value=address[:80],
            )
        )
    return address


def host() -> str:
    """What this machine is called: `$VAEDASH_HOST`, else its name in the network."""
    return os.environ.get(HOST) or platform.node()


def cores() -> int:
    """How many of this machine's cores this process may use: those that it may run on, and no more than a container has time for."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    return there if quota >= there else math.ceil(quota)


def _quota() -> float:
    """How many cores' time the control group of this process is given, as containers are; infinite where nothing limits it."""
    # Of Linux's second and first version.
    for files in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            words = [word for file in files for word in (_CGROUP / file).read_text(encoding="ascii").split()]
            quota, period = float(words[0].replace("max", "inf")), float(words[1])
        except (OSError, ValueError, IndexError):
            continue
        if quota > 0 and period > 0:
            return quota / period
    return math.inf


def processor() -> str:
    """What this machine's processor is called, by its maker where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not on Linux
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())
