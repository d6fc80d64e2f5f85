"""Runs that lie in no folder, made up for comparisons: settings, test losses and images as a test needs them."""

from pathlib import Path

from vaedash.comparing import ladder
from vaedash.config import RunConfig
from vaedash.runs import Run, Status


def run(
    run_id: str,
    *tests: float | None,
    status: str = "finished",
    fingerprint: str = "ab12",
    name: str | None = None,
    rows: dict | None = None,
    copy_of: object = None,
    created: str = "2027-01-01T00:00:00+00:00",
    **settings,
) -> Run:
    """A run whose epochs have these test losses; each epoch's train loss falls, so the last is the kept one."""
    epochs = tuple(
        {
            "epoch": number,
            **dict.fromkeys(("train_recon", "train_kl", "test_recon", "test_kl"), 1.0),
            "train_loss": 100.0 - number,
            "test_loss": test,
            "beta": 1.0,
            "seconds": 2.5,
            "images_per_second": 100.0 * number,
            **(rows or {}),
        }
        for number, test in enumerate(tests, start=1)
    )
    dataset = {"name": "shapes", "fingerprint": fingerprint, "n_train": 20_000, "n_test": 2_000, "copy_of": copy_of}
    return Run(
        path=Path(run_id),
        settings=RunConfig(**settings),
        created=created,
        facts=({"parameters": 77, "dataset": dataset},),
        epochs=epochs,
        progress=None,
        outcome=None,
        notes={"name": name} if name else {},
        status=Status(status),
    )


def of_seeds(*gaps):
    return [
        run(f"{letter}bcde{seed}", 90.0, 74.0 + gap * (arch == "fc"), arch=arch, seed=seed)
        for seed, gap in enumerate(gaps)
        for letter, arch in (("a", "fc"), ("b", "conv"))
    ]


CONV, FC = run("abcdef", 80.0, 73.94, arch="conv"), run("ghjkmn", 90.0, 79.07, arch="fc")


def four(**changes):
    losses = {("fc", "natural"): 79.0, ("conv", "natural"): 74.0, ("fc", "shuffled"): 79.0, ("conv", "shuffled"): 90.5}
    return [
        run(f"abcde{number}", loss, arch=arch, pixel_order=order, **changes)
        for number, ((arch, order), loss) in enumerate(losses.items())
    ]


# How many weights each rung of a ladder has with p1.
WEIGHTS = {
    "fc": 3_511_040,
    "fc like conv": 1_121_870,
    "local like fc": 3_533_792,
    "local": 9_993_472,
    "conv": 1_119_811,
}


def rung_of(settings):
    """The rung of a usual ladder that these settings are of."""
    return next(
        rung
        for rung in ladder.RUNGS
        if (rung.arch, ladder.USUAL_WIDTHS.get(rung.key, "")) == (settings.arch, settings.widths)
    )
