"""A run in Python: what it knows of itself, and what its model draws, are those of pages and command line."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import vaedash
from vaedash import cli, datasets, images
from vaedash.errors import DatasetError, UsageError
from vaedash.models import latent
from vaedash.runs import weights
from vaedash.showing import tables

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


@pytest.fixture
def tested(pair, photos):
    """Their test images, `(12, 3, 32, 32)`."""
    return np.array(datasets.load(str(photos), data_dir=pair.data_dir).test)


def test_a_run_says_how_it_stands_whenever_it_is_asked(both):
    fc, conv = both
    assert (fc.name, fc.status, fc.epochs, fc.settings.latent_dim) == ("boxes fc", "finished", 6, 4)
    assert conv.test_loss == conv.record.test_loss
    assert repr(fc) == f"Run {fc.id}: boxes fc, finished"
    fc.record.write_notes(name="another name")
    assert fc.name == "another name"


def test_curves_are_a_table_with_a_row_for_each_epoch(both):
    curves = both[0].curves()
    assert list(curves.index) == [1, 2, 3, 4, 5, 6]
    assert curves["test_loss"].tolist() == [row["test_loss"] for row in both[0].record.epochs]
    assert {str(kind) for kind in curves.dtypes} <= {"float64", "int64"}


def test_a_loss_that_is_no_number_is_nan_and_no_epoch_at_all_an_empty_table(tiny, tmp_path):
    run = vaedash.find(vaedash.runs.create(tmp_path, tiny()).id, tmp_path)
    assert len(run.curves()) == 0 and "train_kl" in run.curves().columns
    losses = {f"{split}_{term}": None for split in ("train", "test") for term in ("loss", "recon", "kl")}
    run.record.write_metrics([{"epoch": 1, **losses}])
    assert run.curves()["test_loss"].isna().tolist() == [True] and str(run.curves()["test_loss"].dtype) == "float64"


def test_what_is_made_up_is_what_the_command_line_makes_up(both, pair, tmp_path):
    made = both[1].generate(9, seed=3)
    where = ["--runs-dir", str(pair.folder), "--data-dir", str(pair.data_dir)]
    out = ["--scale", "1", "--out", str(tmp_path / "grid.png")]
    assert cli.main(["generate", both[1].id, "--n", "9", "--seed", "3", *out, *where]) == 0
    grid = images.grid(made.array.transpose(0, 3, 1, 2), columns=3, gap=1)
    assert np.asarray(Image.open(tmp_path / "grid.png")).tolist() == grid.tolist()


def test_what_is_redrawn_stands_beside_the_test_images_it_was_drawn_from(both, photos, tested):
    redrawn = both[0].reconstruct(5)
    model, _ = weights.load_model(both[0].record)
    originals = tested[datasets.shown(str(photos), len(tested), 5)]
    assert (redrawn.originals == originals.transpose(0, 2, 3, 1)).all()
    assert (redrawn.array.transpose(0, 3, 1, 2) == latent.reconstruct(model, originals)).all()
    assert len(both[0].reconstruct(512)) == len(tested)  # as many as there are


def test_where_the_images_are_gone_a_run_redraws_those_that_it_has_kept(both, tmp_path):
    kept = both[0].record.pictures.originals()[:2].transpose(0, 2, 3, 1)
    shutil.copytree(both[0].path, run := tmp_path / "runs" / "abcdef")
    moved = json.loads((run / "config.json").read_text()) | {"dataset": "boxes (12 test images)"}
    (run / "config.json").write_text(json.dumps(moved))
    gone = vaedash.find("abcdef", run.parent, data_dir=tmp_path)
    redrawn = gone.reconstruct(2)
    assert (redrawn.originals == kept).all() and len(gone.reconstruct(512)) == 12
    assert (redrawn.array == both[0].reconstruct(of=[*kept]).array).all()
    with pytest.raises(DatasetError, match="There is no file or folder boxes"):
        gone.interpolate("test:0", "test:1")
    shutil.rmtree(run / "samples")
    with pytest.raises(DatasetError, match="There is no file or folder boxes"):
        gone.reconstruct()


def test_a_picture_is_turned_as_it_was_held_and_of_any_colours(both, tested, tmp_path):
    pixels = tested[1].transpose(1, 2, 0)
    held = Image.fromarray(pixels)
    exif = held.getexif()
    exif[274] = 6  # turned by a quarter
    held.save(tmp_path / "held.png", exif=exif)
    with Image.open(tmp_path / "held.png") as opened:
        one, other = (both[1].reconstruct(of=picture).originals for picture in (opened, str(tmp_path / "held.png")))
    assert (one == other).all() and not (one[0] == pixels).all()
    for mode in ("CMYK", "YCbCr", "HSV", "F", "RGBX", "RGBA", "L", "P"):
        assert both[1].reconstruct(
            of=Image.fromarray(pixels).convert("L").convert(mode)
            if mode == "F"
            else Image.fromarray(pixels).convert(mode)
        ).originals.shape == (1, 32, 32, 3)
    closed = Image.fromarray(pixels)
    closed.close()
    for nothing in (closed, np.zeros((0, 5, 3), np.uint8), []):
        with pytest.raises(UsageError, match=r"Give another|got|give at least one"):
            both[1].reconstruct(of=nothing)


def test_a_way_leads_from_one_end_to_the_other_however_they_are_given(both, tested, tmp_path):
    conv, originals = both[1], tested[:2].transpose(0, 2, 3, 1)
    redrawn = conv.reconstruct(of=[*originals]).array
    Image.fromarray(originals[1]).save(tmp_path / "one.png")
    for end in ("test:1", originals[1], Image.fromarray(originals[1]), str(tmp_path / "one.png")):
        way = conv.interpolate("test:0", end, 4)
        assert way.array.shape == (4, 32, 32, 3)
        # A batch of four may round other than a batch of two.
        assert np.abs(way.array[[0, -1]].astype(int) - redrawn).max() <= 1
    assert (conv.interpolate(steps=2)[0] == conv.generate(1, seed=1)[0]).all()
    assert "slerp" in repr(conv.interpolate(steps=3, method="slerp"))


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda run: run.generate(0), "n must be between 1 and 1024, got 0."),
        (lambda run: run.generate(2.5), "n must be a whole number, got 2.5."),
        (lambda run: run.reconstruct(513), "n must be between 1 and 512, got 513."),
        (lambda run: run.interpolate(steps=1), "steps must be between 2 and 500, got 1."),
    ],
)
def test_numbers_beyond_what_the_command_line_allows_are_refused_here_too(both, draw, said):
    with pytest.raises(vaedash.errors.UsageError) as caught:
        draw(both[0])
    assert str(caught.value) == said


def test_several_runs_are_a_table_in_words_and_in_html(both):
    assert both[::-1][0].id == both[1].id and len(vaedash.list_runs(both[0].path.parent)) == 2
    assert repr(both).splitlines()[0].startswith("run     name        preset")
    assert both._repr_html_().count("<tr>") == 3 and both[0]._repr_html_().count("<tr>") == 2
    table = both.table()
    assert table.loc[both[0].id, "test_loss"] == both[0].test_loss and "fidelity" not in table


def test_a_cell_of_a_table_in_html_is_what_it_is_in_words():
    rows = [{"name": "a  b", "loss": 73.94}, {"name": None, "loss": None}]
    html = tables.html_table(rows, {"name": "name", "loss": "test loss"})
    cells = re.findall(r'<t[hd] style="text-align: (left|right)[^>]*>([^<]*)<', html)
    assert cells == [
        ("left", "name"),
        ("right", "test loss"),
        ("left", "a b"),
        ("right", "73.9"),
        ("left", "-"),
        ("right", "-"),
    ]
