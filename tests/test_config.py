"""Every choice that defines a run: bounds, choices, presets, and the sentences for what is not allowed."""

import dataclasses
import json
import math

import pytest

from vaedash import config, glossary
from vaedash.config import SETTINGS, RunConfig
from vaedash.errors import UsageError, VaedashError
from vaedash.models import archs
from vaedash.settings import Choice, Number

NUMBERS = [name for name, setting in SETTINGS.items() if isinstance(setting, Number)]
OWN = "/my/pictures"
CHOICES = [name for name, setting in SETTINGS.items() if isinstance(setting, Choice)]


def complaint(**settings) -> str:
    with pytest.raises(UsageError) as caught:
        RunConfig(**settings)
    return str(caught.value)


# ---- one setting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NUMBERS)
def test_both_bounds_of_a_number_are_allowed_and_nothing_beyond_them(name):
    low, high = SETTINGS[name].low, SETTINGS[name].high
    for value in (low, high):
        assert getattr(RunConfig(**{name: value}), name) == value
    below, above = (low - 1, high + 1) if isinstance(low, int) else (math.nextafter(low, -1), math.nextafter(high, 1e9))
    for value in (below, above, math.inf, -math.inf):
        said = complaint(**{name: value})
        assert said.startswith(f"{name} must be ") and said.endswith(f"got {value!r}.")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [math.nan, None, True, "7", [7]])
def test_what_is_not_a_number_is_refused_by_name(name, value):
    said = complaint(**{name: value})
    assert said.startswith(f"{name} must be ") and said.endswith(f"got {value!r}.")


@pytest.mark.parametrize("name", ["batch_size", "latent_dim", "epochs", "kl_warmup", "seed", "patience"])
def test_what_is_counted_takes_whole_numbers_only(name):
    assert complaint(**{name: 3.0}) == f"{name} must be a whole number, got 3.0."


@pytest.mark.parametrize("name", ["lr", "beta", "fraction", "min_delta"])
def test_what_is_measured_takes_whole_numbers_too(name):
    assert getattr(RunConfig(**{name: 1}), name) == 1


def test_a_wrong_number_is_told_what_is_allowed():
    assert complaint(latent_dim=0) == "latent_dim must be between 2 and 512, got 0."
    assert complaint(fraction=0.0) == "fraction must be between 0.0001 and 1.0, got 0.0."


@pytest.mark.parametrize("name", CHOICES)
def test_each_choice_is_allowed_and_another_is_told_all_of_them(name):
    choices = SETTINGS[name].choices
    for choice in choices:
        if name != "preset":
            assert getattr(RunConfig(**{"dataset": OWN, name: choice}), name) == choice
    for wrong in ("", "mlp", 3, [choices[0]]):
        own = ", or the path of a .py file with one of your own" if name == "arch" else ""
        assert (
            complaint(**{name: wrong}) == f"{name} must be one of {', '.join(map(str, choices))}{own}; got {wrong!r}."
        )


def test_only_the_preset_may_be_left_open():
    assert RunConfig(preset=None).preset is None
    assert (
        complaint(arch=None)
        == "arch must be one of fc, conv, local, or the path of a .py file with one of your own; got None."
    )


def test_the_test_loss_never_decides():
    assert complaint(monitor="test") == "monitor must be one of train, val; got 'test'."


@pytest.mark.parametrize("wrong", ["", None, 5, ["a"]])
def test_a_dataset_is_a_name_or_a_path(wrong):
    assert complaint(dataset=wrong) == f"dataset must be a name or a path, got {wrong!r}."


def test_each_setting_is_called_and_explained_in_words_that_are_known():
    assert all(setting.label and setting.help for setting in SETTINGS.values())
    assert len({setting.label for setting in SETTINGS.values()}) == len(SETTINGS)
    assert {word for setting in SETTINGS.values() for word in setting.words} <= set(glossary.WORDS)


def test_the_settings_are_those_of_a_run_with_its_defaults_which_are_allowed():
    assert list(SETTINGS) == [field.name for field in dataclasses.fields(RunConfig)]
    usual = RunConfig()
    assert all(setting.default == getattr(usual, name) for name, setting in SETTINGS.items())
    assert all(SETTINGS[name].offered_with(None) is not None for name in NUMBERS)


