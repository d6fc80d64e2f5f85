"""Loading a dataset: the cache is found again, notices change and damage, and is shared by whoever asks at once."""

import ast
import importlib
import inspect
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE
from PIL import Image

from vaedash import config, datasets, places
from vaedash.datasets import cache, own, shapes
from vaedash.errors import DatasetError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for number in range(20):
        (folder / "train").mkdir(parents=True, exist_ok=True)
        Image.new("L", (32, 32), number).save(folder / "train" / f"{number:02}.png")
    (folder / "test").mkdir()
    Image.new("L", (32, 32), 200).save(folder / "test" / "a.png")
    return folder


@pytest.fixture
def reads(monkeypatch) -> list[Path]:
    """The paths that were decoded, one for each time."""
    seen: list[Path] = []
    read = own.read
    monkeypatch.setattr(own, "read", lambda path, **options: seen.append(path) or read(path, **options))
    return seen


def shades(images: np.ndarray) -> list[int]:
    return images[:, 0, 0, 0].tolist()


def test_a_second_load_reads_the_cache(photos, tmp_path, reads):
    first = datasets.load(str(photos), data_dir=tmp_path / "data")
    second = datasets.load(str(photos), data_dir=tmp_path / "data")
    assert reads == [photos]
    assert first.fingerprint == second.fingerprint
    assert shades(second.train) == list(range(20))
    assert shades(second.test) == [200]
    assert second.name == "photos"


def test_what_was_skipped_and_noted_is_cached_too(photos, tmp_path):
    (photos / "train" / "bad.png").write_bytes(b"x")
    (photos / "test" / "a.png").rename(photos / "train" / "20.png")
    for _ in range(2):
        dataset = datasets.load(str(photos), data_dir=tmp_path / "data")
        assert dataset.skipped == 1
        assert dataset.notes[0] == "1 file cannot be read and is left out (train/bad.png)."
        assert "no test set" in dataset.notes[1]


@pytest.mark.parametrize("change", ["added", "removed", "rewritten"])
def test_a_changed_file_is_noticed(photos, tmp_path, reads, change):
    before = datasets.load(str(photos), data_dir=tmp_path / "data")
    if change == "removed":
        (photos / "train" / "03.png").unlink()
    else:
        Image.new("L", (32, 32), 99).save(photos / "train" / ("99.png" if change == "added" else "03.png"))
    after = datasets.load(str(photos), data_dir=tmp_path / "data")
    assert len(reads) == 2
    assert after.fingerprint != before.fingerprint
    assert len(after.train) == {"added": 21, "removed": 19, "rewritten": 20}[change]


def test_the_same_images_elsewhere_have_the_same_fingerprint(photos, tmp_path):
    first = datasets.load(str(photos), data_dir=tmp_path / "data")
    moved = photos.rename(tmp_path / "moved")
    assert datasets.load(str(moved), data_dir=tmp_path / "elsewhere").fingerprint == first.fingerprint


def test_a_fraction_keeps_a_seeded_share_of_the_training_images_and_all_test_images(photos, tmp_path, reads):
    whole = datasets.load(str(photos), data_dir=tmp_path / "data")
    half = datasets.load(str(photos), data_dir=tmp_path / "data", fraction=0.5)
    again = datasets.load(str(photos), data_dir=tmp_path / "data", fraction=0.5)
    less = datasets.load(str(photos), data_dir=tmp_path / "data", fraction=0.25)
    assert len(reads) == 1
    assert shades(half.train) == datasets.share(20, 0.5).tolist()
    assert shades(half.test) == [200]
    assert np.array_equal(half.train, again.train)
    assert half.fingerprint == again.fingerprint
    assert len({whole.fingerprint, half.fingerprint, less.fingerprint}) == 3


def test_a_fraction_leaves_at_least_one_image():
    assert len(datasets.share(10, 1e-4)) == 1


@pytest.mark.parametrize("file", ["meta.json", "train.npy", "test.npy"])
@pytest.mark.parametrize("size", [0, 40])
def test_a_cache_that_is_cut_off_is_built_again(photos, tmp_path, reads, file, size):
    first = datasets.load(str(photos), data_dir=tmp_path / "data")
    [damaged] = (tmp_path / "data" / "cache").glob(f"*/{file}")
    damaged.write_bytes(damaged.read_bytes()[:size])
    assert datasets.load(str(photos), data_dir=tmp_path / "data").fingerprint == first.fingerprint
    assert len(reads) == 2


