"""The sets of pictures on the Train page: what each looks like, what it takes to have it, and what of one's own is shown."""

import numpy as np
import pytest
from visitor import make_run, shown, words

from vaedash import config, datasets, images
from vaedash.datasets import cache, shapes
from vaedash.training import launch
from vaedash.ui import crisp, sets

TILES = np.random.default_rng(0).integers(0, 256, (32, *config.USUAL_FRAME.shape), np.uint8)
NONE_HERE = "none of them is here to be shown yet"


@pytest.fixture
def data(folder, tmp_path, monkeypatch):
    """A data folder in which there is nothing yet."""
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "cache").mkdir(parents=True)
    return tmp_path / "data"


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn last: pictures and caption."""
    last = []
    monkeypatch.setattr(
        crisp, "picture", lambda tiles, *, caption, **_: last.__setitem__(slice(None), [tiles, caption])
    )
    return last


@pytest.fixture
def launched(monkeypatch):
    """The datasets of the runs that were launched."""
    names = []
    monkeypatch.setattr(launch, "start", lambda group, **_: names.extend(run.config.dataset for run in group))
    return names


def choose(at, name):
    return at.button_group(key="dataset").set_value(name).run()


def offered(at):
    """What the sets are called, in the order of the page; without the one that Debian may have put on this machine."""
    names = [option.content for option in at.button_group(key="dataset").proto.options]
    return [name for name in names if name != "fashion_mnist"]


# ---- what a set looks like -------------------------------------------------------------------------------


def test_shapes_are_shown_as_they_are_drawn(data, drawn):
    shown("train")
    tiles, caption = drawn
    assert np.array_equal(tiles, shapes.make(n_train=8, n_test=0).train)
    assert caption.startswith("20,000 coloured shapes") and caption.endswith("as a model sees them: 32 x 32 pixels")


def test_a_set_that_was_read_is_shown_by_pictures_from_all_over_it(data, drawn):
    cache.write_cache(
        cache._folder("cifar10", data, 1.0, config.USUAL_FRAME), datasets.Source(train=TILES, test=TILES[:2])
    )
    choose(shown("train"), "cifar10")
    assert np.array_equal(drawn[0], images.spread(TILES, 8))
    assert "here are some of them" in drawn[1]


@pytest.mark.parametrize("asked", [{"dataset": "cifar10"}, {"dataset": "/gone/copy.zip", "copy_of": "cifar10"}])
def test_a_set_that_is_not_here_is_shown_by_the_test_pictures_that_a_run_on_it_has_kept(data, folder, drawn, asked):
    facts = {"name": "CIFAR-10", **{key: value for key, value in asked.items() if key == "copy_of"}}
    run = make_run(folder, dataset=asked["dataset"], dataset_facts=facts)
    run.pictures.write_originals(images.encode_png(images.grid(TILES, columns=8)))
    make_run(folder, dataset="shapes").pictures.write_originals(images.encode_png(images.grid(255 - TILES, columns=8)))
    choose(shown("train"), "cifar10")
    assert np.array_equal(drawn[0], images.spread(TILES, 8))
    assert "test pictures that a run on them has kept" in drawn[1]


def test_pictures_that_a_run_has_kept_in_another_frame_are_not_shown_as_those_that_are_asked_for(data, folder, drawn):
    run = make_run(folder, dataset="celeba", image_size=64)
    large = images.of_one_size([TILES, np.zeros((1, 3, 64, 64), np.uint8)])[0]
    run.pictures.write_originals(images.encode_png(images.grid(large, columns=8)))
    at = choose(shown("train"), "celeba")
    assert NONE_HERE in words(at)
    at.button_group(key="image_size").set_value(64).run()
    assert np.array_equal(drawn[-2], images.spread(large, 8)) and "64 x 64 pixels" in drawn[-1]


@pytest.mark.parametrize("name", ["cifar10", "celeba"])
def test_where_there_is_no_picture_of_a_set_it_says_so_and_shows_none(data, folder, drawn, name):
    make_run(folder, dataset=name)  # which has kept none
    at = shown("train")
    drawn.clear()
    assert NONE_HERE in words(choose(at, name))
    assert drawn == []


def test_pictures_are_shown_with_as_many_pixels_as_the_form_asks_for(data, drawn):
    at = shown("train")
    assert drawn[0].shape == (8, 3, 32, 32) and "32 x 32 pixels" in drawn[1]
    at.button_group(key="image_size").set_value(64).run()
    assert np.array_equal(drawn[0], shapes.make(n_train=8, n_test=0, side=64).train) and "64 x 64 pixels" in drawn[1]


def test_faces_that_are_here_and_were_never_read_so_are_not_called_missing(data, drawn):
    (data / "celeba").mkdir(parents=True)
    (data / "celeba" / "000001.jpg").write_bytes(b"x")
    said = words(choose(shown("train"), "celeba"))
    assert "they can be shown like this once a run has read them" in said and NONE_HERE not in said


def test_shuffled_pixels_are_shown_as_a_model_sees_them(data, drawn):
    at = shown("train")
    at.button_group(key="pixel_order").set_value("shuffled").run()
    assert np.array_equal(drawn[0], images.shuffled(shapes.make(n_train=8, n_test=0).train))
    assert "shuffled" in drawn[1]


# ---- what it takes to have it ----------------------------------------------------------------------------


def test_a_set_that_needs_a_download_is_marked_before_it_is_chosen_and_no_more_once_it_is_here(data):
    at = shown("train")
    assert offered(at) == ["shapes", "cifar10 (needs a download)", "celeba (needs a download)", sets.MORE, sets.OWN]
    choose(at, "cifar10")
    (data / "cifar-10-batches-py").mkdir()
    (data / "celeba").mkdir()
    (data / "celeba" / "000001.jpg").touch()
    at.run()
    assert offered(at) == ["shapes", "cifar10", "celeba", sets.MORE, sets.OWN]
    assert at.button_group(key="dataset").value == "cifar10"


def test_more_sets_are_one_click_away_and_stand_with_the_others_once_they_are_here(data, launched):
    at = choose(shown("train"), sets.MORE)
    assert at.selectbox(key="more_sets").options[0] == "mnist (needs a download)"
    at.selectbox(key="more_sets").set_value("cifar100").run()
    assert "169 MB" in words(at) and "50,000 photographs of a hundred kinds of things" in words(at)
    at.button(key="launch").click().run()
    assert launched == ["cifar100", "cifar100"]
    (data / "cifar-100-python").mkdir()
    assert "cifar100" in offered(shown("train"))


def test_both_can_be_trained_on_photographs_at_a_click_where_those_are_here(data, launched):
    assert "train-both-photographs" not in {button.key for button in shown("start").button}
    (data / "cifar-10-batches-py").mkdir()
    shown("start").button(key="train-both-photographs").click().run()
    assert launched == ["cifar10", "cifar10"]


def test_what_is_downloaded_by_itself_is_said_before_and_can_be_launched(data, launched):
    at = choose(shown("train"), "cifar10")
    for part in ("170 MB", "can take an hour", "Stop ends that too", "The download comes on top of that."):
        assert part in words(at)
    at.button(key="launch").click().run()
    assert launched == ["cifar10", "cifar10"]
    assert "The download comes on top" not in words(choose(at, "shapes"))


def test_what_is_to_be_fetched_by_hand_cannot_be_launched_before_it_is_here(data, launched):
    at = choose(shown("train"), "celeba")
    for part in ("img_align_celeba.zip", "1.4 GB", "by hand", str(data / "celeba"), "Then reload this page."):
        assert part in words(at)
    assert "These pictures are not here." in words(at)
    assert at.button(key="launch").disabled and at.button(key="launch-sweep").disabled
    (data / "celeba").mkdir()
    (data / "celeba" / "img_align_celeba.zip").touch()
    at.run()
    at.button(key="launch").click().run()
    assert launched == ["celeba", "celeba"]


def test_a_folder_beside_the_app_is_named_from_there(data, monkeypatch, tmp_path):
    monkeypatch.setattr(sets.places, "PROJECT_ROOT", tmp_path)
    said = words(choose(shown("train"), "celeba"))
    assert "into data/celeba;" in said and str(tmp_path) not in said


# ---- one's own -------------------------------------------------------------------------------------------


def upload(at, name, content):
    choose(at, sets.OWN)
    assert "There is no zip of pictures yet." in words(at) and at.button(key="launch").disabled
    return at.file_uploader(key="zip").set_value((name, content, "application/zip")).run()


def test_sixteen_of_ones_own_are_shown_before_anything_learns_from_them(data, data_dir, drawn, launched, photos):
    at = upload(shown("train"), "mine.zip", photos.read_bytes())
    tiles, caption = drawn
    assert np.array_equal(tiles, images.spread(datasets.load(str(photos), data_dir=data_dir).train, 16))
    assert caption.startswith("52 training and 12 test pictures; here are some of them")
    at.button(key="launch").click().run()
    assert len(launched) == 2 and set(launched) == {str(next((data / "uploads").iterdir()))}


def test_a_zip_that_cannot_be_used_is_refused_in_words_and_the_button_rests(data):
    at = upload(shown("train"), "mine.zip", b"no zip")
    assert "the zip is not a zip that can be opened" in words(at)
    assert "The zip cannot be used." in words(at)
    assert at.button(key="launch").disabled


@pytest.mark.parametrize("there", [True, False])
def test_the_own_pictures_of_a_duplicate_are_shown_or_missed(folder, drawn, photos, tmp_path, data_dir, there):
    path = photos if there else tmp_path / "gone.zip"
    run = make_run(folder, dataset=str(path))
    if there:
        datasets.load(str(photos), data_dir=data_dir)
    at = shown("train")
    drawn.clear()
    at.button(key=f"copy-{run.id}").click().run()
    assert at.button(key="launch").disabled is not there
    if there:
        assert len(drawn[0]) == 16 and drawn[1].startswith("52 training and 12 test pictures")
    else:
        assert drawn == [] and NONE_HERE in words(at)
        assert "There is no file or folder" in words(at) and "Put it back, or choose other pictures." in words(at)
