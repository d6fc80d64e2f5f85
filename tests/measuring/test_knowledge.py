"""What the few numbers know: numbers that hold a label, that hold nothing of it, and those of trained models."""

import math
import sys

import independent
import numpy as np
import pytest
import torch
from torch import nn

from vaedash import cli, datasets, places, runs
from vaedash.comparing import results
from vaedash.datasets import Dataset
from vaedash.measuring import after, knowledge, measures
from vaedash.measuring.knowledge import Said
from vaedash.models.vae import VAE
from vaedash.runs import RunFolder, weights

NAMES = {"class": ("cat", "dog", "cow"), "glasses": ("no", "yes"), "hat": ("no", "yes")}
LABELLED = {name for name, measure in measures.MEASURES.items() if measure.labelled}


def drawn(count: int, seed: int) -> dict[str, np.ndarray]:
    """Labels of every kind, none of which says anything of another."""
    rng = np.random.default_rng(seed)
    return {
        "class": rng.choice(3, count, p=(0.6, 0.3, 0.1)),
        "glasses": (rng.random(count) < 0.1).astype(np.int8),
        "hat": (rng.random(count) < 0.5).astype(np.int8),
        "size": rng.uniform(8, 12, count).astype(np.float32),
        "hue": rng.random(count).astype(np.float32),
    }


def knowing(labels: dict[str, np.ndarray], noise: int = 0) -> Said:
    """Numbers that hold each of these labels, in some unit, beside others that hold nothing."""
    holds = [labels["class"] == 0, labels["class"] == 1, labels["glasses"], labels["hat"], labels["size"] / 100]
    holds += [np.cos(2 * np.pi * labels["hue"]), 5 * np.sin(2 * np.pi * labels["hue"])]
    rest = np.random.default_rng(noise).normal(size=(len(labels["class"]), 3))
    return Said(np.column_stack([*holds, rest]).astype(np.float32), labels)


def ignorant(labels: dict[str, np.ndarray], seed: int) -> Said:
    """Numbers that hold nothing of them."""
    return Said(np.random.default_rng(seed).normal(size=(len(labels["class"]), 6)).astype(np.float32), labels)


def told(make, *, train: int = 2000, test: int = 1000) -> knowledge.Knowledge:
    """What such numbers of so many images know."""
    return knowledge.of(make(drawn(train, 1), 1), make(drawn(test, 2), 2), names=NAMES, wheels=("hue",))


def test_numbers_that_hold_every_label_tell_all_of_it():
    figures = told(knowing).figures
    assert set(figures) == LABELLED
    assert figures["told_class"]["value"] == figures["told_attributes"]["value"] == 100.0
    assert figures["told_factors"]["value"] == pytest.approx(1.0, abs=1e-4)
    assert {name: set(figure["parts"]) for name, figure in figures.items()} == {
        "told_class": {"class"},
        "told_attributes": {"glasses", "hat"},
        "told_factors": {"size", "hue"},
        "mig": {"class", "size", "hue"},
    }
    assert {figure["n"] for figure in figures.values()} == {1000}
    assert figures["told_class"]["learned_from"] == 2000


def test_numbers_that_hold_nothing_tell_what_a_guess_does_and_it_is_said():
    figures, words = told(ignorant).figures, measures.in_words(told(ignorant).figures)
    for name in ("told_class", "told_attributes", "told_factors"):
        assert figures[name]["low"] <= figures[name]["floor"] <= figures[name]["high"]
        assert words[name]["value"].endswith(", no more than a guess")
    assert figures["mig"]["value"] == pytest.approx(figures["mig"]["floor"], abs=0.02)
    assert figures["mig"]["value"] < 0.03


def test_a_guess_is_the_commonest_of_the_training_images_or_their_mean():
    figures, test = told(ignorant).figures, drawn(1000, 2)
    assert figures["told_class"]["floor"] == pytest.approx(100 * (test["class"] == 0).mean())
    # However rare glasses are: who always says no is right of half of what counts.
    assert figures["told_attributes"]["floor"] == 50.0
    mean = drawn(2000, 1)["size"].astype(float).mean()
    missed = np.square(test["size"] - mean).sum() / np.square(test["size"] - test["size"].astype(float).mean()).sum()
    assert figures["told_factors"]["parts"]["size"]["floor"] == pytest.approx(1 - missed, abs=1e-6)


