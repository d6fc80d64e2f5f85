"""The form on the Train page: what it offers, what it launches, and what it makes of a run that is copied."""

import dataclasses
import threading
from types import SimpleNamespace

import own_arch
import pytest
from patience import PATIENCE, until
from somebodys import shade, zipped
from visitor import PAGES, make_run, shown, words

from vaedash import config, runs
from vaedash.config import PRESETS, SETTINGS, RunConfig
from vaedash.errors import RunError
from vaedash.languages import speech, spoken
from vaedash.settings import Choice, Group, Number
from vaedash.training import forecast, launch
from vaedash.ui import components, cost, sets


@pytest.fixture
def launched(folder, monkeypatch):
    """The settings of the runs that were launched."""
    settings = []
    monkeypatch.setattr(launch, "start", lambda group, **_: settings.extend(run.config for run in group))
    return settings


def test_a_warm_up_longer_than_the_run_is_said_before_it_is_launched(launched):
    at = shown("train")
    at.button_group(key="preset").set_value("own").run()
    assert not at.warning
    at.number_input(key="kl_warmup").set_value(30).run()
    at.number_input(key="epochs").set_value(10).run()
    assert [warning.value for warning in at.warning] == [
        "The KL warm-up takes 30 epochs and the run ends after 10: beta only comes to 0.333 of 1."
    ]


def made(folder, **settings):
    """A run with these settings, which the page lists."""
    return runs.create(folder, RunConfig.build(**settings))


@pytest.fixture
def celeba(tmp_path, monkeypatch):
    """CelebA lies where it belongs, as far as the form looks."""
    (tmp_path / "data" / "celeba").mkdir(parents=True)
    (tmp_path / "data" / "celeba" / "img_align_celeba.zip").touch()
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))


# What the form calls the settings that make other images of the same files.
FRAME = {SETTINGS[name].label for name in config.FRAME_SETTINGS}


def another(setting):
    """A value that is allowed and not the default."""
    if isinstance(setting, Choice):
        return next(choice for choice in setting.choices if choice != setting.default)
    if isinstance(setting, Number):
        return setting.kind((setting.low + setting.default) / 2 if setting.default > setting.low else setting.low + 3)
    return None


def labels(at):
    """What the widgets of the form are called, in the order of the page."""
    kinds = ("button_group", "number_input", "text_input")
    return [widget.label for widget in at.main if widget.type in kinds]


# ---- what it offers --------------------------------------------------------------------------------------


def test_the_form_asks_in_the_order_of_the_groups():
    at = shown("train", preset="own")
    names = ("dataset", "preset", "arch", "epochs", "seed", *config.PRESET_SETTINGS)
    rest = [
        setting.label
        for group in Group
        for name, setting in SETTINGS.items()
        if setting.group is group and name not in (*names, "fit", "background") and not setting.rare
    ]
    assert labels(at)[: len(names) + len(rest)] == [*(SETTINGS[name].label for name in names), *rest]
    assert rest == [
        *("Share of the training images", "beta", "KL warm-up, epochs", "Patience, epochs"),
        *("Improved means lower by, nats", "Stop early by the loss on", "Pixels a side", "Order of the pixels"),
    ]


@pytest.mark.parametrize(
    ("dataset", "asked"),
    [("shapes", {"Pixels a side"}), ("cifar10", set()), ("celeba", FRAME)],
)
def test_the_form_asks_only_for_what_makes_other_pictures_of_a_set(launched, celeba, dataset, asked):
    at = shown("train")
    at.button_group(key="image_size").set_value(64).run()
    at.button_group(key="dataset").set_value(dataset).run()
    assert FRAME & {*labels(at)} == asked
    at.button(key="launch").click().run()
    assert {settings.image_size for settings in launched} == {64 if "Pixels a side" in asked else 32}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_brings_its_epochs_which_the_form_shows(launched, preset):
    epochs = config.DEFAULT_EPOCHS.get(preset, 20)
    at = shown("train")
    assert at.number_input(key="epochs").value == 20
    at.button_group(key="preset").set_value(preset).run()
    assert at.number_input(key="epochs").value == epochs
    at.button(key="launch").click().run()
    assert {(settings.preset, settings.epochs) for settings in launched} == {(preset, epochs)}


