"""Architectures of one's own: the sources that somebody at this machine asked for, kept by their SHA-256, and executed from there only.

A run carries its source, and whoever hands in a run hands in that; it is shown and never executed. What may be executed lies in
`archs/` of the data folder, put there by who names a file on the command line, or trusts a run's by `python -m vaedash trust`.
"""

import contextlib
import functools
import linecache
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from vaedash import config, places, storage, text
from vaedash.errors import RunError, UsageError
from vaedash.languages import say

Made = TypeVar("Made")

MOST = 1_000_000  # bytes of a source
PARTS = ("encoder", "decoder")
_FOLDER, _ENDING = "archs", ".py"
_LONGEST = 300  # letters of what an error says


# ---- what may be executed here ----------------------------------------------------------------------------------------


def kept_at(arch: str) -> Path:
    """Where the source of such an architecture (`config.is_own`) lies, if it is trusted here."""
    return places.data_dir() / _FOLDER / f"{_sha256(arch)}{_ENDING}"


def named(file: Path, source: bytes) -> str:
    """What a config.json calls the architecture in a file: its stem, and the SHA-256 of its source. UsageError where that is no name."""
    name = file.stem
    if not config.is_arch_name(name):
        raise UsageError(
            say(
                "An architecture is called as its file is, by up to 30 small letters, digits and underscores, the first a letter: give "
                "{name} another name, my_architecture.py for example.",
                name=text.name(file.name),
            )
        )
    if name in config.ARCHS:
        raise UsageError(
            say(
                "There is an architecture {name} already: give {file} another name, my_{name}.py for example.",
                name=name,
                file=file.name,
            )
        )
    return f"{name}@{storage.sha256(source)}"


def read(file: Path) -> bytes:
    """The source in a file that a person named. UsageError where it cannot be read, or is no Python."""
    try:
        source = storage.read_bytes(file, most=MOST)
    except FileNotFoundError:
        raise UsageError(
            say("There is no file {file}. Give the path of a .py file with an architecture.", file=file)
        ) from None
    except storage.UnfitError as error:
        raise UsageError(
            say("{file} {flaw}. Give the path of a .py file with an architecture.", file=file, flaw=error)
        ) from None
    try:
        compile(source, file.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UsageError(
            say(
                "{name} is not Python ({line}{reason}). Change it, then give it again.",
                name=file.name,
                line=line,
                reason=reason,
            )
        ) from None
    return source


def trust(arch: str, source: bytes) -> None:
    """Let this source be executed here as that architecture. RunError where it is another one's."""
    _require_same(arch, source, "What is to be trusted")
    kept = kept_at(arch)
    kept.parent.mkdir(parents=True, exist_ok=True)
    storage.write_bytes(kept, source)


def is_trusted(arch: str) -> bool:
    """Whether its source may be executed here; True for what is none of somebody's own."""
    return not config.is_own(arch) or kept_at(arch).is_file()


def require_trusted(arch: str, *, run: str) -> None:
    """RunError, which says what to do, where the source of a run's architecture must not be executed here."""
    if config.is_own(arch):
        source(arch, run=run)


def source(arch: str, *, run: str = "RUN") -> bytes:
    """The trusted source of an architecture. RunError, which says what to do, where it is not trusted here or was changed; `run` is
    the id of the run that needs it.
    """
    try:
        kept = storage.read_bytes(kept_at(arch), most=MOST)
    except FileNotFoundError:
        raise RunError(
            say(
                "{arch} is an architecture of somebody's own, and nobody has asked to execute it on this machine. "
                "Read its source, then trust it: {command} trust {run}",
                arch=config.arch_name(arch),
                command=places.command(),
                run=run,
            )
        ) from None
    except storage.UnfitError as error:
        raise RunError(
            say(
                "{file} {flaw}. Remove it, then: {command} trust {run}",
                file=kept_at(arch),
                flaw=error,
                command=places.command(),
                run=run,
            )
        ) from None
    _require_same(arch, kept, str(kept_at(arch)))
    return kept


def fits(arch: str, source: bytes) -> bool:
    """Whether this is the source of an architecture."""
    return storage.sha256(source) == _sha256(arch)


def _require_same(arch: str, source: bytes, what: str) -> None:
    if not fits(arch, source):
        raise RunError(
            say(
                "{what} is not the source of {arch}: its SHA-256 is another one. "
                "Remove it, or put the right one in its place.",
                what=what,
                arch=config.arch_name(arch),
            )
        )


def _sha256(arch: str) -> str:
    own = config.OWN.fullmatch(arch)
    if not own:
        raise UsageError(
            say("{arch!r} is no architecture of somebody's own. It must be a name, @ and a SHA-256.", arch=arch)
        )
    return own[2]


# ---- executing it ------------------------------------------------------------------------------------------------------


def load(arch: str) -> ModuleType:
    """The module of an architecture, executed in a name-space of its own; once in a process. RunError as `source`, and where it
    fails or lacks a function.
    """
    return _loaded(arch, source(arch))


@functools.lru_cache(maxsize=64)
def _loaded(arch: str, source: bytes) -> ModuleType:
    file = str(kept_at(arch))
    module = ModuleType(f"vaedash_own_{_sha256(arch)}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # dataclasses look there
    linecache.cache[file] = (len(source), None, source.decode(errors="replace").splitlines(keepends=True), file)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what it prints is no answer of a command
            running(arch, lambda: exec(compile(source, file, "exec", dont_inherit=True), module.__dict__))
        for name in PARTS:
            if not callable(getattr(module, name, None)):
                raise unfit(arch, say("it has no function {name}(latent_dim, activation, shape)", name=name))
    except RunError:
        del sys.modules[module.__name__]
        raise
    return module


def running(arch: str, work: Callable[[], Made]) -> Made:
    """What `work` makes with the code of an architecture that did not come with vaedash; RunError with its last line if it fails."""
    try:
        return work()
    except RunError:
        raise
    except (Exception, SystemExit) as error:  # somebody's code raises whatever it raises
        raise unfit(arch, _failed(arch, error)) from error


def unfit(arch: str, reason: str) -> RunError:
    """What a person is told of an architecture that cannot be used, for this reason."""
    how = say("Change its file, then give it again.") if config.is_own(arch) else say("Change or remove its package.")
    return RunError(
        say(
            "The architecture {arch} does not work: {reason}. {how}",
            arch=config.arch_name(arch),
            reason=reason,
            how=how,
        )
    )


def lines(arch: str, error: BaseException) -> list[traceback.FrameSummary]:
    """The lines of an architecture's file in which an error came up, the last one last; of a package, all lines."""
    frames = traceback.extract_tb(error.__traceback__)
    file = str(kept_at(arch)) if config.is_own(arch) else None
    return [frame for frame in frames if file is None or frame.filename == file]


def in_short(error: BaseException) -> str:
    """What an error says first, as the end of a sentence."""
    words = " ".join(str(error).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST].rsplit(' ', 1)[0]} ..."


def _failed(arch: str, error: BaseException) -> str:
    where = ""
    if within := lines(arch, error):
        last = within[-1]
        where = say("in line {number}, `{line}`: ", number=last.lineno, line=(last.line or "").strip())
    return text.visible(f"{where}{f'{type(error).__name__}: {in_short(error)}'.strip(': ').removesuffix('.')}")