def test_rare_attributes_count_as_much_as_common_ones():
    """Of one who has glasses in ten, a rule that is bent on being right often would always say no."""
    labels = [drawn(count, seed) for count, seed in ((4000, 1), (4000, 2))]
    rng = np.random.default_rng(0)
    hints = [
        Said(each["glasses"][:, None] + rng.normal(size=(4000, 2)), {"glasses": each["glasses"]}) for each in labels
    ]
    figure = knowledge.of(*hints, names=NAMES).figures["told_attributes"]
    # The mean of two such hints is half a unit on the right side, and varies by the square root of a half.
    assert figure["value"] == pytest.approx(100 * 0.5 * (1 + math.erf(0.5)), abs=2.5)


def test_a_hue_comes_round_and_is_told_by_its_place_on_the_circle():
    train, test = (knowing(drawn(count, seed)) for count, seed in ((2000, 1), (1000, 2)))
    hue = [
        knowledge.of(train, test, wheels=wheels).figures["told_factors"]["parts"]["hue"] for wheels in ((), ("hue",))
    ]
    # Of a saw-tooth, the two waves of a circle hold 6 / pi^2.
    assert hue[0]["value"] == pytest.approx(6 / math.pi**2, abs=0.03)
    assert hue[1]["value"] == pytest.approx(1.0, abs=1e-4)


def test_the_shapes_say_which_of_their_factors_come_round(data_dir):
    shapes = datasets.load("shapes", data_dir=data_dir)
    assert set(shapes.wheels) < {name.partition("/")[2] for name in shapes.labels}


def test_an_interval_is_as_wide_as_theory_has_it_and_there_is_none_of_few_images():
    def faint(labels: dict[str, np.ndarray], seed: int) -> Said:
        rng = np.random.default_rng(seed)
        hints = [labels[name] + rng.normal(size=len(labels["hat"])) for name in ("class", "hat", "size")]
        return Said(np.column_stack(hints), {name: labels[name] for name in ("class", "hat", "size")})

    figures = told(faint).figures
    right = figures["told_class"]["value"] / 100
    assert (figures["told_class"]["high"] - figures["told_class"]["low"]) / 200 == pytest.approx(
        1.96 * math.sqrt(right * (1 - right) / 1000), rel=0.02
    )
    balanced = figures["told_attributes"]
    # Half of the images each: the mean of two shares of some five hundred.
    share = balanced["value"] / 100
    assert (balanced["high"] - balanced["low"]) / 200 == pytest.approx(
        1.96 * math.sqrt(share * (1 - share) / 1000), rel=0.1
    )
    assert figures["told_factors"]["low"] < figures["told_factors"]["value"] < figures["told_factors"]["high"]
    few = told(faint, test=measures.FEWEST - 1).figures
    assert all((figure["low"], figure["high"]) == (None, None) for name, figure in few.items() if name != "mig")
    assert "95%" not in measures.in_words(few)["told_class"]["value"]
    assert told(faint, test=measures.FEWEST).figures["told_class"]["low"] is not None


def test_the_mean_of_two_attributes_has_an_interval_of_its_own():
    figure = told(lambda labels, seed: Said(knowing(labels).mu[:, [2, 7]], labels)).figures["told_attributes"]
    glasses, hat = figure["parts"]["glasses"], figure["parts"]["hat"]
    assert glasses["value"] == 100.0 and hat["low"] < 50 < hat["high"]
    assert figure["value"] == pytest.approx((glasses["value"] + hat["value"]) / 2)
    assert figure["high"] - figure["low"] == pytest.approx((hat["high"] - hat["low"]) / 2, rel=0.05)


def test_every_answer_right_leaves_room_for_a_wrong_one():
    figure = told(knowing).figures["told_class"]
    assert figure["high"] == 100.0 and 99.5 < figure["low"] < 100.0