def test_epochs_go_back_with_the_preset_unless_somebody_has_changed_them(folder):
    at = shown("train")
    for preset, epochs in (("fast", 5), ("p2", 20)):
        at.button_group(key="preset").set_value(preset).run()
        assert at.number_input(key="epochs").value == epochs
    at.number_input(key="epochs").set_value(7).run()
    for preset in ("fast", "p1"):
        at.button_group(key="preset").set_value(preset).run()
        assert at.number_input(key="epochs").value == 7


@pytest.mark.parametrize(("query", "epochs"), [({}, 5), ({"epochs": 20}, 20), ({"epochs": 9}, 9)])
def test_a_link_may_say_other_epochs_than_its_preset_does(launched, query, epochs):
    at = shown("train", preset="fast", **query)
    assert at.number_input(key="epochs").value == epochs
    at.button(key="launch").click().run()
    assert {(settings.preset, settings.epochs) for settings in launched} == {("fast", epochs)}


def test_celeba_is_used_to_three_tenths_unless_the_form_asks_for_all_of_it(launched, celeba):
    at = shown("train")
    at.button_group(key="dataset").set_value("celeba").run()
    assert at.number_input(key="fraction").value == 0.3
    at.button(key="launch").click().run()
    at.number_input(key="fraction").set_value(1.0).run()
    at.button(key="launch").click().run()
    assert [settings.fraction for settings in launched] == [0.3, 0.3, 1.0, 1.0]
    at.number_input(key="fraction").set_value(0.3).run()
    at.button_group(key="dataset").set_value("cifar10").run()
    assert at.number_input(key="fraction").value == 1.0


# ---- what it would cost ----------------------------------------------------------------------------------


def test_the_speed_is_measured_with_all_that_changes_it_and_not_again_for_the_rest(folder, monkeypatch):
    measured = []

    def measure(asked, **_):
        measured.append(asked)
        return [forecast.Speed(images_per_second=1000.0, parameters=1_000_000)] * len(asked)

    monkeypatch.setattr(forecast, "measure", measure)
    cost._figures.clear()
    run = made(
        folder, preset=None, **{name: another(SETTINGS[name]) for name in config.SPEED_SETTINGS if name != "arch"}
    )
    run.write_outcome("finished", "It finished.")  # one that waits for its turn would have to be let alone
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    at.number_input(key="lr").set_value(0.01).run()
    at.button_group(key="schedule").set_value("one-cycle").run()
    until(lambda: len(measured) == 2)
    usual, asked = measured
    assert {settings.activation for settings in usual} == {"relu"}
    assert asked == (run.config.only(config.SPEED_SETTINGS),)
    assert asked[0].activation == "silu"


@pytest.fixture
def slow(folder, monkeypatch):
    """A machine whose speed takes long to measure: until the test says that it is known. Counts how often it was begun."""
    known, begun = threading.Event(), []

    def measure(asked, **_):
        begun.append(asked)
        known.wait(PATIENCE)
        return [forecast.Speed(images_per_second=1000.0, parameters=1_000_000)] * len(asked)

    monkeypatch.setattr(forecast, "measure", measure)
    cost._figures.clear()
    yield SimpleNamespace(known=known, begun=begun)
    known.set()
    cost._figures.clear()


def test_a_page_does_not_wait_for_the_speed_to_be_measured(slow):
    at = shown("train")
    assert "How long it would take here is being measured ..." in words(at) and not at.metric
    at.number_input(key="epochs").set_value(10_000).run()
    assert not at.metric and len(slow.begun) == 1
    slow.known.set()
    until(lambda: at.run().metric)
    assert at.metric[0].value == "58.9 hours" and len(slow.begun) == 1


