"""Exported weights in Python: a model that was loaded draws what its run draws, wherever it was loaded from."""

import os

import numpy as np
import own_arch
import pytest
import stand_in
from PIL import Image

import vaedash
from vaedash import cli
from vaedash.config import RunConfig
from vaedash.errors import DatasetError, RunError, UsageError
from vaedash.models import archs, exported
from vaedash.models.exported import Origin

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


@pytest.fixture
def folder(both, tmp_path):
    """The exported weights of conv."""
    run = both[1]
    assert cli.main(["export", "safetensors", run.id, "--runs-dir", str(run.path.parent), "--out", str(tmp_path)]) == 0
    return tmp_path / run.id


def test_a_loaded_model_draws_what_its_run_draws(both, folder):
    run, model = both[1], vaedash.load(folder)
    assert (model.name, model.epoch, model.settings.latent_dim) == (run.name, run.record.best_epoch, 4)
    assert (model.generate(5, seed=3).array == run.generate(5, seed=3).array).all()
    assert (model.interpolate(steps=4, method="slerp").array == run.interpolate(steps=4, method="slerp").array).all()
    pictures = list(run.reconstruct(3).originals)
    assert (model.reconstruct(of=pictures).array == run.reconstruct(3).array).all()
    assert run.name in repr(model) and run.name in model._repr_html_()


def test_pictures_of_ones_own_are_redrawn_from_files_and_pixels_alike(both, tmp_path):
    fc = both[0]
    pixels = fc.reconstruct(1).originals[0]
    Image.fromarray(pixels).save(tmp_path / "one.png")
    redrawn = fc.reconstruct(of=[str(tmp_path / "one.png"), pixels, Image.fromarray(pixels)])
    assert redrawn.array.shape == (3, 32, 32, 3) and (redrawn.array == redrawn.array[0]).all()
    assert "3 pictures, and below each what" in repr(redrawn)
    for one in (str(tmp_path / "one.png"), tmp_path / "one.png", pixels, Image.fromarray(pixels)):
        alone = fc.reconstruct(of=one)
        assert (alone.array == redrawn.array[:1]).all() and "1 picture, and below it what" in repr(alone)
    assert (fc.reconstruct(of=np.stack([pixels] * 3)).array == redrawn.array).all()
    way = fc.interpolate(tmp_path / "one.png", "random:1", np.int64(3))
    assert (way.array == fc.interpolate(pixels, "random:1", 3).array).all()
    with pytest.raises(UsageError, match="of takes from 1 to 512 pictures, got 0"):
        fc.reconstruct(of=[])


def test_a_file_is_as_good_as_its_folder_and_what_is_here_comes_before_the_hub(folder, monkeypatch):
    assert vaedash.load(folder / exported.FILE).name == vaedash.load(str(folder)).name
    monkeypatch.chdir(folder.parent.parent)
    with stand_in.answering(monkeypatch) as there:
        assert vaedash.load(os.path.join(folder.parent.name, folder.name)).name
        assert there.asked == []


@pytest.mark.filterwarnings(f"ignore:{stand_in.OLD_WAY}:DeprecationWarning")
def test_a_model_that_was_pushed_is_loaded_by_its_name_there(both, tmp_path, monkeypatch, capsys):
    pytest.importorskip("huggingface_hub")
    run = both[1]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with stand_in.answering(monkeypatch) as there:
        command = ["export", "safetensors", run.id, "--runs-dir", str(run.path.parent), "--push", "owner/boxes"]
        assert cli.main(command) == 0
        said = capsys.readouterr()
        assert f"{there.address}/owner/boxes has them" in said.out and "hf_secret" not in said.out + said.err
        assert b'vaedash.load("owner/boxes")' in there.repositories["models/owner/boxes"]["README.md"]
        model = vaedash.load("owner/boxes", data_dir=tmp_path / "data")
    assert (model.generate(2).array == run.generate(2).array).all()


def test_test_images_come_from_a_built_in_dataset_that_is_here_and_the_same(tmp_path):
    settings = RunConfig(arch="fc", widths="4", latent_dim=2, dataset="shapes", fraction=0.01)
    from vaedash import datasets

    shapes = datasets.load("shapes", data_dir=tmp_path / "data", fraction=0.01)
    for fingerprint in (shapes.fingerprint, "another"):
        origin = Origin(run="abcdef", name="a name", epoch=1, settings=settings, fingerprint=fingerprint)
        (tmp_path / exported.FILE).write_bytes(exported.encoded(archs.untrained(settings), origin))
        model = vaedash.load(tmp_path, data_dir=tmp_path / "data")
        if fingerprint == "another":
            with pytest.raises(DatasetError, match="are not those of which a name learned"):
                model.reconstruct(2)
        else:
            assert np.array_equal(model.reconstruct(2).originals, shapes.test[:2].transpose(0, 2, 3, 1))


def test_an_architecture_of_somebodys_own_is_executed_once_its_source_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    arch = own_arch.kept(tmp_path)
    origin = Origin(run="abcdef", name="a name", epoch=1, settings=RunConfig(arch=arch, latent_dim=2))
    (tmp_path / exported.FILE).write_bytes(exported.encoded(archs.untrained(origin.settings), origin))
    own_arch.forgotten(arch)
    with pytest.raises(RunError, match="Read its source"):
        vaedash.load(tmp_path)
    assert len(vaedash.load(tmp_path, arch=str(tmp_path / "shallow.py")).generate(2)) == 2


def test_without_pictures_a_model_says_where_some_are(folder):
    model = vaedash.load(folder)
    with pytest.raises(
        DatasetError, match=rf"of your own, .* take those that it has kept: .*find\(\"{model.origin.run}\"\)"
    ):
        model.reconstruct()