def test_numbers_are_whole_where_what_they_stand_for_is_counted():
    assert {name for name in NUMBERS if SETTINGS[name].kind is int} == {
        *("batch_size", "latent_dim", "epochs", "kl_warmup", "seed", "patience")
    }


def test_what_defines_a_model_changes_its_speed_and_what_only_steers_its_learning_does_not():
    assert config.MODEL_SETTINGS == ("arch", "image_size", "latent_dim", "activation", "widths", "pixel_order")
    assert set(config.SPEED_SETTINGS) == {*config.MODEL_SETTINGS, "batch_size", "optimizer", "device", "precision"}
    assert config.PRESET_SETTINGS == ("batch_size", "lr", "latent_dim", "optimizer", "schedule", "activation")


def test_a_model_is_built_from_the_settings_that_define_one():
    asked = RunConfig(arch="fc", latent_dim=3, activation="silu", pixel_order="shuffled", lr=0.5, epochs=7)
    assert str(archs.build(asked.only(config.MODEL_SETTINGS))) == str(archs.build(asked))


def test_of_a_configuration_only_some_settings_can_be_kept():
    asked = RunConfig(arch="fc", batch_size=7, lr=0.5, epochs=3)
    assert asked.only(("arch", "batch_size")) == RunConfig(arch="fc", batch_size=7)


def test_a_configuration_never_changes():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunConfig().lr = 0.1


def test_an_unallowed_value_is_an_error_for_a_person():
    assert issubclass(UsageError, VaedashError)


# ---- the study's numbers --------------------------------------------------------------------------------


def test_the_presets_are_those_of_the_study():
    assert {name: config.PRESETS[name] for name in config.STUDY} == {
        "p1": {"batch_size": 64, "lr": 0.001, "latent_dim": 128},
        "p2": {"batch_size": 128, "lr": 0.0005, "latent_dim": 128},
        "p3": {"batch_size": 64, "lr": 0.0005, "latent_dim": 256},
    }


def test_early_stopping_and_beta_are_those_of_the_study():
    settings = RunConfig()
    assert (settings.patience, settings.min_delta, settings.monitor) == (5, 0.5, "train")
    assert (settings.beta, settings.kl_warmup) == (1.0, 0)


def test_images_have_3072_values_or_four_times_as_many():
    assert RunConfig().frame == config.USUAL_FRAME
    assert config.USUAL_FRAME.pixels == 3072 and config.USUAL_FRAME.shape == (3, 32, 32)
    assert RunConfig(image_size=64).frame.shape == (3, 64, 64) and RunConfig(image_size=64).frame.pixels == 12288


@pytest.mark.parametrize("size", [33, 64.0, "64", True])
def test_there_are_two_sizes(size):
    with pytest.raises(UsageError, match="image_size must be one of 32, 64"):
        RunConfig(image_size=size)


@pytest.mark.parametrize(
    ("dataset", "name", "value"),
    [("cifar10", "image_size", 64), ("mnist", "fit", "pad"), ("shapes", "background", "black")],
)
def test_what_makes_no_other_pictures_of_a_set_is_refused(dataset, name, value):
    with pytest.raises(UsageError, match=f"pictures of one size and shape, which {name} {value} would not make better"):
        RunConfig.build(dataset=dataset, **{name: value})
    assert (
        getattr(RunConfig.from_json({"dataset": dataset, name: value}), name) == value
    )  # own pictures may be called so
    assert getattr(RunConfig(dataset=OWN, **{name: value}).frame, name) == value


# ---- built from what a person gave -----------------------------------------------------------------------


@pytest.mark.parametrize("preset", config.PRESETS)
def test_a_preset_fills_in_what_was_not_given(preset):
    built = RunConfig.build(preset=preset, arch="fc", lr=None, seed=3)
    epochs = {"epochs": config.DEFAULT_EPOCHS[preset]} if preset in config.DEFAULT_EPOCHS else {}
    assert built == RunConfig(preset=preset, arch="fc", seed=3, **config.preset_values(preset, "fc"), **epochs)