def test_nothing_is_measured_while_something_trains_but_what_is_known_is_shown(folder, slow):
    run = make_run(folder)
    with run.claim():
        run.reopen()
        at = shown("train")
        assert "is measured once nothing trains here any more" in words(at)
        assert not at.metric and not slow.begun
    slow.known.set()
    run.write_outcome("stopped", "It was stopped.")
    until(lambda: at.run().metric)
    with run.claim():
        run.reopen()
        assert at.run().metric and len(slow.begun) == 1


def test_a_speed_that_could_not_be_measured_is_tried_again_when_somebody_asks_again(folder, slow, monkeypatch):
    measure, failing = forecast.measure, [RunError("This machine's speed could not be measured: so it is.")]
    monkeypatch.setattr(forecast, "measure", lambda asked, **how: raised(failing) if failing else measure(asked, **how))
    slow.known.set()
    at = shown("train")
    until(lambda: "could not be measured: so it is" in words(at.run()) or at.metric)
    assert not failing
    until(lambda: at.run().metric)


def test_a_speed_is_measured_anew_once_it_is_old_and_until_then_the_old_one_stands(slow, monkeypatch):
    slow.known.set()
    at = shown("train")
    until(lambda: at.run().metric)
    first = at.metric[0].value
    monkeypatch.setattr(cost, "_FRESH", 0.0)
    slow.known.clear()
    faster = [forecast.Speed(images_per_second=10_000.0, parameters=1_000_000)] * 2

    def measure(asked, **_):
        slow.begun.append(asked)
        slow.known.wait(PATIENCE)
        return faster

    monkeypatch.setattr(forecast, "measure", measure)
    at.run()
    monkeypatch.setattr(cost, "_FRESH", 600.0)
    assert at.metric[0].value == first
    until(lambda: len(slow.begun) == 2)
    assert at.run().metric[0].value == first
    slow.known.set()
    until(lambda: at.run().metric[0].value != first)
    assert len(slow.begun) == 2


def raised(errors):
    raise errors.pop()


def test_why_own_pictures_cannot_be_counted_is_told_to_each_visitor_in_their_language(tmp_path):
    cost._figures.clear()
    asked = [RunConfig.build(dataset=str(tmp_path / "gone"))]
    told = {}
    for language in ("de", "en"):
        with spoken(speech(language)):
            key = cost._key(asked)
            told[language] = str(cost._figures().setdefault(key, cost._begun(*key)).exception(PATIENCE))
    assert told["en"].startswith("There is no file or folder") and not told["de"].startswith("There is")


# ---- a run that is copied ----------------------------------------------------------------------------------


def test_a_duplicate_has_every_setting_of_the_run(launched, folder, photos):
    values = {name: another(setting) for name, setting in SETTINGS.items()}
    run = made(folder, **values | {"preset": None, "dataset": str(photos), "widths": "160-128"})
    unusual = {name for name, value in run.config.to_json().items() if value != SETTINGS[name].default}
    assert unusual == set(SETTINGS) - {"preset"}
    at = shown("train", preset="fast")
    at.button(key=f"copy-{run.id}").click().run()
    assert not at.exception
    assert f"own: {photos.stem}" in [option.content for option in at.button_group(key="dataset").proto.options]
    at.button(key="launch").click().run()
    assert launched == [run.config]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_duplicate_has_the_preset_and_the_epochs_of_the_run(launched, folder, celeba, preset):
    run = made(folder, preset=preset, dataset="celeba", fraction=1.0, epochs=4, seed=3)
    at = shown("train", preset="fast")
    at.button(key=f"copy-{run.id}").click().run()
    at.button(key="launch").click().run()
    assert launched == [run.config]


