"""Runs side by side, in figures and in words: the results table, what differs between two runs, who leads and by how much."""

import dataclasses
import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaedash import config, luck, runs
from vaedash.config import RunConfig
from vaedash.luck import Interval
from vaedash.measures import MEASURES
from vaedash.runs import Run

# Settings that may differ between two runs without making them incomparable as architectures.
_INCIDENTAL = ("arch", "preset", "device", "precision", "epochs")


def result(run: Run) -> dict[str, Any]:
    """One row of the results table; the losses are those of the epoch whose weights are kept, None before the first.

    Keys: `run`, `name`, `dataset`, `preset`, `model`, `seed`, `status`, `epochs`, `best_epoch`, `loss` (train),
    `test_loss`, `test_recon`, `test_kl` in nats per image, `below_pca` (`below_line`), `n_test`, `parameters`,
    `seconds`, `images_per_second`, `host` (the machine that trained it); then each of MEASURES, and `<measure>_n`, on
    how many images or pairs it rests.
    """
    best, settings = run.best or {}, run.config
    dataset = run.dataset.get("name") or (config.dataset_title(settings.dataset) if settings else None)
    speeds = [row["images_per_second"] for row in run.epochs if row.get("images_per_second")]
    return {
        "run": run.id,
        "name": run.name,
        "dataset": dataset and runs.visible(str(dataset)),
        "preset": settings and (settings.preset or "own"),
        "model": settings and settings.arch,
        "seed": settings and settings.seed,
        "status": run.status,
        "epochs": len(run.epochs),
        "best_epoch": run.best_epoch,
        "loss": best.get("train_loss"),
        "test_loss": best.get("test_loss"),
        "test_recon": best.get("test_recon"),
        "test_kl": best.get("test_kl"),
        "below_pca": below_line(run),
        "n_test": run.dataset.get("n_test"),
        "parameters": run.parameters,
        "seconds": sum(row.get("seconds") or 0.0 for row in run.epochs),
        "images_per_second": sorted(speeds)[len(speeds) // 2] if speeds else None,
        "host": run.host or None,
        **{name: run.quality.get(name, {}).get("value") for name in MEASURES},
        **{f"{name}_n": run.quality.get(name, {}).get("n") for name in MEASURES},
    }


def replay_command(run: Run) -> str:
    """The command that trains a readable run again: what it was asked, without what is the default anyway.

    A run on a copy of a built-in dataset is trained again on that one, which anybody can get.
    """
    copied = run.dataset.get("copy_of")
    dataset = copied if copied in config.DATASETS else run.config.dataset
    default, asked = RunConfig.build(preset=run.config.preset, dataset=dataset), run.config.to_json()
    asked["dataset"] = dataset
    words = ["python -m vaedash train", f"--arch {run.config.arch}"]
    for name, value in asked.items():
        implied = value == getattr(default, name) and name not in ("preset", "dataset")
        if name != "arch" and value is not None and not implied:
            words.append(f"--{name.replace('_', '-')} {shlex.quote(str(value))}")
    return " ".join(words)


def differing_settings(a: Run, b: Run) -> dict[str, tuple[Any, Any]]:
    """The settings in which two readable runs differ: name to (value of a, value of b)."""
    one, other = a.config.to_json(), b.config.to_json()
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def same_axis(a: Run, b: Run) -> bool:
    """Whether the losses of two runs may share an axis: the same images, in the same unit."""
    return a.config.beta == b.config.beta and a.dataset.get("fingerprint") == b.dataset.get("fingerprint")


def groups(chosen: Sequence[Run]) -> list[list[Run]]:
    """Readable runs by the axis that their losses may share, in the order given."""
    found: list[list[Run]] = []
    for run in chosen:
        for group in found:
            if same_axis(group[0], run):
                group.append(run)
                break
        else:
            found.append([run])
    return found


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Who leads and by how much, in a few words (`headline`); below it, `grounds`: the figures, and what they do not say."""

    headline: str
    figures: str = ""
    since: str = ""
    rest: tuple[str, ...] = ()  # sentences: how sure it is, the line, what else may have made the difference

    @property
    def grounds(self) -> str:
        """What stands behind the headline, in whole sentences; empty where it says everything."""
        return " ".join([f"{self.figures}{self.since}.", *self.rest]) if self.figures else ""

    def __str__(self) -> str:
        return " ".join([f"{self.headline}{f' ({self.figures})' * bool(self.figures)}{self.since}.", *self.rest])


def verdict(chosen: Sequence[Run]) -> str:
    """Who leads on the held-out images, by how much, in one or two sentences that claim no more than the figures allow."""
    return str(judged(chosen))


def judged(chosen: Sequence[Run]) -> Verdict:
    """The verdict on these runs, in its parts."""
    measured = [run for run in chosen if run.config and run.best and run.best["test_loss"] is not None]
    if len(measured) < 2:
        return Verdict(headline="Two runs with a finished epoch each are needed for a comparison")
    first, second = _rivals(sorted(measured, key=lambda run: run.best["test_loss"]))
    if not same_axis(first, second) or first.best.get("beta") != second.best.get("beta"):  # within a KL warm-up
        return Verdict(
            headline="These runs cannot be compared: they differ in their images or in beta, so their losses have "
            "different units"
        )
    pairs = _pairs(measured, first, second)
    if statistics.fmean(_gap(*pair) for pair in pairs) < 0:  # the best run of all, but not the better architecture
        first, second, pairs = second, first, [(b, a) for a, b in pairs]
    gap = statistics.fmean(_gap(*pair) for pair in pairs)
    means = [statistics.fmean(run.best["test_loss"] for run in side) for side in zip(*pairs, strict=True)]
    several = f", means of {len(pairs)} seeds," if len(pairs) > 1 else ""
    n_test = first.dataset.get("n_test", 0)
    figures = f"{means[0]:.1f} against {means[1]:.1f} nats{several} on the same {n_test:,} test images"
    one, other = _label(first, second), _label(second, first)
    firsts, seconds = zip(*pairs, strict=True)
    sentences = (_luck(pairs), _against_line({one: firsts, other: seconds}), _caveat(first, second, len(pairs)))
    rest = tuple(filter(None, sentences))
    if gap < 0.05:
        return Verdict(headline=f"{one} and {other} are level", figures=figures, rest=rest)
    since = f", ahead from epoch {when} on" if (when := ahead_from(first, second)) else ""
    headline = f"{one} leads {other} by {gap:.1f} nats per image"
    return Verdict(headline=headline, figures=figures, since=since, rest=rest)


def _gap(first: Run, second: Run) -> float:
    return second.best["test_loss"] - first.best["test_loss"]


def _pairs(measured: Sequence[Run], first: Run, second: Run) -> list[tuple[Run, Run]]:
    """The two runs, or, where both are there with several seeds in common, a pair for each seed that is over."""
    sides = [
        {run.config.seed: run for run in measured if not run.active and _but_seed(run) == _but_seed(rival)}
        for rival in (first, second)
    ]
    common = sorted(sides[0].keys() & sides[1].keys()) if _but_seed(first) != _but_seed(second) else []
    return [(sides[0][seed], sides[1][seed]) for seed in common] if len(common) > 1 else [(first, second)]


def _but_seed(run: Run) -> RunConfig:
    return dataclasses.replace(run.config, seed=0)


def shuffle_test(found: Sequence[Run]) -> dict[tuple[str, str], Run]:
    """The newest runs, one of each architecture with each order of the pixels, that are alike in all else; by (arch, pixel_order).

    `found` is newest first. Empty where there is no such set.
    """
    alike: dict[tuple[Any, ...], dict[tuple[str, str], Run]] = {}
    for run in (run for run in found if run.config):
        # A preset may give each architecture values of its own, so where there is one, its name says it.
        varied = {"arch", "pixel_order", *config.PRESETS.get(run.config.preset, ())}
        same = tuple(value for name, value in run.config.to_json().items() if name not in varied)
        alike.setdefault(same, {}).setdefault((run.config.arch, run.config.pixel_order), run)
    return next((runs for runs in alike.values() if len(runs) == len(config.ARCHS) * len(config.PIXEL_ORDERS)), {})


def shuffle_verdict(tested: Mapping[tuple[str, str], Run]) -> str:
    """What shuffling the pixels cost each architecture, in a sentence; empty before all are over."""
    if any(run.active or not run.best or run.best["test_loss"] is None for run in tested.values()):
        return ""
    said = []
    for arch in sorted(config.ARCHS, key=lambda arch: -shuffle_cost(tested, arch)):
        cost = shuffle_cost(tested, arch)
        change = (
            f"{abs(cost):.1f} nats {'worse' if cost > 0 else 'better'}" if abs(cost) >= 0.05 else "as good as before"
        )
        said.append(f"{arch} is {change}")
    return f"With shuffled pixels, {' and '.join(said)}."


def shuffle_cost(tested: Mapping[tuple[str, str], Run], arch: str) -> float:
    return _gap(tested[arch, "natural"], tested[arch, "shuffled"])


def over_images(pairs: Sequence[tuple[Run, Run]]) -> Interval | None:
    """How much lower the losses of the first of each pair are over other test images like these, the seeds being what they are.

    Of several pairs, the mean over them is resampled. None where that was not measured of all.
    """
    losses = [[runs.test_losses(run.path) for run in side] for side in zip(*pairs, strict=True)]
    if any(one is None or len(one) != len(losses[0][0]) for side in losses for one in side):
        return None
    if not all(same_axis(first, second) for first, second in pairs):
        return None
    first, second = (np.mean(side, axis=0) for side in losses)
    return luck.over_images(second, first)


def _luck(pairs: Sequence[tuple[Run, Run]]) -> str:
    """How sure the difference is, over other images and over other seeds, as far as either was varied."""
    images = over_images(pairs)
    seeds = luck.over_seeds([_gap(*pair) for pair in pairs])
    said = [
        f"{found.low:.1f} to {found.high:.1f} over other {what}"
        for found, what in ((images, "test images"), (seeds, "seeds"))
        if found
    ]
    if not said:
        return ""
    sure = "" if all(found.certain for found in (images, seeds) if found) else ": it may be luck"
    return f"95% interval of the difference: {' and '.join(said)}{sure}."


def proposed(chosen: Sequence[Run]) -> tuple[str, list[RunConfig]]:
    """What is missing for a fair or a surer comparison, in words, and the runs that would bring it; none while runs are active."""
    measured = [run for run in chosen if run.config and run.best and not run.dataset.get("copy_of")]
    if len(measured) < 2 or any(run.active for run in chosen):
        return "", []
    first, second = _rivals(sorted(measured, key=lambda run: run.best["test_loss"] or 0.0))
    if first.config.arch == second.config.arch or not same_axis(first, second):
        return "", []
    if _confounded(first, second):
        fair = RunConfig.build(**first.config.to_json() | {"arch": second.config.arch})
        return f"Train {fair.arch} with the settings of {first.name}", [fair]
    seed = max(run.config.seed for run in measured) + 1
    both = [dataclasses.replace(run.config, seed=seed) for run in (first, second)]
    return f"Train both with another seed ({seed})", both


def below_line(run: Run) -> float | None:
    """By how many nats the run's test loss is below that of the best linear VAE; negative above it, None where that is unknown."""
    if not run.line or not run.best or run.best["test_loss"] is None:
        return None
    return run.line["test"]["loss"] - run.best["test_loss"]


def _against_line(named: Mapping[str, Sequence[Run]]) -> str:
    """What the best linear VAE would have, and how each side stands to it on average; empty where that is unknown."""
    found = {name: [below_line(run) for run in side] for name, side in named.items()}
    if any(None in gaps for gaps in found.values()):
        return ""
    gaps = {name: statistics.fmean(side) for name, side in found.items()}
    stands = [f"{name} is {abs(gap):.1f} {'below' if gap > 0 else 'above'}" for name, gap in gaps.items()]
    best = next(iter(named.values()))[0].line["test"]["loss"]
    return f"The best linear VAE (PCA) would have {best:.1f}: {', '.join(stands)}."


def _confounded(first: Run, second: Run) -> list[str]:
    """The settings besides the architecture to which a difference may be due; what their common preset gives each is none."""
    common = config.PRESETS.get(first.config.preset, {}) if first.config.preset == second.config.preset else {}
    return [name for name in differing_settings(first, second) if name not in (*_INCIDENTAL, *common)]


def _caveat(first: Run, second: Run, seeds: int) -> str:
    """Why the figures of two runs may not be the architecture's doing."""
    confounded = _confounded(first, second)
    if seeds > 1:
        confounded = [name for name in confounded if name != "seed"]
    if confounded and first.config.arch != second.config.arch:
        return f"They also differ in {', '.join(confounded)}, so this is not the architecture's doing alone."
    if confounded:
        return f"They differ in {', '.join(confounded)}."
    if first.config.preset == second.config.preset and first.config.lr != second.config.lr:
        return f"Preset {first.config.preset} gives each architecture a learning rate of its own."
    if any(run.active for run in (first, second)):
        return "Not over yet."
    return "" if seeds > 1 else "One seed each: how much of it is luck, only more seeds can tell."


def ahead_from(leader: Run, other: Run) -> int | None:
    """The first epoch from which on the leader's test loss stayed below the other's, of those that both have; None if at no end."""
    pairs = list(zip(leader.epochs, other.epochs, strict=False))
    when = None
    for ahead, behind in pairs:
        lower = None not in (ahead["test_loss"], behind["test_loss"]) and ahead["test_loss"] < behind["test_loss"]
        when = (when or ahead["epoch"]) if lower else None
    return when


def _rivals(by_loss: Sequence[Run]) -> tuple[Run, Run]:
    """The best run, and the best one of another architecture if there is one, else the second best."""
    first, *others = by_loss
    return first, next((run for run in others if run.config.arch != first.config.arch), others[0])


def over_seeds(chosen: Sequence[Run]) -> list[dict[str, Any]]:
    """The cells of a study: runs that differ in nothing but their seed, as one row; only cells of two seeds or more.

    Keys: `dataset`, `preset`, `model`, `seeds` (how many), and for `loss`, `test_loss` and `epochs` the mean and, as
    `<key>_spread`, the standard deviation over seeds. Runs that are not over, or were measured in nothing, are left out.
    """
    cells: dict[RunConfig, list[Run]] = {}
    for run in chosen:
        if run.config and not run.active and run.best and None not in (run.best["train_loss"], run.best["test_loss"]):
            cells.setdefault(_but_seed(run), []).append(run)
    rows = []
    for cell in (cell for cell in cells.values() if len({run.config.seed for run in cell}) > 1):
        found = [result(run) for run in cell]
        row = {key: found[0][key] for key in ("dataset", "preset", "model")} | {"seeds": len(found)}
        for key in ("loss", "test_loss", "epochs"):
            values = [one[key] for one in found]
            row |= {key: statistics.fmean(values), f"{key}_spread": statistics.stdev(values)}
        rows.append(row)
    return rows


# How `over_seeds` is printed.
SEEDS_COLUMNS = {
    "preset": "preset",
    "model": "model",
    "seeds": "seeds",
    "test_loss": "mean test loss",
    "test_loss_spread": "spread",
    "loss": "mean loss",
    "loss_spread": "spread of it",
    "epochs": "mean epochs to stop",
}


def text_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Rows as aligned plain text. `columns` maps a row's key to its heading; numbers are set right."""
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(columns.values(), *cells, strict=True)]
    right = [all(isinstance(row.get(key), (int, float, type(None))) for row in rows) for key in columns]
    lines = [list(columns.values()), ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


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


def short(run: Run, among: Sequence[Run]) -> str:
    """What tells a run from the others in a word or two: its architecture, with its id where that is not enough."""
    alike = sum(other.config.arch == run.config.arch for other in among)
    return f"{run.config.arch} {run.id}" if alike > 1 else run.config.arch


def _label(run: Run, other: Run) -> str:
    """What tells a run from the other: its architecture if that differs, else its name."""
    if run.config.arch == other.config.arch:
        return run.name
    return run.config.arch


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}"
    return runs.visible(" ".join(str(value).split()))
