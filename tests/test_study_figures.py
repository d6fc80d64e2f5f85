"""What the study says of its ladders, and of the seeds that raised a question, is what was measured."""

import json
import re
import statistics
from pathlib import Path

import covering
import pytest
import scipy.stats

from vaedash import places
from vaedash.comparing import ladder
from vaedash.comparing.ladder import Ladder, Step, Trained

TEXT = (places.PROJECT_ROOT / "docs" / "study.md").read_text(encoding="utf-8")
README = (places.PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
LADDERS = {known.pictures: known for known in ladder.recorded()}
# As `fc_losses.json`, on shuffled pixels: seeds 0 to 23, by the command that stands below the study's table.
SHUFFLED = Path(covering.__file__).with_name("fc_shuffled_losses.json")

# How many of a rung's seeds are stuck, as the tables have it.
COUNTS = {2: "two", 3: "three"}

on_both = pytest.mark.parametrize(
    ("pictures", "natural", "shuffled"),
    [
        ("shapes", "| on `shapes`, p1", "| on shuffled `shapes`"),
        ("CIFAR-10", "| on CIFAR-10, p1", "| on shuffled CIFAR-10"),
    ],
)


def cells(first: str) -> list[list[str]]:
    """The rows of the study's table whose heading begins so."""
    lines = TEXT[TEXT.index(f"\n{first}") + 1 :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def written(losses: list[float]) -> str:
    return ", ".join(f"{loss:.1f}" for loss in losses)


def each_seed(trained: Trained, order: str) -> str:
    """Its losses, those that are stuck last."""
    learned = written(list(trained.learned(order).values()))
    stuck = sorted({f"{trained.losses[order][seed]:.1f}" for seed in trained.stuck.get(order, ())})
    many = len(trained.stuck.get(order, ()))
    return f"{learned}, {COUNTS[many]} stuck at {' to '.join(stuck)}" if stuck else learned


def interval(step: Step, *, turned: bool = False) -> str:
    low, high = (step.interval.low, step.interval.high) if not turned else (-step.interval.high, -step.interval.low)
    return f"{low:.1f} to {high:.1f}"


def worth(step: Step) -> str:
    told = f"{step.worth:.1f} ({interval(step)})"
    return told if step.clear else f"no sure difference: {told}"


def lost_by_shuffling(known: Ladder, trained: Trained) -> str:
    """By how much its mean is worse; nothing where other seeds learned than on pixels as they are."""
    key = trained.rung.key
    gap = known.mean(key, "shuffled") - known.mean(key, "natural")
    return "" if any(trained.stuck.values()) else f"{gap:.1f}"


@on_both
def test_a_ladder_in_the_study_is_the_one_that_comes_along(pictures, natural, shuffled):
    known = LADDERS[pictures]
    worths = ["", *map(worth, known.steps())]
    for row, trained, better in zip(cells(natural), known.rungs, worths, strict=True):
        mean = known.mean(trained.rung.key, "natural")
        told = [trained.widths, f"{trained.weights:,}", each_seed(trained, "natural"), f"{mean:.2f}", better]
        assert row[1:] == told, row[0]
    for row, trained in zip(cells(shuffled), known.rungs, strict=True):
        mean = known.mean(trained.rung.key, "shuffled")
        assert row[1:] == [each_seed(trained, "shuffled"), f"{mean:.2f}", lost_by_shuffling(known, trained)], row[0]


def test_what_the_study_makes_of_its_ladders_is_in_their_figures():
    shapes, photos = LADDERS["shapes"], LADDERS["CIFAR-10"]

    def step(known: Ladder, second: str, order: str = "natural") -> Step:
        return known.step("fc", second, order)

    windows, conv = step(shapes, "local like fc"), step(shapes, "conv")
    assert f"local is {windows.worth:.1f} nats better ({interval(windows)})" in TEXT
    assert f"conv is {conv.worth:.1f} better ({interval(conv)})" in TEXT
    shared = shapes.step("local", "conv")
    assert f"everywhere costs {-shared.worth:.1f} nats** ({interval(shared, turned=True)})" in TEXT
    behind, ahead = step(shapes, "conv", "shuffled"), step(shapes, "local", "shuffled")
    assert f"Conv is {-behind.worth:.1f} behind ({interval(behind, turned=True)})" in TEXT
    assert f"local at conv's widths is {ahead.worth:.1f} nats ahead of FC even so ({interval(ahead)})" in TEXT

    windows, conv = step(photos, "local like fc"), step(photos, "conv")
    of_lead = f"worth {windows.worth:.1f} of conv's {conv.worth:.1f} nats"
    assert f"{of_lead}** ({interval(windows)}; {interval(conv)})" in TEXT and of_lead in README
    remains, led = step(photos, "local like fc", "shuffled"), step(photos, "conv", "shuffled")
    assert f"still leads FC by {remains.worth:.1f} nats ({interval(remains)})" in TEXT
    assert f"conv by {led.worth:.1f} ({interval(led)})" in TEXT
    lost = photos.lost("fc", "local like fc")
    assert f"({lost.worth:.1f} of what the windows are worth, {interval(lost)})" in TEXT


def test_how_much_of_the_windows_remains_is_told_by_all_trainings_of_fc_too():
    photos = LADDERS["CIFAR-10"]
    fc, local = photos.rungs[0].losses, photos.rungs[2].losses
    every = statistics.fmean([loss for of_order in fc.values() for loss in of_order.values()])
    worth, remains = (every - statistics.fmean(local[order].values()) for order in ("natural", "shuffled"))
    assert (
        f"all ten trainings of FC, {every:.1f} nats, the windows are worth {worth:.1f}, and {remains:.1f} of these remain"
    ) in TEXT
    assert 0.29 < remains / worth < 0.37  # a third
    own = [local["shuffled"][seed] - local["natural"][seed] for seed in local["natural"]]
    low, high = scipy.stats.t.interval(0.95, len(own) - 1, statistics.fmean(own), scipy.stats.sem(own))
    assert f"has none: {statistics.fmean(own):.1f} nats ({low:.1f} to {high:.1f})" in TEXT


def test_the_seeds_that_raised_a_question_and_the_fresh_ones_are_told_right():
    natural = covering.losses_of_fc().tolist()[:24]
    shuffled = list(json.loads(SHUFFLED.read_text(encoding="utf-8")).values())
    first, fresh, every = cells("| FC on `shapes`, p1, 5 epochs")
    for row, seeds in ((first, slice(9)), (fresh, slice(9, 24)), (every, slice(24))):
        of_natural, of_shuffled = natural[seeds], shuffled[seeds]
        worse = sum(after > before for before, after in zip(of_natural, of_shuffled, strict=True))
        assert row[3] == f"{worse} of {len(of_natural)}"
        assert float(row[4]) == pytest.approx(scipy.stats.wilcoxon(of_natural, of_shuffled).pvalue, rel=0.03)
        if row is not every:
            assert row[1:3] == [written(of_natural), written(of_shuffled)]
    fresh_means = (statistics.fmean(losses[9:]) for losses in (natural, shuffled))
    said = re.search(r"([\d.]+) nats on pixels as they are, ([\d.]+) on shuffled ones", TEXT)
    assert list(said.groups()) == [f"{mean:.2f}" for mean in fresh_means]