def test_what_the_form_asks_for_only_in_a_duplicate_goes_once_it_is_as_usual(launched, folder):
    run = made(folder, device="cpu", val_fraction=0.2)
    at = shown("train")
    assert not {"Device", "Precision", "Share held back for val"} & set(labels(at))
    at.button(key=f"copy-{run.id}").click().run()
    assert {"Device", "Share held back for val"} <= set(labels(at)) and "Precision" not in labels(at)
    at.button_group(key="device").set_value("auto").run()
    assert "Device" not in labels(at)
    at.button(key="launch").click().run()
    assert [(settings.device, settings.val_fraction) for settings in launched] == [("auto", 0.2)]


def test_the_images_of_a_duplicate_can_be_given_up_for_others(launched, folder, tmp_path):
    run = made(folder, dataset=str(tmp_path / "shapes <b>.zip"))
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    assert "There is no file or folder" in words(at)
    assert at.button(key="launch").disabled
    at.button_group(key="dataset").set_value("shapes").run()
    offered = [option.content for option in at.button_group(key="dataset").proto.options]
    assert not any("own: " in name for name in offered)
    at.button(key="launch").click().run()
    assert [settings.dataset for settings in launched] == ["shapes"]


def test_the_form_takes_no_architecture_of_somebodys_own_and_says_how_it_is_trained_again(
    launched, folder, tmp_path, monkeypatch
):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "own-data"))
    run = made(folder, arch=own_arch.kept(tmp_path), epochs=7)
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    assert not at.exception and "from the command line or in Python" in at.toast[0].value
    assert at.button_group(key="archs").value == list(config.PAIR)
    at.button(key="launch").click().run()
    assert [settings.arch for settings in launched] == list(config.PAIR)


@pytest.mark.parametrize("archs", ["shallow", "shallow.py", "../shallow.py", f"shallow@{'0' * 64}"])
def test_no_link_to_the_form_names_a_file(launched, folder, archs):
    at = shown("train", archs=archs)
    assert not at.exception
    at.button(key="launch").click().run()
    assert {settings.arch for settings in launched} <= set(config.ARCHS)


def test_a_duplicate_of_a_run_on_a_copy_of_a_dataset_is_on_the_dataset_itself(launched, folder):
    run = made(folder, dataset="/gone/CIFAR-10 (9,973 test images)")
    run.add_facts({"dataset": {"name": "CIFAR-10 (9,973 test images)", "copy_of": "cifar10"}})
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    at.button(key="launch").click().run()
    assert [settings.dataset for settings in launched] == ["cifar10"]


# ---- where nothing can be launched -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("archs", "seeds", "reason"),
    [
        ([], "0", "No architecture is chosen."),
        (["fc"], "one", "The seeds cannot be read."),
        (["fc"], "", "The seeds cannot be read."),
        (["fc"], "1, 1", "The seeds cannot be read."),
        ([], "one", "No architecture is chosen. The seeds cannot be read."),
    ],
)
def test_the_buttons_stay_and_rest_and_the_reason_stands_beside_them(folder, archs, seeds, reason):
    at = shown("train")
    assert not at.button(key="launch").disabled
    at.button_group(key="archs").set_value(archs)
    at.text_input(key="seeds").set_value(seeds).run()
    assert at.button(key="launch").disabled and at.button(key="launch-sweep").disabled
    assert reason in [text.value.replace("\\", "") for text in at.markdown]
    assert ("up to ten different whole numbers" in words(at)) == ("seeds" in reason)
    assert not at.metric  # nothing is measured for nothing


def test_a_copied_run_with_widths_of_its_own_leaves_the_sweep_as_it_is(launched, folder):
    run = made(folder, arch="fc", widths="160-128")
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    assert not at.error and not at.button(key="launch-sweep").disabled
    at.button(key="launch-sweep").click().run()
    assert {settings.widths for settings in launched} == {""}