def test_a_value_of_ones_own_wins_over_the_preset_and_takes_its_name_away():
    built = RunConfig.build(preset="p2", lr=0.01)
    assert built == RunConfig(preset=None, batch_size=128, lr=0.01, latent_dim=128)


def test_repeating_a_presets_value_keeps_its_name():
    assert RunConfig.build(preset="p3", latent_dim=256).preset == "p3"


def test_an_unknown_preset_is_told_the_known_ones():
    with pytest.raises(UsageError, match=r"^preset must be one of p1, p2, p3, fast; got 'p9'\.$"):
        RunConfig.build(preset="p9")


def test_a_record_cannot_claim_a_preset_it_does_not_have():
    assert complaint(preset="p2", batch_size=64, lr=5e-4, latent_dim=128) == (
        "preset p2 has batch_size 128, got 64; leave the preset out to choose your own values."
    )


def test_celeba_is_a_third_unless_said_otherwise_and_others_are_whole():
    assert RunConfig.build(dataset="celeba").fraction == 0.3
    assert RunConfig.build(dataset="celeba", fraction=0.5).fraction == 0.5
    assert RunConfig.build(dataset="cifar10").fraction == 1.0
    assert RunConfig.build().fraction == 1.0


def test_a_path_is_made_absolute_when_it_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert RunConfig.build(dataset="mine/cats").dataset == str(tmp_path / "mine" / "cats")
    assert RunConfig.build(dataset="~/cats").dataset == str(tmp_path / "home" / "cats")
    assert RunConfig.build(dataset="shapes").dataset == "shapes"


def test_a_default_of_a_preset_or_a_dataset_stands_in_for_the_general_one():
    epochs, fraction = SETTINGS["epochs"], SETTINGS["fraction"]
    assert (epochs.default_with("p1", None), epochs.default_with("fast", None)) == (100, 5)
    assert (fraction.default_with("shapes"), fraction.default_with("celeba")) == (1.0, 0.3)
    assert (epochs.offered_with("p1"), epochs.offered_with("fast")) == (20, 5)
    assert (epochs.defaults, fraction.defaults) == ("100; fast: 5", "1.0; celeba: 0.3")


# ---- records ---------------------------------------------------------------------------------------------


def test_a_record_reads_back_as_the_same_configuration():
    settings = RunConfig.build(preset="p3", arch="fc", dataset="celeba", beta=0.5, monitor="val", seed=7)
    record = json.loads(json.dumps(settings.to_json()))
    assert RunConfig.from_json(record) == settings
    assert list(record) == list(SETTINGS)


def test_a_record_may_hold_more_and_less_than_the_settings():
    assert RunConfig.from_json({"schema": 1, "created": "now", "lr": 0.01, "colour": "blue"}) == RunConfig(lr=0.01)


def test_a_record_is_checked_like_anything_else():
    with pytest.raises(UsageError, match=r"^lr must be a number, got 'fast'"):
        RunConfig.from_json({"lr": "fast"})


# ---- widths ----------------------------------------------------------------------------------------------


def test_widths_are_those_of_the_architecture_unless_others_are_given():
    assert RunConfig(arch="fc").layer_widths == (512, 256)
    assert RunConfig(arch="conv").layer_widths == RunConfig(arch="local").layer_widths == (32, 64, 128)
    assert RunConfig(arch="conv", image_size=64).layer_widths == (32, 64, 128, 256)
    assert RunConfig(arch="fc", image_size=64).layer_widths == (512, 256)
    assert RunConfig(arch="local", widths="18-36-71").layer_widths == (18, 36, 71)
    assert RunConfig(arch="fc", widths="64").layer_widths == (64,)


