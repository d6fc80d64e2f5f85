"""The example runs that come along: whole, small, of no particular machine, and what the study's tables say of them."""

import json
import re

import numpy as np
import pytest

from vaedash import config, places, runs
from vaedash.comparing import quiz, results, shuffle
from vaedash.measuring import measures
from vaedash.models import latent
from vaedash.runs import listing, weights
from vaedash.ui import components

FOLDER = places.PROJECT_ROOT / "runs"
EVERY = sorted((runs.read(folder.path) for folder in listing.folders(FOLDER)), key=lambda run: run.id)
EXAMPLES = [run for run in EVERY if run.notes.get("example") is True]
STUDY = {(run.config.preset, run.config.arch): run for run in EXAMPLES if run.config.dataset.startswith("CIFAR-10")}
FOUR = shuffle.four_runs(EXAMPLES)  # on the built-in shapes, as they are and shuffled
SHAPES = [run for (_, order), run in FOUR.items() if order == "natural"]

BEYOND = "| preset | model | PSNR"

each_page = pytest.mark.parametrize("page", ["README.md", "docs/study.md"])
each_example = pytest.mark.parametrize("run", EXAMPLES, ids=lambda run: f"{run.id}-{run.config.arch}")


def study_table(page, first="| preset | model | loss"):
    """A page's table whose headings begin so: (preset, model) to its cells below their headings."""
    lines = (places.PROJECT_ROOT / page).read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(first))
    headings, _, *rest = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:])
    rows = [dict(zip(headings, cells, strict=True)) for cells in rest[: rest.index([""])]]
    return {(row["preset"], row["model"]): row for row in rows}


def cell(row, heading):
    """The one cell whose heading begins so."""
    (text,) = (text for name, text in row.items() if name.startswith(heading))
    return text


def first_number(text):
    return re.match(r"[\d.,]+", text)[0].replace(",", "")


def test_the_study_and_a_pair_on_shapes_come_along():
    assert set(STUDY) == {(preset, arch) for preset in config.STUDY for arch in config.PAIR}
    assert {run.config.arch for run in SHAPES} == set(config.PAIR)
    assert len(EXAMPLES) == len(STUDY) + len(FOUR)


def test_what_the_tour_asks_last_is_answered_where_nothing_has_been_trained_yet():
    asked = quiz.questions(components.comparable(EXAMPLES), FOUR)
    assert all(question.answer for question in asked)
    assert asked[-1].key == "shuffled" and asked[-1].answer == "conv"


@each_example
def test_an_example_reads_as_a_run_that_ended_well(run):
    assert run.damage is None and run.status in ("finished", "early-stopped")
    assert run.name.endswith("(example)") and run.best_epoch
    assert not [row for row in run.epochs if None in row.values()]


@each_page
def test_the_table_has_a_row_for_each_run_of_the_study(page):
    assert set(study_table(page)) == set(STUDY)


@each_page
@pytest.mark.parametrize(("preset", "arch"), STUDY)
def test_the_figures_in_the_table_are_those_of_the_run(page, preset, arch):
    run, row = STUDY[preset, arch], study_table(page)[preset, arch]
    result = results.result(run)
    assert first_number(cell(row, "loss")) == f"{result.loss:.1f}"
    assert first_number(cell(row, "epochs to stop")) == str(result.epochs)
    assert cell(row, "test loss") == f"{result.test_loss:.1f}"
    assert f"({result.n_test:,} images)" in next(heading for heading in row if heading.startswith("test loss"))
    assert cell(row, "recon + KL") == f"{result.test_recon:.1f} + {result.test_kl:.1f}"
    assert cell(row, "weights") == f"{result.parameters:,}"


@pytest.mark.parametrize(("preset", "arch"), STUDY)
def test_the_figures_beyond_the_loss_are_those_of_the_run(preset, arch):
    quality, row = STUDY[preset, arch].quality, study_table("docs/study.md", BEYOND)[preset, arch]
    value = {name: figure["value"] for name, figure in quality.items()}
    assert cell(row, "PSNR") == f"{value['psnr']:.2f}"
    assert cell(row, "SSIM") == f"{value['ssim']:.3f}"
    assert cell(row, "IWAE") == f"{value['iwae']:.1f} / {quality['iwae']['loss']:.1f}"
    assert cell(row, "SWD") == "{:.1f} ({:.0f}, {:.0f})".format(
        value["swd"], *(quality["swd"]["bands"][side] for side in ("16", "32"))
    )
    assert cell(row, "path") == f"{value['path_pixels']:.2f} / {value['path_edges']:.2f}"
    assert cell(row, "worst step") == f"{value['worst_step']:.2f}"