def test_images_of_which_a_label_is_not_known_do_not_count_for_it():
    train, test = drawn(2000, 1), drawn(1000, 2)
    numbers = [knowing(labels) for labels in (train, test)]
    for labels in (train, test):
        labels["glasses"][::2] = -1
        labels["size"][:100] = np.nan
    figures = knowledge.of(*numbers, names=NAMES, wheels=("hue",)).figures
    parts = {name: part for figure in figures.values() for name, part in figure["parts"].items()}
    assert figures["told_attributes"]["parts"]["glasses"] | {"low": 0, "high": 0} == {
        "value": 100.0,
        "floor": 50.0,
        "n": 500,
        "low": 0,
        "high": 0,
    }
    assert figures["told_factors"]["parts"]["size"]["n"] == 900 == figures["mig"]["n"]
    assert parts["hat"]["n"] == figures["told_attributes"]["n"] == 1000


def test_where_there_is_nothing_to_tell_apart_nothing_is_said():
    labels = {"class": np.zeros(50, int), "glasses": np.zeros(50, np.int8), "size": np.ones(50, np.float32)}
    many = {"class": np.arange(50) % 50}
    said = Said(np.random.default_rng(0).normal(size=(50, 3)), labels)
    assert knowledge.of(said, said, names=NAMES).figures == {}
    assert knowledge.of(Said(said.mu, {}), Said(said.mu, {})).figures == {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knowledge, "MOST_CLASSES", 49)
        assert knowledge.of(Said(said.mu, many), Said(said.mu, many)).figures == {}


def test_a_class_that_was_never_learned_is_never_told():
    train, test = (np.array([0, 1] * 50), np.array([0, 1, 2, 2] * 25))
    sides = [Said(np.eye(3)[labels], {"class": labels}) for labels in (train, test)]
    assert knowledge.of(*sides).figures["told_class"]["value"] == 50.0


# ---- which latent tells what --------------------------------------------------------------------------------


def factors(*columns: int) -> knowledge.Knowledge:
    """Of three factors; the latents are those at these places, in another unit."""
    values = np.random.default_rng(0).permuted(np.tile(np.linspace(0, 1, 4000), (3, 1)), axis=1).T.astype(np.float32)
    said = Said(3 - 2 * values[:, columns], dict(zip("abc", values.T, strict=True)))
    return knowledge.of(said, said)


def test_where_each_factor_has_a_latent_of_its_own_the_gap_is_all_there_is():
    known = factors(0, 1, 2)
    assert known.figures["mig"]["value"] > 0.95
    assert np.diag(known.by_latent) == pytest.approx(1.0)
    assert known.by_latent.sum() == pytest.approx(3.0, abs=0.2)  # of the others, only what chance lets them share


def test_where_two_latents_tell_the_same_there_is_no_gap():
    known = factors(0, 0, 1, 1, 2, 2)
    assert known.figures["mig"]["value"] == pytest.approx(0.0, abs=1e-9)
    assert known.by_latent.max(1) == pytest.approx(1.0)


def test_a_factor_that_no_latent_tells_has_no_gap_and_pulls_the_mean_down():
    figure = factors(0, 1).figures["mig"]
    assert figure["parts"]["c"]["value"] < 0.02
    assert figure["value"] == pytest.approx(np.mean([part["value"] for part in figure["parts"].values()]))
    assert figure["value"] == pytest.approx(2 / 3, abs=0.03)


def test_classes_alone_have_no_gap():
    known = knowledge.of(
        *(Said(knowing(labels).mu, {"class": labels["class"]}) for labels in (drawn(200, 1), drawn(200, 2)))
    )
    assert set(known.figures) == {"told_class"} and known.by_latent is None


# ---- of models ----------------------------------------------------------------------------------------------


