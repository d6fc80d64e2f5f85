"""What runs have in common: which may share an axis, which differ in nothing but their seed, what else differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vaedash import config, text
from vaedash.languages import say
from vaedash.runs import Run, schema
from vaedash.runs.schema import TRAINED

Setting = str | int | float | None

# Where and how exactly a run was computed: nothing of what it was asked to learn.
_COMPUTED = ("device", "precision")
# Settings that may differ between two runs without making them incomparable as architectures.
_INCIDENTAL = ("arch", "preset", "epochs", *_COMPUTED)


def differing_settings(a: Run, b: Run) -> dict[str, tuple[Setting, Setting]]:
    """The settings in which two readable runs differ: name to (value of a, value of b)."""
    of_a, of_b = a.config.to_json(), b.config.to_json()
    return {name: (of_a[name], of_b[name]) for name in of_a if of_a[name] != of_b[name]}


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Records of runs beside each other, by what can be seen of them: what differs with a value for each run, in their order;
    and what all share, said once. Empty where there is none.
    """

    differing: Mapping[str, Sequence[str]]
    same: Mapping[str, str]


def contrast(records: Sequence[Mapping[str, object]]) -> Contrast:
    """What differs between records, and what is the same, in the order of their names."""
    differing: dict[str, list[str]] = {}
    same: dict[str, str] = {}
    for name in dict.fromkeys(name for record in records for name in record):
        values = [record.get(name) for record in records]
        cells = ["" if value is None else text.visible(str(value)) for value in values]
        if len(set(cells)) > 1:
            differing[name] = cells
        else:
            same[name] = cells[0]
    return Contrast(differing=differing, same=same)


def settings_but(run: Run, *names: str) -> tuple[Setting, ...]:
    """The settings of a readable run without those of these names: runs for which they are equal are alike in all else."""
    return tuple(value for name, value in run.config.to_json().items() if name not in names)


def but_seed(run: Run) -> tuple[Setting, ...]:
    """What is equal for runs that differ in nothing but their seed, of which a mean may be taken.

    Device and precision may differ too: they say where and how a run was computed, not what it was asked to learn, so
    `confounded` does not name them either, and seeds that were trained on several machines are one study.
    """
    return settings_but(run, "seed", *_COMPUTED)


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """Runs that differ in nothing but their seed, of which a mean may be taken: one for each seed, in the order of seeds.

    `cut` are those that do not count because they ended before their training was over, `twins` those that have a seed
    which a newer run has too. Runs that are not over yet are in none of these.
    """

    runs: tuple[Run, ...]
    cut: tuple[Run, ...] = ()
    twins: tuple[Run, ...] = ()

    @property
    def stuck(self) -> tuple[Run, ...]:
        """Those that count, and are stuck."""
        return tuple(filter(stuck, self.runs))


def stuck(run: Run) -> bool:
    """Whether no latent of its kept weights is in use: it has learned nothing but the average picture."""
    return run.best is not None and run.best.get(schema.ACTIVE_UNITS) == 0


def copies(chosen: Sequence[Run]) -> list[list[Run]]:
    """Of the readable runs those that are one and the same, copied under several ids: a comparison counts it as often."""
    same = _grouped([run for run in chosen if run.settings], lambda a, b: a.origin == b.origin)
    return [group for group in same if len(group) > 1]


def over_seeds(chosen: Sequence[Run]) -> list[Seeds]:
    """Readable runs on the same images that differ in nothing but their seed, where two seeds or more are over; in the order given."""
    cells: dict[tuple[Setting, ...], list[Run]] = {}
    for run in chosen:
        cells.setdefault((*but_seed(run), str(run.dataset.get("fingerprint"))), []).append(run)
    each = (_seeds(cell) for cell in cells.values())
    return [seeds for seeds in each if len(seeds.runs) > 1]


def _seeds(cell: Sequence[Run]) -> Seeds:
    over = [run for run in cell if run.best and not run.active]
    whole = sorted((run for run in over if run.status in TRAINED), key=lambda run: run.created)
    newest = {run.config.seed: run for run in whole}
    counted = tuple(newest[seed] for seed in sorted(newest))
    return Seeds(
        runs=counted,
        cut=tuple(run for run in over if run.status not in TRAINED),
        twins=tuple(run for run in whole if run not in counted),
    )


def same_axis(a: Run, b: Run) -> bool:
    """Whether the losses of two runs may share an axis: the same images, in the same unit."""
    return a.config.beta == b.config.beta and same_images(a, b)


def same_images(a: Run, b: Run) -> bool:
    """Whether two runs learn from the same images: by their fingerprints, or where one has not begun by what was asked."""
    of_a, of_b = a.dataset.get("fingerprint"), b.dataset.get("fingerprint")
    if of_a and of_b:
        return of_a == of_b
    return _asked_images(a) == _asked_images(b)


def _asked_images(run: Run) -> tuple[object, ...]:
    asked = run.config
    return asked.dataset, asked.fraction, config.framed(asked.dataset, asked.frame)


def groups(chosen: Sequence[Run]) -> list[list[Run]]:
    """Readable runs by the axis that their losses may share, in the order given."""
    return _grouped(chosen, same_axis)


def called(grouped: Sequence[Sequence[Run]]) -> list[str]:
    """What tells groups of runs from each other: the pictures that each learned from, and beta, as far as it takes to do so."""
    pictures, *others = zip(*(_told_by(group[0]) for group in grouped), strict=True) if grouped else [()]
    names = list(pictures)
    for words in others:
        if len(set(names)) < len(names) and len(set(words)) > 1:
            names = [", ".join(parts) for parts in zip(names, words, strict=True)]
    return names


def _told_by(run: Run) -> tuple[str, ...]:
    pictures, *_ = str(run.dataset.get("name") or config.dataset_title(run.config.dataset)).partition(" (")
    count = run.dataset.get("n_train")
    learned_from = say("{n:,} pictures", n=count) if count else say("no pictures yet")
    frame = [name for name in config.FRAME_SETTINGS if getattr(run.config, name) != getattr(config.USUAL_FRAME, name)]
    spoken = [config.SETTINGS[name].spoken(getattr(run.config, name)) for name in frame or ["image_size"]]
    fingerprint = str(run.dataset.get("fingerprint", run.id))[:6]
    return pictures, ", ".join(spoken), f"beta {run.config.beta:g}", learned_from, fingerprint


def by_images(chosen: Sequence[Run]) -> list[list[Run]]:
    """Readable runs by the images that they learn from, in the order given."""
    return _grouped(chosen, same_images)


def _grouped(chosen: Sequence[Run], fits: Callable[[Run, Run], bool]) -> list[list[Run]]:
    """Each run in the first group whose first run it fits, or else in one of its own."""
    grouped: list[list[Run]] = []
    for run in chosen:
        group = next((group for group in grouped if fits(group[0], run)), None)
        if group:
            group.append(run)
        else:
            grouped.append([run])
    return grouped


def confounded(first: Run, second: Run) -> list[str]:
    """The settings besides the architecture to which a difference may be due; what their common preset gives each is none."""
    preset = first.config.preset
    common = config.PRESETS[preset] if preset and preset == second.config.preset else {}
    # Of the same images it makes no difference what they would have been, had they not been squares or had they been transparent.
    framed = config.FRAME_SETTINGS if same_images(first, second) else ()
    return [name for name in differing_settings(first, second) if name not in (*_INCIDENTAL, *common, *framed)]