def test_the_sweep_is_the_study_in_all_else_as_the_form_says(launched, folder):
    varied = ("arch", "preset", "seed", "widths", *config.PRESET_SETTINGS)
    varied += ("dataset", "fit", "background")  # of shapes there are no others
    shared = {name: another(setting) for name, setting in SETTINGS.items() if name not in varied}
    run = made(folder, preset="fast", seed=5, **shared)
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    at.button(key="launch-sweep").click().run()
    assert launched == [
        RunConfig.build(preset=preset, arch=arch, seed=5, **shared) for preset in config.STUDY for arch in config.PAIR
    ]


# ---- what it remembers --------------------------------------------------------------------------------------


def said_by(at, names):
    return {name: at.session_state[name] for name in names if name in at.session_state}


def test_all_of_a_form_is_as_it_was_after_a_look_at_another_page(folder, celeba):
    others = {name: another(setting) for name, setting in SETTINGS.items() if another(setting) is not None}
    run = made(folder, dataset="celeba", **others)
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    at.text_input(key="name").set_value("mine").run()
    names = ("archs", "seeds", "name", *SETTINGS)
    before = said_by(at, names)
    assert before["name"] == "mine" and before["pixel_order"] == "shuffled" and before["dataset"] == run.config.dataset
    for page in ("compare", "start"):
        at.switch_page(str(PAGES / f"{page}.py")).run()
        at.switch_page(str(PAGES / "train.py")).run()
        assert not at.exception and said_by(at, names) == before


def test_a_copied_run_is_said_and_the_form_can_be_begun_anew(launched, folder, celeba):
    run = made(folder, dataset="celeba", preset="p3", arch="conv", pixel_order="shuffled", monitor="val")
    at = shown("train")
    at.button(key="launch").click().run()
    offered, launched[:] = list(launched), []
    at.button(key=f"copy-{run.id}").click().run()
    assert f"The form above now has the settings of {components.plain(run.name)}." in [
        toast.value for toast in at.toast
    ]
    at.button(key="start-over").click().run()
    assert not at.exception
    at.text_input(key="seeds").set_value("1").run()  # the same once more within seconds would be one click
    at.button(key="launch").click().run()
    assert launched == [dataclasses.replace(settings, seed=1) for settings in offered]


def test_a_zip_is_remembered_until_it_is_taken_away(launched, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path))
    at = shown("train")
    at.session_state["dataset"] = sets.OWN
    at.run()
    at.file_uploader(key="zip").set_value(("mine.zip", photos.read_bytes(), "application/zip")).run()
    at.switch_page(str(PAGES / "compare.py")).run()
    at.switch_page(str(PAGES / "train.py")).run()
    assert not at.button(key="launch").disabled
    at.button(key="launch").click().run()
    assert {settings.dataset for settings in launched} == {str(next((tmp_path / "uploads").iterdir()))}


def test_what_is_odd_about_own_pictures_is_told_in_the_language_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path))
    files = {f"{level}.png": shade(level) for level in range(20)} | {"20.png": b"none", "read me.txt": b"words"}
    at = shown("train", lang="de")
    at.session_state["dataset"] = sets.OWN
    at.run()
    at.file_uploader(key="zip").set_value(
        ("mine.zip", zipped(tmp_path / "set.zip", files).read_bytes(), "application/zip")
    ).run()
    said = [caption.value for caption in at.caption]
    for told in (
        "1 Datei ist nicht lesbar und bleibt weg (20.png).",
        "1 .txt-Datei bleibt weg: kein Bild (read me.txt).",
        "Es gibt keinen Testsatz: 2 der 20 Bilder, mit festem Seed gezogen, werden zurückgehalten.",
    ):
        assert said.count(components.escaped(told)) == 1, said


@pytest.mark.parametrize(("lang", "asked"), [("de", "own"), ("de", "eigenes"), ("en", "propio"), ("es", "p2")])
def test_a_link_to_the_form_means_the_same_preset_in_every_language(lang, asked):
    assert shown("train", lang=lang, preset=asked).session_state.preset == ("p2" if asked == "p2" else "own")
