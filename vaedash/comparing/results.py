"""What came of each run, as a row of the results table; and of runs that differ in nothing but their seed, as one."""

import dataclasses
import functools
import re
import shlex
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vaedash import config, places, text
from vaedash.comparing import alike
from vaedash.comparing.alike import Seeds
from vaedash.config import RunConfig
from vaedash.languages import counted, current, say, to_say
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run, Status, names, schema
from vaedash.runs.schema import Figure

LEVEL = 0.05  # losses closer than this read as the same figure

Row = dict[str, str | int | float | None]  # what stands in a line of a table or of an export, by the key of its column

# The study's table: what `sweep` and `train` print.
STUDY_COLUMNS = {
    "preset": "preset",
    "model": "model",
    "seed": "seed",
    "epochs": "epochs to stop",
    "loss": "loss",
    "test_loss": "test loss",
    "seconds": "seconds",
    "status": "status",
    "run": "run",
}
# How `over_seeds` is printed.
SEEDS_COLUMNS = {
    "preset": to_say("preset"),
    "model": to_say("model"),
    "seeds": to_say("seeds"),
    "each": to_say("test loss of each"),
    "test_loss": to_say("mean"),
    "test_loss_spread": to_say("spread"),
    "loss": to_say("mean loss"),
    "loss_spread": to_say("spread of it"),
    "epochs": to_say("mean epochs to stop"),
    "apart": to_say("stuck, left out"),
}


# ---- where a run stands -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A run that was measured: its losses in nats per image after the epoch whose weights are kept, all of them finite."""

    run: Run
    train_loss: float
    test_loss: float
    test_recon: float
    test_kl: float
    beta: float  # of that epoch; within a KL warm-up it is not yet the run's


def standing(run: Run) -> Standing | None:
    """Where a run stands; None before its first epoch with finite losses, and where it is damaged."""
    if (kept := run.best) is None or run.best_epoch is None:
        return None
    train_loss, test_loss = kept["train_loss"], kept["test_loss"]
    test_recon, test_kl = kept["test_recon"], kept["test_kl"]
    if train_loss is None or test_loss is None or test_recon is None or test_kl is None:
        return None
    return Standing(
        run=run,
        train_loss=train_loss,
        test_loss=test_loss,
        test_recon=test_recon,
        test_kl=test_kl,
        beta=run.config.beta_at(run.best_epoch),  # older runs did not write it down
    )


def standings(chosen: Iterable[Run]) -> list[Standing]:
    """Where each of the runs stands that was measured, in the order given."""
    return [measured for run in chosen if (measured := standing(run))]


def below_line(run: Run) -> float | None:
    """By how many nats the run's test loss is below that of the best linear VAE; negative above it.

    None where either is unknown, and within a KL warm-up: the line is at the beta that this rises to.
    """
    if run.line is None or run.test_loss is None or not run.at_full_beta:
        return None
    return run.line["test"]["loss"] - run.test_loss


# ---- one run ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a run. The losses are in nats per image, of the epoch whose weights are kept; None before the first."""

    run: str  # its id
    name: str
    created: str  # ISO 8601, in UTC
    dataset: str | None  # what its images are called
    preset: str | None  # `own` where a person chose the values
    model: str | None  # its architecture
    seed: int | None
    status: Status
    epochs: int  # that are finished
    best_epoch: int | None  # the one whose weights are kept
    loss: float | None  # on the training images
    test_loss: float | None
    test_recon: float | None
    test_kl: float | None
    below_pca: float | None  # `below_line`
    n_test: int | None
    parameters: int | None
    seconds: float  # that all epochs took
    images_per_second: float | None  # of the median epoch
    host: str | None  # the machine that trained it
    note: str | None  # what a person wrote of it, in Markdown
    quality: Mapping[str, Figure]  # what was measured beside the losses, by its key in MEASURES

    def as_row(self) -> Row:
        """All of it by column: each field, then the value of each of MEASURES, then as `<measure>_n` on how many it rests."""
        row: Row = {
            field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "quality"
        }
        figures = {name: self.quality.get(name) for name in MEASURES}
        row |= {name: figure.get("value") if figure else None for name, figure in figures.items()}
        row |= {f"{name}_n": figure.get("n") if figure else None for name, figure in figures.items()}
        return row


def columns() -> list[str]:
    """The columns of `Result.as_row`, which a table has before there is any run, too."""
    own = [field.name for field in dataclasses.fields(Result) if field.name != "quality"]
    return [*own, *MEASURES, *(f"{name}_n" for name in MEASURES)]