class Colours(nn.Module):
    """An encoder that says how red, green and blue a picture is, each as a number."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))  # a model has some

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mu = images.mean(dim=(2, 3))
        return torch.cat([mu, torch.zeros_like(mu)], 1)


def coloured(count: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Pictures of one colour each, with what is said of them."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 256, (count, 3), dtype=np.uint8)
    images = np.broadcast_to(levels[:, :, None, None], (count, 3, 32, 32)).copy()
    red, green = levels[:, 0].astype(np.float32), levels[:, 1].astype(np.float32)
    kinds = {"class": np.digitize(levels[:, 2], (64, 192)), "glasses": (levels[:, 1] > 150).astype(np.int8)}
    return images, {"red": red, "green": green, **kinds}


@pytest.fixture(scope="module")
def colours() -> Dataset:
    """All that a dataset may say of its images."""
    (train, of_train), (test, of_test) = coloured(600, 1), coloured(300, 2)
    labels = {f"train/{name}": values for name, values in of_train.items()}
    labels |= {f"test/{name}": values for name, values in of_test.items()}
    return Dataset(name="colours", train=train, test=test, fingerprint="0" * 16, labels=labels, names=NAMES)


def test_a_model_is_asked_of_the_images_that_the_labels_are_of_however_few_are_chosen(colours, monkeypatch):
    monkeypatch.setattr(knowledge, "MOST", 100)
    seen: list[tuple[str, int, int]] = []
    known = knowledge.measure(VAE(Colours(), Colours(), latent_dim=3), colours, progress=lambda *at: seen.append(at))
    assert known.figures["told_factors"]["value"] == pytest.approx(1.0, abs=1e-3)
    assert known.figures["told_factors"]["n"] == known.figures["told_factors"]["learned_from"] == 100
    assert known.by_latent.shape == (3, 3)
    assert [at[1:] for at in seen] == [(0, 3), (1, 3), (2, 3)]


class Whispering(Colours):
    """Says how red a picture is, and how green so softly that nothing of it is left in z; of blue nothing."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mu = images.mean(dim=(2, 3)) * torch.tensor([1.0, 0.01, 0.0])
        return torch.cat([mu, torch.zeros_like(mu)], 1)


def test_what_the_decoder_cannot_hear_does_not_count_as_known(colours):
    known = knowledge.measure(VAE(Whispering(), Colours(), latent_dim=3), colours)
    factors = known.figures["told_factors"]["parts"]
    assert factors["red"]["value"] == pytest.approx(1.0, abs=1e-3)
    assert factors["green"]["low"] <= 0.0 and known.figures["told_attributes"]["value"] == pytest.approx(50, abs=7)
    assert (known.by_latent[:, 0] > 0).all() and not known.by_latent[:, 1:].any()


