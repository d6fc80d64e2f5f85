"""What a launch would cost, from a measured speed; and one real measurement."""

import dataclasses
import io
import json

import pytest

from vaedash import config
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.measuring import workers
from vaedash.training import forecast


def of(seconds):
    return forecast.Forecast(images_per_second=1.0, seconds=seconds, disk=0)


def test_time_is_epochs_times_images_over_speed_and_a_little_between_epochs():
    speed = forecast.Speed(images_per_second=500.0, parameters=1_000_000)
    cost = forecast.forecast(RunConfig(epochs=10), speed, n_train=1_000)
    # Two seconds an epoch, and 6% for what comes between epochs.
    assert cost.seconds == pytest.approx(10 * 2.0 * 1.06, rel=1e-9)
    # The weights in fp32 seven times (best; last and previous with Adam's two moments), and 150 kB of pictures an epoch.
    assert cost.disk == 7 * 4 * 1_000_000 + 10 * 150_000
    large = forecast.forecast(RunConfig(epochs=10, image_size=64), speed, n_train=1_000)
    assert large.disk == 7 * 4 * 1_000_000 + 10 * 4 * 150_000


def test_runs_share_the_slots():
    assert config.SLOTS == 2
    assert forecast.wall_seconds([of(10), of(30)]) == 30
    assert forecast.wall_seconds([of(10), of(30), of(5), of(20)]) == 35


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "5 seconds"), (61, "65 seconds"), (600, "10 minutes"), (9000, "2.5 hours")]
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert forecast.in_words(seconds) == words


@pytest.mark.slow
def test_a_real_measurement_in_a_process_of_its_own(data_dir):
    asked = [RunConfig(arch=arch, latent_dim=4, batch_size=4, precision="fp32", device="cpu") for arch in config.PAIR]
    measured = forecast.measure(asked, sharing=2, data_dir=data_dir)
    assert len(measured) == len(asked)
    assert all(speed.images_per_second > 0 and speed.parameters > 100_000 for speed in measured)
    fc, conv = measured
    assert fc.parameters > conv.parameters


def test_a_measurement_steps_aside_for_whatever_trains_before_it_computes(monkeypatch, capsys, data_dir):
    order, asked = [], [RunConfig(arch=arch) for arch in config.PAIR]
    speed = forecast.Speed(images_per_second=500.0, parameters=7)
    monkeypatch.setattr(workers, "step_aside", lambda: order.append("steps aside"))
    monkeypatch.setattr(forecast, "_speed", lambda settings, *_: order.append(settings.arch) or speed)
    monkeypatch.setattr(forecast.sys, "argv", ["forecast", "--sharing", "2", "--data-dir", str(data_dir)])
    monkeypatch.setattr(forecast.sys, "stdin", io.StringIO(json.dumps([settings.to_json() for settings in asked])))
    forecast._main()
    assert order == ["steps aside", *config.PAIR]
    assert json.loads(capsys.readouterr().out) == [dataclasses.asdict(speed)] * 2


def test_a_measurement_that_fails_is_a_sentence(data_dir, monkeypatch):
    monkeypatch.setattr(forecast.sys, "executable", "/bin/false")
    with pytest.raises(RunError, match="speed could not be measured"):
        forecast.measure([RunConfig()], sharing=1, data_dir=data_dir)