def result(run: Run) -> Result:
    """What came of a run so far; of a damaged one, what can still be read."""
    settings = run.settings
    return Result(
        run=run.id,
        name=run.name,
        created=text.visible(run.created),
        dataset=_dataset(run),
        preset=(settings.preset or config.OWN_VALUES) if settings else None,
        model=config.arch_name(settings.arch) if settings else None,
        seed=settings.seed if settings else None,
        status=run.status,
        epochs=len(run.epochs),
        best_epoch=run.best_epoch,
        loss=schema.loss_of(run.best, "train") if run.best else None,
        test_loss=run.test_loss,
        test_recon=schema.loss_of(run.best, "test", "recon") if run.best else None,
        test_kl=schema.loss_of(run.best, "test", "kl") if run.best else None,
        below_pca=below_line(run),
        n_test=run.dataset.get("n_test"),
        parameters=run.parameters,
        seconds=sum(row.get("seconds") or 0.0 for row in run.epochs),
        images_per_second=_median_speed(run),
        host=run.host or None,
        note=run.note or None,
        quality=run.quality,
    )


def _dataset(run: Run) -> str | None:
    title = config.dataset_title(run.settings.dataset) if run.settings else None
    name = run.dataset.get("name") or title
    return text.visible(str(name)) if name else name