class Silent(Colours):
    """As after a collapse."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(images), 6)


def test_after_a_collapse_nothing_is_known_but_what_a_guess_knows(colours):
    known = knowledge.measure(VAE(Silent(), Colours(), latent_dim=3), colours)
    for name in ("told_class", "told_factors"):
        assert known.figures[name]["value"] == pytest.approx(known.figures[name]["floor"])
    assert known.figures["told_attributes"]["value"] == 50.0
    assert known.figures["mig"]["value"] == 0.0 and not known.by_latent.any()


def test_measured_again_it_is_the_same_with_one_thread_and_with_two(colours, torch_as_it_was):
    model, figures = VAE(Colours(), Colours(), latent_dim=3), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        figures.append(knowledge.measure(model, colours))
    assert figures[0].figures == figures[1].figures
    assert (figures[0].by_latent == figures[1].by_latent).all()


def test_where_nothing_is_said_of_the_images_nothing_is_measured(pair):
    model, _ = weights.load_model(pair.run("conv"))
    dataset = datasets.load(pair.run("conv").config.dataset, data_dir=pair.data_dir)
    assert knowledge.measure(model, dataset) == knowledge.Knowledge()


def test_every_labelled_measure_is_what_other_libraries_make_it(colours):
    found = independent.told(VAE(Colours(), Colours(), latent_dim=3), colours)
    assert set(found) == {measures.MEASURES[name].title for name in LABELLED}
    for title, (theirs, ours) in found.items():
        assert theirs == pytest.approx(ours, rel=1e-3), title


@pytest.mark.parametrize("arch", ["fc", "conv"])
def test_the_examples_on_shapes_know_what_is_kept_of_them(arch, data_dir):
    shapes = datasets.load("shapes", data_dir=data_dir)
    examples = [run for run in runs.list_runs(places.PROJECT_ROOT / "runs") if run.dataset.get("name") == "shapes"]
    [run] = [run for run in examples if run.config.arch == arch and run.weights.has("best")]
    known = knowledge.measure(weights.load_model(run)[0], shapes)
    for name in ("told_class", "told_factors", "mig"):
        kept = run.quality[name]
        # On another processor, mu is another by its last bits, and now and then a picture by its name.
        assert known.figures[name]["value"] == pytest.approx(kept["value"], rel=0.01, abs=1e-3)
        assert known.figures[name]["parts"].keys() == kept["parts"].keys()
    assert run.figures.told_by_latent() == pytest.approx(known.by_latent, abs=0.01)


@pytest.fixture
def of_two_kinds(tmp_path):
    """Pictures in folders that say what they show: light ones and dark ones."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for side, count in (("train", 60), ("test", 24)):
        for kind, low in (("light", 170), ("dark", 20)):
            folder = tmp_path / "pictures" / side / kind
            folder.mkdir(parents=True)
            for number in range(count // 2):
                level = rng.integers(low, low + 60, 3, dtype=np.uint8)
                Image.fromarray(np.broadcast_to(level, (32, 32, 3)).copy()).save(folder / f"{number}.png")
    return tmp_path / "pictures"


def test_a_run_is_measured_by_itself_and_an_earlier_one_by_evaluate_and_tables_have_it(
    of_two_kinds, tmp_path, capsys, monkeypatch
):
    where = ["--runs-dir", str(tmp_path / "runs"), "--data-dir", str(tmp_path / "data")]
    (tmp_path / "data").mkdir()
    settings = "--arch fc --latent-dim 4 --batch-size 16 --epochs 3 --lr 0.003 --precision fp32 --device cpu"
    assert cli.main(["train", "--dataset", str(of_two_kinds), *settings.split(), *where]) == 0
    run = runs.find(tmp_path / "runs", "latest")
    figure = run.quality["told_class"]
    assert (figure["value"], figure["floor"], figure["n"]) == (100.0, 50.0, 24)
    assert results.result(run).as_row()["told_class"] == 100.0
    without = {name: kept for name, kept in run.quality.items() if name != "told_class"}
    RunFolder(run.path).write_measured(**{**run.measured, "quality": without})
    assert "told_class" not in run.reread().quality
    capsys.readouterr()
    assert cli.main(["evaluate", run.id, *where]) == 0
    assert "class told: 100.0% (95%: 86.2 to 100.0) (24 test images; by guessing 50.0%" in capsys.readouterr().out
    assert run.reread().quality == run.quality
    # Where scikit-learn is missing, the rest is measured, and it is said.
    monkeypatch.setitem(sys.modules, "sklearn", None)
    RunFolder(run.path).write_measured(epoch=1)
    assert cli.main(["evaluate", run.id, *where]) == 0
    assert "scikit-learn is not installed. Add it with: pip install scikit-learn" in capsys.readouterr().out
    assert set(run.reread().quality) == set(without)


def test_which_latent_tells_what_is_kept_with_the_run(colours, pair, tmp_path, monkeypatch):
    import shutil

    folder = shutil.copytree(pair.run("fc").path, tmp_path / pair.run("fc").id)
    known = knowledge.measure(VAE(Colours(), Colours(), latent_dim=3), colours)
    monkeypatch.setattr(knowledge, "measure", lambda *_, **__: known)
    after.measure(runs.read(folder), data_dir=pair.data_dir)
    run = runs.read(folder)
    assert run.quality["mig"] == known.figures["mig"]
    assert run.figures.told_by_latent() == pytest.approx(known.by_latent, abs=1e-6)
    assert len(run.quality["mig"]["parts"]) == len(run.figures.told_by_latent())
