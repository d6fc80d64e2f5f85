"""What launching runs would cost on this machine, measured before anything is launched."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from vaedash import config, datasets, places
from vaedash.config import RunConfig
from vaedash.training import forecast
from vaedash.training.forecast import Speed

HELP = "A few training steps were measured just now, in a process of their own. While other runs train it is slower."


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a launch would cost: `seconds` until its last run has ended, bytes on `disk`, and `speeds` in words."""

    seconds: float
    disk: int
    speeds: str


def of(chosen: Sequence[RunConfig]) -> Cost:
    """What launching these runs would cost. Raises VaedashError where that cannot be measured."""
    n_train = _training_images(chosen[0])
    with st.spinner("Measuring how fast this machine is ..."):
        # Only what changes the speed is asked, so that most changes of the form need no new measurement.
        asked = [settings.only(config.SPEED_SETTINGS) for settings in chosen]
        speeds = _speeds(tuple(dict.fromkeys(asked)), min(config.SLOTS, len(chosen)))
    forecasts = [
        forecast.forecast(settings, speeds[alike], n_train=n_train)
        for settings, alike in zip(chosen, asked, strict=True)
    ]
    words = [
        f"{config.spoken(settings.arch)} {cost.images_per_second:,.0f} images a second"
        for settings, cost in zip(chosen, forecasts, strict=True)
    ]
    return Cost(
        seconds=forecast.wall_seconds(forecasts),
        disk=sum(cost.disk for cost in forecasts),
        speeds=", ".join(dict.fromkeys(words)),
    )


@st.cache_data(ttl=3600, show_spinner=False)
def _speeds(asked: tuple[RunConfig, ...], sharing: int) -> dict[RunConfig, Speed]:
    return dict(zip(asked, forecast.measure(asked, sharing=sharing, data_dir=places.data_dir()), strict=True))


def _training_images(settings: RunConfig) -> int:
    known = config.BUILT_IN.get(settings.dataset)
    if known:
        return max(1, round(known.training_images * settings.fraction))
    images = datasets.load(settings.dataset, data_dir=places.data_dir()).train
    return max(1, round(len(images) * settings.fraction))