def test_widths_that_are_the_usual_ones_are_no_choice_of_ones_own():
    assert RunConfig.build(arch="fc", widths="512-256") == RunConfig.build(arch="fc")
    assert RunConfig.build(arch="conv", widths="32-64-128", preset="p1").title == "conv on shapes"
    assert RunConfig.build(arch="conv", widths="8-16-32").title == "conv on shapes, widths 8-16-32"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"arch": "conv", "widths": "8-16"},
            "conv with 32 pixels a side takes 3 widths, got 8-16; give it as many, like 32-64-128.",
        ),
        (
            {"arch": "conv", "image_size": 64, "widths": "8-16-32"},
            "conv with 64 pixels a side takes 4 widths, got 8-16-32; give it as many, like 32-64-128-256.",
        ),
        (
            {"arch": "fc", "widths": "0-4"},
            "widths must be whole numbers from 1 to 8,192, got '0-4'; give them joined by hyphens, like 512-256.",
        ),
        (
            {"arch": "fc", "widths": "9000"},
            "widths must be whole numbers from 1 to 8,192, got '9000'; give them joined by hyphens, like 512-256.",
        ),
        ({"arch": "fc", "widths": "4-4-4-4-4-4-4-4-4"}, "fc takes up to 8 widths, got 9; give it fewer, like 512-256."),
        ({"arch": "fc", "widths": 512}, "widths must be whole numbers joined by hyphens, or left out; got 512."),
    ],
)
def test_widths_that_cannot_be_built_are_told_what_can(settings, sentence):
    assert complaint(**settings) == sentence


# ---- what follows from the settings ----------------------------------------------------------------------


def test_beta_is_constant_without_a_warm_up():
    assert [RunConfig(beta=0.3).beta_at(epoch) for epoch in (1, 2, 99)] == [0.3, 0.3, 0.3]


def test_a_warm_up_longer_than_the_run_is_said():
    assert RunConfig(kl_warmup=20, epochs=20).caution == ""
    assert RunConfig(kl_warmup=30, epochs=20, beta=3.0).caution == (
        "The KL warm-up takes 30 epochs and the run ends after 20: beta only comes to 2 of 3."
    )


def test_beta_rises_linearly_to_exactly_its_full_value():
    settings = RunConfig(beta=2.0, kl_warmup=4)
    assert [settings.beta_at(epoch) for epoch in range(1, 7)] == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]
    odd = RunConfig(beta=0.7, kl_warmup=3)
    assert odd.beta_at(3) == odd.beta and odd.beta_at(2) < odd.beta


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({}, "conv on shapes"),
        ({"preset": "p1", "arch": "fc", "epochs": 20}, "FC on shapes, 20 epochs"),
        ({"preset": "p1", "epochs": 1}, "conv on shapes, 1 epoch"),
        ({"dataset": "cifar10", "fraction": 0.1}, "conv on CIFAR-10, 10%"),
        ({"dataset": "celeba"}, "conv on CelebA"),  # whose usual share is 30%
        ({"dataset": "celeba", "fraction": 1.0}, "conv on CelebA, 100%"),
        ({"preset": "p2", "arch": "fc", "dataset": "cifar10", "seed": 1_234_567}, "FC on CIFAR-10, p2, seed 1234567"),
        ({"preset": "p2", "arch": "fc", "pixel_order": "shuffled"}, "FC on shuffled shapes, p2"),
        (
            {"preset": "fast", "arch": "fc"},
            "FC on shapes, fast",
        ),  # with the epochs and the learning rate that it has for FC
        ({"preset": "fast", "epochs": 100}, "conv on shapes, fast, 100 epochs"),
        (
            {"dataset": "/data/cats.zip", "lr": 0.0003, "batch_size": 32, "latent_dim": 16},
            "conv on cats, batch 32, lr 0.0003, latent 16",
        ),
        (
            {
                "beta": 2.5,
                "kl_warmup": 3,
                "activation": "silu",
                "schedule": "one-cycle",
                "monitor": "val",
                "device": "cpu",
            },
            "conv on shapes, one-cycle, silu, beta 2.5, warm-up 3, monitor val, cpu",
        ),
    ],
)
def test_a_run_is_called_after_what_is_not_as_usual(settings, title):
    assert RunConfig.build(**settings).title == title