def _median_speed(run: Run) -> float | None:
    speeds = sorted(speed for row in run.epochs if (speed := row.get("images_per_second")))
    return speeds[len(speeds) // 2] if speeds else None


# ---- several seeds ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a study, runs that differ in nothing but their seed: means, and standard deviations (`spread`) over seeds."""

    dataset: str | None
    preset: str | None
    model: str | None
    seeds: int  # how many, one run of each
    each: str  # the test loss of each, in the order of seeds
    stuck: int  # of them in which no latent is in use
    apart: str  # what is odd about them, and which runs are left out, in words; often empty
    loss: float  # on the training images, in nats per image as the test loss
    loss_spread: float
    test_loss: float
    test_loss_spread: float
    epochs: float
    epochs_spread: float

    def as_row(self) -> Row:
        """All of it by column."""
        return dataclasses.asdict(self)


def over_seeds(chosen: Sequence[Run]) -> list[Cell]:
    """The cells of two seeds or more among these runs (`alike.Seeds`); those that were measured in nothing are left out."""
    return [_cell(seeds) for seeds in alike.over_seeds([measured.run for measured in standings(chosen)])]


def _cell(seeds: Seeds) -> Cell:
    first, measured = result(seeds.runs[0]), standings(seeds.runs)
    losses = [seed.train_loss for seed in measured]
    test_losses = [seed.test_loss for seed in measured]
    epochs = [len(run.epochs) for run in seeds.runs]
    return Cell(
        dataset=first.dataset,
        preset=first.preset,
        model=first.model,
        seeds=len(seeds.runs),
        each=", ".join(f"{loss:.1f}" for loss in test_losses),
        stuck=len(seeds.stuck),
        apart="; ".join(left_out(seeds)),
        loss=statistics.fmean(losses),
        loss_spread=statistics.stdev(losses),
        test_loss=statistics.fmean(test_losses),
        test_loss_spread=statistics.stdev(test_losses),
        epochs=statistics.fmean(epochs),
        epochs_spread=statistics.stdev(epochs),
    )


def left_out(seeds: Seeds) -> list[str]:
    """What is odd about runs that differ in their seed alone, and which of them do not count, in words; often nothing."""
    words = []
    if stuck := [str(run.config.seed) for run in seeds.stuck]:
        words.append(
            counted(
                "seed {seeds} is stuck, with no latent in use",
                "seeds {seeds} are stuck, with no latent in use",
                n=len(stuck),
                seeds=", ".join(stuck),
            )
        )
    ways = Counter(say(run.status) for run in seeds.cut)
    ways.update(say("older of seed {seed}", seed=run.config.seed) for run in seeds.twins)
    if ways:
        words.append(say("not counted: {ways}", ways=", ".join(f"{count} {way}" for way, count in ways.items())))
    return words


# ---- what runs are called -----------------------------------------------------------------------------------


_FILED = 6  # runs whose ids are in the name of a file


def told_apart(chosen: Sequence[Run]) -> list[str]:
    """What each of these readable runs is called beside the others: its architecture, and of its name what not all share.

    No two are alike: where that is not enough, their ids follow.
    """
    shared = _shared(chosen)
    calls = [_called([run], shared) for run in chosen]
    count = Counter(calls)
    return [f"{call} {run.id}" if count[call] > 1 else call for run, call in zip(chosen, calls, strict=True)]


def together(some: Sequence[Run], among: Sequence[Run]) -> str:
    """What some runs of one architecture are called together: that, and of their names what they share and not all do."""
    return _called(some, _shared(among))


def _called(some: Sequence[Run], but: set[str]) -> str:
    parts = _parts(some[0])
    own = [part for part in parts if part in _shared(some) - but]
    if own[:1] == [_on()] and parts[1:2] != own[1:2]:
        del own[0]  # on what, all share
    return " ".join([config.spoken(some[0].config.arch), *own])


def _shared(chosen: Sequence[Run]) -> set[str]:
    return set.intersection(*(set(_parts(run)) for run in chosen)) if chosen else set()


def _parts(run: Run) -> list[str]:
    parts = [part.rstrip(",") for part in _parted(current().language).findall(run.name)]
    if [part.casefold() for part in parts[:1]] != [config.arch_name(run.config.arch)]:
        return parts
    # A name that somebody has given in English is shared with those that are made in another language.
    return [_on() if part == "on" else part for part in parts[1:2]] + parts[2:]


def _on() -> str:
    return say("{arch} on {images}", arch="", images="").strip()


@functools.lru_cache
def _parted(language: str) -> re.Pattern[str]:  # noqa: ARG001 - which is spoken now
    """What of a name belongs together: a number and what it counts, as the names of runs say settings, what stands in brackets, or
    else a word.
    """
    called = [
        form for setting in config.SETTINGS.values() for form in (setting.called, setting.called_one) if " " in form
    ]
    return re.compile("|".join([*(say(form).replace("{}", r"\S+") + ",?" for form in called), r"\([^()]*\),?", r"\S+"]))


def in_file_name(chosen: Sequence[Run]) -> str:
    """Their ids, of many the first few and how many more: a file's name has room for some 250 letters."""
    more = [f"and-{len(chosen) - _FILED}-more"] if len(chosen) > _FILED else []
    return "-".join([*(run.id for run in chosen[:_FILED]), *more])


def dataset_again(run: Run) -> str:
    """The images on which a readable run is trained again: for a copy of a built-in dataset that one, which anybody can get."""
    copied = run.dataset.get("copy_of")
    return copied if copied in config.DATASETS else run.config.dataset


def replay_command(run: Run, *, called: Callable[[str], str] = str) -> str:
    """The command that trains a readable run again: what it was asked, without what is the default anyway; `called` says what its
    images are called there. An architecture of somebody's own is the file beside the run's config.json."""
    dataset = dataset_again(run)
    default, asked = RunConfig.build(preset=run.config.preset, dataset=dataset), run.config.to_json()
    asked["dataset"] = called(dataset)
    arch = names.SOURCE if config.is_own(run.config.arch) else run.config.arch
    words = [f"{places.command()} train", f"--arch {arch}"]
    for name, value in asked.items():
        implied = value == getattr(default, name) and name not in ("preset", "dataset")
        if name != "arch" and value is not None and not implied:
            words.append(f"--{name.replace('_', '-')} {shlex.quote(str(value))}")
    return " ".join(words)


def short(run: Run, among: Sequence[Run]) -> str:
    """What tells a run from the others in a few words: its architecture, and where another one has the same, as `told_apart`."""
    return _told(run, among) if _has_rivals(run, among) else config.spoken(run.config.arch)


def rest_of_name(run: Run, among: Sequence[Run]) -> str:
    """What the name of a run says beside what is `short`; often empty."""
    if _has_rivals(run, among):
        shared = _shared(among)
        rest = [part for part in _parts(run) if part in shared]
        return "" if rest == [_on()] else " ".join(rest)  # on what is said before already
    arch = config.spoken(run.config.arch)
    begins = re.match(rf"{re.escape(arch)}(?!\w)", run.name, re.IGNORECASE)
    return run.name[begins.end() :].strip(" ,") if begins else run.name


def _told(run: Run, among: Sequence[Run]) -> str:
    return next(call for other, call in zip(among, told_apart(among), strict=True) if other.id == run.id)


def _has_rivals(run: Run, among: Sequence[Run]) -> bool:
    return sum(config.spoken(other.config.arch) == config.spoken(run.config.arch) for other in among) > 1
