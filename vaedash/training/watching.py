"""How far runs are, while somebody waits for them in a terminal or a notebook: bars that move, or a line for each epoch."""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from vaedash import datasets, text
from vaedash.runs import Run, Status, schema
from vaedash.runs.schema import Epoch, Progress
from vaedash.training import forecast

_WIDE, _NARROW = 24, 6  # columns of a bar: where there is room, and at least
_SHORT_NAME = 6  # columns below which a name says nothing
_NOTEBOOK = 120  # columns of a line of progress in a notebook


class Display(Protocol):
    """Shows runs again and again, until it is closed."""

    def show(self, current: Sequence[Run]) -> None:
        """The runs as they are now, which are always the same ones."""

    def close(self) -> None:
        """They have ended."""


def display(watched: Sequence[Run], *, say: Callable[[str], None]) -> Display:
    """The one for these runs that fits where somebody looks: bars in a notebook or a terminal, else what is told to `say`."""
    bar = _bar()
    if _in_notebook(bar):
        return _Bars(watched, bar, wide=True)
    return _Bars(watched, bar) if sys.stderr.isatty() else _Lines(say)


def _bar() -> Any:
    """tqdm's bar for where this process talks to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a notebook without ipywidgets, which gets lines
        from tqdm.auto import tqdm
    return tqdm


def _in_notebook(bar: Any) -> bool:
    """Whether its bars are a notebook's widgets."""
    return any(kind.__module__ == "tqdm.notebook" for kind in bar.__mro__)


@contextlib.contextmanager
def progress() -> Iterator[datasets.Progress]:
    """A function to be told how far something is, which draws a bar of it where somebody looks."""
    kind = _bar()
    with kind(disable=not _in_notebook(kind) and not sys.stderr.isatty(), leave=False, unit_scale=True) as bar:

        def show(title: str, done: int, total: int) -> None:
            bar.set_description_str(title, refresh=False)
            if bar.total != (total or None):
                bar.reset(total or None)  # a notebook's bar would not know it otherwise
            bar.n = done
            bar.refresh()

        yield show


class _Lines:
    """Progress where nobody looks at a terminal: one line for each finished epoch."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._shown: dict[str, int] = {}
        self._status: dict[str, str] = {}
        self._ended = 0

    def show(self, current: Sequence[Run]) -> None:
        for run in current:
            if self._status.get(run.id) != (status := _status_words(run)):
                self._status[run.id] = status
                self._say(f"{run.id} {run.name}: {status}")
            for row in run.epochs[self._shown.get(run.id, 0) :]:
                self._say(f"{run.id} {run.name}: {_epoch_words(run, row)}")
            self._shown[run.id] = len(run.epochs)
        if len(current) > 1 and (ended := sum(not run.busy for run in current)) > self._ended:
            self._ended = ended
            self._say(_study_words(current))

    def close(self) -> None:
        pass


class _Bars:
    """One bar a run, which goes from 0 to 1, from its progress.json; a `wide` one is as wide as the notebook that it is in."""

    def __init__(self, watched: Sequence[Run], kind: Any, *, wide: bool = False) -> None:
        def bar(position: int) -> Any:
            return kind(total=1, position=position, bar_format="{bar}", leave=True, dynamic_ncols=True)

        self._wide = wide
        self._bars = {run.id: bar(position) for position, run in enumerate(watched)}
        self._study = bar(len(watched)) if len(watched) > 1 else None

    def show(self, current: Sequence[Run]) -> None:
        for run in current:
            bar, progress = self._bars[run.id], run.progress or {}
            bar.n = progress.get("seen", progress.get("done", 0)) / (progress.get("of") or 1) if run.busy else 1
            self._draw(bar, run.id, run.name, progress_words(run, progress))
        if self._study is not None:
            self._study.n = sum(not run.busy for run in current) / len(current)
            self._draw(self._study, "all runs", "", _study_words(current))

    def close(self) -> None:
        for bar in [*self._bars.values(), self._study]:
            if bar is not None:
                bar.close()

    def _draw(self, bar: Any, title: str, name: str, words: str) -> None:
        left, width, right = fitting(title, name, words, room=_NOTEBOOK if self._wide else _terminal_columns() - 1)
        # Never within the format: a name may hold what that would take for a field.
        bar.desc, bar.unit = left, right
        bar.bar_format = "{desc} {bar} {unit}" if self._wide else f"{{desc}} {{bar:{width}}} {{unit}}"
        bar.refresh()


def _terminal_columns() -> int:
    """Of the terminal that stderr goes to, as wide as it is now."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 80


def fitting(title: str, name: str, words: str, *, room: int) -> tuple[str, int, str]:
    """What stands left of a bar, how wide the bar is, and what stands right of it, within so many columns.

    Where all of it has no room, the bar and the name give way, and of the words, which are parted by commas, the last ones.
    """
    room -= text.columns(title) + 2
    while text.columns(words) > room - _NARROW and ", " in words:
        words = words.rpartition(", ")[0]
    room -= text.columns(words)
    if name and room - _NARROW > _SHORT_NAME:
        name = _cut(name, room - _NARROW - 1)
        title, room = f"{title} {name}", room - text.columns(name) - 1
    return title, max(1, min(_WIDE, room)), words


def _cut(name: str, most: int) -> str:
    """A name in so many columns."""
    while text.columns(name) > most:
        name = f"{name.removesuffix('…')[:-1].rstrip()}…"
    return name


def progress_words(run: Run, progress: Progress) -> str:
    """How far a run is, and what it has come to, in a line."""
    if run.measuring:
        return f"{run.status}, {progress.get('phase', 'measuring')}"
    if not run.active:
        return f"{run.status}, {_epoch_words(run, run.epochs[-1])}" if run.epochs else run.status
    if run.status == Status.QUEUED:
        return "queued"
    speed, loss, left = progress.get("images_per_second"), progress.get("loss"), progress.get("eta_seconds")
    # Before the first step there is no loss yet, and while a run diverges none that is a number.
    if speed is None or loss is None or left is None:
        return progress.get("phase", "starting")
    test = f", test {run.epochs[-1]['test_loss']:.1f}" if run.epochs else ""
    crowded = forecast.crowded(progress)
    # What matters most stands first: in a narrow terminal, the end has no room.
    return (
        f"epoch {progress['epoch']}/{progress['epochs']}, at most {duration(left)} left, "
        f"loss {loss:.1f}{test}, {speed:,.0f} images/s{crowded and f'; {crowded}'}"
    )


def _status_words(run: Run) -> str:
    return f"{run.status}, measuring" if run.measuring else run.status


def _study_words(current: Sequence[Run]) -> str:
    return f"{sum(not run.busy for run in current)} of {len(current)} runs done"


def _epoch_words(run: Run, row: Epoch) -> str:
    losses = [f"{split} {loss_words(schema.loss_of(row, split))}" for split in ("train", "test")]
    return f"epoch {row['epoch']}/{run.config.epochs}, {', '.join(losses)}, {row.get('images_per_second') or 0:,.0f} images/s"


def loss_words(value: float | None) -> str:
    """A loss as words."""
    return "not finite" if value is None else f"{value:.2f}"


def duration(seconds: float) -> str:
    """As on a clock: `1:05`, or `2:01:05` with hours."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