def test_what_the_numbers_of_the_pair_on_shapes_know_is_what_the_study_says():
    text = (places.PROJECT_ROOT / "docs/study.md").read_text(encoding="utf-8").partition("| told on `shapes` |")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.partition("\n\n")[0].splitlines()[2:]
    ]
    told = {row[0].partition(":")[0].partition(" (")[0]: row[1:] for row in rows}
    pair = sorted(SHAPES, key=lambda run: run.config.arch == "conv")
    figures = [measures.in_words(run.quality) for run in pair]
    figures = [{measures.MEASURES[name].title: figure for name, figure in of_run.items()} for of_run in figures]
    for of_run, run in zip(figures, pair, strict=True):
        of_run |= measures.parts_in_words(run.quality, "told_factors")
    assert {*measures.parts_in_words(pair[0].quality, "told_factors"), "class told", "factors told", "MIG"} == {*told}
    assert told == {name: [*(of_run[name]["value"] for of_run in figures), figures[0][name]["floor"]] for name in told}
    [readme] = re.findall(
        r"the shape on (\d+) of 100 new pictures with conv, on (\d+) with FC, and a guess on (\d+)",
        (places.PROJECT_ROOT / "README.md").read_text(encoding="utf-8"),
    )
    fc, conv = (run.quality["told_class"] for run in pair)
    assert list(readme) == [f"{value:.0f}" for value in (conv["value"], fc["value"], fc["floor"])]


def test_the_table_beyond_the_loss_has_a_row_for_each_run_of_the_study():
    assert set(study_table("docs/study.md", BEYOND)) == set(STUDY)


def test_the_ranges_in_the_text_are_those_of_the_runs():
    text = (places.PROJECT_ROOT / "docs/study.md").read_text(encoding="utf-8")

    def of(arch, value_of):
        values = [value_of(run) for (_, known), run in STUDY.items() if known == arch]
        return f"{min(values):.1f} to {max(values):.1f}"

    line, below = STUDY["p1", "fc"].line, results.below_line
    assert {str(run.line) for run in STUDY.values()} == {str(line)}
    train, test = line["train"], line["test"]
    assert (
        f"(training {train['loss']:.2f} = {train['recon']:.2f} + {train['kl']:.2f}, test {test['loss']:.2f}; "
        f"{test['directions']} directions"
    ) in text
    assert f"conv is {of('conv', below)} nats below it, FC {of('fc', lambda run: -below(run))} above" in text
    counts = [run.measured["active_units"] for (_, arch), run in STUDY.items() if arch == "fc"]
    assert f"with {min(counts)} to {max(counts)} latents in use" in text

    def price(run):
        return run.quality["iwae"]["loss"] - run.quality["iwae"]["value"]

    assert f"It is {of('conv', price)} nats below conv's loss and {of('fc', price)} below FC's" in text


@each_page
def test_the_leads_in_the_text_are_those_of_the_runs(page):
    text = (places.PROJECT_ROOT / page).read_text(encoding="utf-8")
    sentence = re.search(r"Conv leads FC in every preset, by ([\d.]+), ([\d.]+) and ([\d.]+) nats of test loss", text)
    leads = [STUDY[preset, "fc"].best["test_loss"] - STUDY[preset, "conv"].best["test_loss"] for preset in config.STUDY]
    assert list(sentence.groups()) == [f"{lead:.1f}" for lead in leads]


@each_example
def test_every_picture_of_an_example_can_be_read(run):
    for number in range(1, len(run.epochs) + 1):
        assert run.pictures.sample("prior", number).shape == (config.SAMPLE_COUNT, *config.USUAL_FRAME.shape)
        assert run.pictures.sample("recon", number).shape == (config.PHOTO_COUNT, *config.USUAL_FRAME.shape)
    assert run.pictures.originals().shape == (config.PHOTO_COUNT, *config.USUAL_FRAME.shape)
    assert len(list((run.path / "samples").iterdir())) == 2 * len(run.epochs) + 1


@each_example
def test_an_example_says_nothing_of_the_machine_it_was_made_on(run):
    def texts(value):
        if isinstance(value, dict):
            value = [*value, *value.values()]
        return [text for item in value for text in texts(item)] if isinstance(value, list) else [str(value)]

    for file in run.path.glob("*.json"):
        for text in texts(json.loads(file.read_text(encoding="utf-8"))):
            assert not re.search(r"(^|\s)(~?/|[A-Za-z]:[\\/])|\\\\", text), (file.name, text)
    assert {file.suffix for file in run.path.rglob("*") if file.is_file()} <= {
        ".json",
        ".npy",
        ".webp",
        ".pt",
        ".sha256",
    }


def test_all_examples_together_are_small():
    sizes = [file.stat().st_size for run in EXAMPLES for file in run.path.rglob("*") if file.is_file()]
    assert sum(sizes) < 25e6


@pytest.mark.parametrize("run", SHAPES, ids=lambda run: run.config.arch)
def test_the_pair_on_shapes_draws_what_it_drew_after_the_epoch_it_kept(run):
    model, epoch = weights.load_model(run)
    assert epoch == run.best_epoch
    drawn = latent.decode(model, latent.prior(config.SAMPLE_COUNT, run.config.latent_dim))
    kept = run.pictures.sample("prior", epoch)
    error = np.sqrt(np.square(drawn.astype(float) - kept).mean())
    assert error < 8  # of 255 grey levels: the pictures that come along are WebP


@pytest.mark.parametrize(("preset", "arch"), STUDY)
def test_a_run_of_the_study_is_replayed_by_a_command_that_anybody_can_run(preset, arch):
    command = results.replay_command(STUDY[preset, arch])
    assert command == f"python -m vaedash train --arch {arch} --dataset cifar10 --preset {preset}"