@pytest.mark.parametrize("name", SETTINGS)
def test_runs_that_differ_in_one_setting_differ_in_their_names(name):
    images = {} if name == "dataset" else {"dataset": OWN}
    setting, usual = SETTINGS[name], RunConfig.build(**images)
    if name in NUMBERS:
        values = {setting.kind(setting.low), setting.kind(setting.high)}
    else:
        written = {"dataset": {"cifar10", "/data/cats.zip"}, "widths": {"8-16-32", "9-18-36"}}
        values = {*setting.choices} if name in CHOICES else written[name]
    # p1 is what is usual without a preset too.
    others = values - {getattr(usual, name), *(["p1"] if name == "preset" else [])}
    titles = {RunConfig.build(**images, **{name: other}).title for other in others}
    assert others and len({*titles, usual.title}) == len(others) + 1


# ---- the learning rate over a run ------------------------------------------------------------------------


def test_a_constant_learning_rate_is_constant():
    assert {RunConfig(lr=0.01).lr_at(done / 10) for done in range(11)} == {0.01}


def test_one_cycle_is_what_torchs_scheduler_makes_of_it():
    import torch

    settings, steps = RunConfig(schedule="one-cycle", lr=0.02), 51
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    # It counts its 30% from the step before the first.
    share = (0.3 * (steps - 1) + 1) / steps
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.02, total_steps=steps, pct_start=share)
    expected = []
    for _ in range(steps):
        expected.append(scheduler.get_last_lr()[0])
        optimizer.step()
        if len(expected) < steps:
            scheduler.step()
    rates = [settings.lr_at(done / (steps - 1)) for done in range(steps)]
    assert rates == pytest.approx(expected, rel=1e-6)
    assert max(rates) == 0.02


def test_a_linear_rate_rises_straight_over_the_first_10_percent_and_falls_straight_to_nothing():
    settings = RunConfig(schedule="linear", lr=0.02)
    assert settings.lr_at(0.0) == pytest.approx(0.02 / 25)
    assert settings.lr_at(0.05) == pytest.approx((0.02 / 25 + 0.02) / 2)
    assert settings.lr_at(0.1) == 0.02
    assert settings.lr_at(0.55) == pytest.approx(0.01)
    assert settings.lr_at(1.0) == 0.0


def test_a_run_of_a_preset_that_stood_for_other_values_keeps_those_and_loses_its_name():
    before = {
        "preset": "fast",
        "batch_size": 64,
        "lr": 0.003,
        "schedule": "one-cycle",
        "activation": "silu",
        "epochs": 4,
    }
    settings = RunConfig.from_json(before)
    assert settings.preset is None
    assert {name: getattr(settings, name) for name in before if name != "preset"} == {
        name: value for name, value in before.items() if name != "preset"
    }
    now = RunConfig.build(preset="fast")
    assert RunConfig.from_json(now.to_json()) == now


def test_the_fast_preset_brings_its_epochs_unless_others_are_given():
    assert RunConfig.build(preset="fast").epochs == config.DEFAULT_EPOCHS["fast"]
    assert RunConfig.build(preset="fast", epochs=9).epochs == 9
    assert RunConfig.build(preset="fast", lr=0.1).epochs == RunConfig().epochs


def test_the_fast_preset_trains_each_architecture_at_its_own_rate_in_any_order_of_arguments():
    rates = {arch: RunConfig.build(preset="fast", arch=arch).lr for arch in config.ARCHS}
    assert rates == {"fc": 0.004, "conv": 0.01, "local": 0.01}
    assert RunConfig.build(preset="fast", arch="fc", lr=3e-3).preset is None


def test_a_config_from_before_pixels_could_be_shuffled_is_of_a_run_that_saw_them_as_they_are():
    record = RunConfig(seed=3).to_json()
    del record["pixel_order"]
    assert RunConfig.from_json(record) == RunConfig(seed=3, pixel_order="natural")


@pytest.mark.parametrize(
    "place", ["/home/mary/cats.zip", "C:\\Users\\mary\\cats.zip", "\\\\server\\mary\\cats", "mary/cats"]
)
def test_a_run_is_called_by_its_images_and_never_by_where_they_lie_on_whatever_system(place):
    assert RunConfig(arch="fc", dataset=place).title == "FC on cats"