def test_a_load_that_is_cancelled_leaves_no_cache_and_no_lock_behind(photos, tmp_path, reads):
    def cancel(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        datasets.load(str(photos), data_dir=tmp_path / "data", progress=cancel)
    assert len(datasets.load(str(photos), data_dir=tmp_path / "data").train) == 20
    assert len(reads) == 2


def test_two_threads_that_ask_at_once_decode_once(photos, tmp_path, reads):
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(datasets.load, str(photos), data_dir=tmp_path / "data") for _ in range(2)]
        assert len({future.result().fingerprint for future in asked}) == 1
    assert len(reads) == 1


def test_two_processes_that_ask_at_once_agree(photos, tmp_path):
    program = (
        "import sys; from pathlib import Path; from vaedash import datasets;"
        "loaded = datasets.load(sys.argv[1], data_dir=Path(sys.argv[2]), progress=lambda *told: print('decoded'));"
        "print(loaded.fingerprint, len(loaded.train))"
    )
    command = [sys.executable, "-c", program, str(photos), str(tmp_path / "data")]
    asked = [subprocess.Popen(command, cwd=places.PROJECT_ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=PATIENCE)[0].split("\n") for process in asked]
    assert [process.returncode for process in asked] == [0, 0]
    assert outputs[0][-2] == outputs[1][-2]
    assert sorted("decoded" in output for output in outputs) == [False, True]


def test_a_path_that_is_not_there_is_told(tmp_path, promise):
    promise("R14")
    with pytest.raises(DatasetError, match=r"There is no file or folder .*nowhere"):
        datasets.load(str(tmp_path / "nowhere"), data_dir=tmp_path / "data")


def test_images_whose_names_differ_only_after_a_dot_do_not_share_a_cache(photos, tmp_path):
    for name, level in (("set.v1", 10), ("set.v2", 20)):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.new("L", (32, 32), level).save(tmp_path / name / f"{number}.png")
        assert shades(datasets.load(str(tmp_path / name), data_dir=tmp_path / "data").train) == [level]


def test_what_was_decoded_is_found_without_decoding_and_nothing_else_is(photos, tmp_path, reads):
    where = {"data_dir": tmp_path / "data", "fraction": 0.5}
    assert datasets.cached(str(photos), **where) is None
    loaded = datasets.load(str(photos), **where)
    found = datasets.cached(str(photos), **where)
    assert (found.fingerprint, shades(found.train)) == (loaded.fingerprint, shades(loaded.train))
    (photos / "train" / "00.png").unlink()
    assert datasets.cached(str(photos), **where) is None
    assert reads == [photos]


def test_a_path_that_leads_nowhere_is_lacking_and_one_that_leads_somewhere_is_not(photos, tmp_path):
    assert datasets.lacking(str(photos), data_dir=tmp_path) == ""
    assert datasets.lacking(str(tmp_path / "gone"), data_dir=tmp_path) == f"There is no file or folder {tmp_path}/gone."


def test_what_is_drawn_is_never_lacking(tmp_path):
    assert datasets.lacking("shapes", data_dir=tmp_path) == ""


def test_of_a_download_that_was_decoded_its_cache_is_enough(tmp_path):
    assert datasets.lacking("cifar10", data_dir=tmp_path).startswith("CIFAR-10 is not here yet.")
    some = shapes.make(n_train=5, n_test=2)
    (tmp_path / "cache").mkdir()
    cache.write_cache(cache._folder("cifar10", tmp_path, 1.0, config.USUAL_FRAME), some)
    assert datasets.lacking("cifar10", data_dir=tmp_path) == ""
    assert np.array_equal(datasets.cached("cifar10", data_dir=tmp_path).train, some.train)


def test_each_built_in_dataset_has_a_reader_and_a_size():
    for name, known in config.BUILT_IN.items():
        reader = importlib.import_module(f"vaedash.datasets.{name}")
        asked = {"progress", "fraction"} if known.decoded_in_part else {"progress"}
        assert asked <= inspect.signature(reader.read).parameters.keys()
        assert callable(reader.lacking)
        assert known.training_images > 0 and 0 < known.fraction <= 1
    readers = {
        file.stem
        for file in Path(datasets.__file__).parent.glob("*.py")
        if {"read", "lacking"}
        == {node.name for node in ast.parse(file.read_bytes()).body if isinstance(node, ast.FunctionDef)}
        & {"read", "lacking"}
    }
    # Two of them for several, by what their datasets have in common.
    assert readers == {*config.DATASETS, "cifar", "idx", "sources"}
