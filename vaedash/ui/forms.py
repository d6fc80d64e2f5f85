"""The form that makes a run's settings, what they would cost here, and what a person may do with a run afterwards."""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from vaedash import config, datasets, glossary, places, storage
from vaedash.config import DATASETS, PRESETS, STUDY, RunConfig
from vaedash.errors import VaedashError
from vaedash.runs import Run, schema
from vaedash.training import forecast, launch
from vaedash.ui import components, visitors

COST_HELP = (
    "A few training steps were measured just now, in a process of their own. While other runs train it is slower."
)
_OWN = "own images ..."
LISTED = 100  # runs of a list, each with a form behind it: a thousand of those keep a page busy for a minute
_UPLOAD_LIMIT = 200  # MB, Streamlit's own
# The glossary's words for what a setting is about.
_WORDS = {
    "epochs": ("epoch",),
    "batch_size": ("batch size",),
    "lr": ("learning rate",),
    "schedule": ("learning rate",),
    "latent_dim": ("latent size",),
    "beta": ("beta", "recon", "KL"),
    "kl_warmup": ("KL", "epoch"),
    "patience": ("early stopping",),
    "min_delta": ("early stopping", "loss"),
    "monitor": ("early stopping", "train, test", "val"),
}
_SETTING = {setting.name: setting for setting in dataclasses.fields(RunConfig)}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a launch would cost: `seconds` until its last run has ended, bytes on `disk`, and `speeds` in words."""

    seconds: float
    disk: int
    speeds: str


# ---- settings -----------------------------------------------------------------------------------------


def settings() -> list[RunConfig]:
    """The runs that the form describes, one for each architecture and seed; empty, with a reason shown, if it cannot be."""
    if places.read_only():
        st.info(visitors.LOOK_ON, icon=":material/visibility:")
        return []
    dataset = _dataset()
    preset = st.segmented_control(
        "Parameters", [*PRESETS, "own"], default="p1", key="preset", bind="query-params", help=_preset_words()
    )
    archs = st.pills(
        "Architectures",
        list(config.ARCHS),
        default=list(config.ARCHS),
        selection_mode="multi",
        key="archs",
        bind="query-params",
    )
    first, second = st.columns(2)
    epochs = _number("epochs", "Epochs, at most", first, value=20)
    seeds = _seeds(
        second.text_input(
            "Seeds",
            "0",
            key="seeds",
            bind="query-params",
            help=f"One run for each, by comma.\n\n{glossary.about('seed')}",
        )
    )
    own: dict[str, Any] = {"preset": preset} if preset in PRESETS else _own_values()
    with st.expander("More settings"):
        rest = {
            name: _number(name, label, st)
            for name, label in (
                ("fraction", "Share of the training images"),
                ("beta", "beta"),
                ("kl_warmup", "KL warm-up, epochs"),
                ("patience", "Patience, epochs"),
                ("min_delta", "Improved means lower by, nats"),
            )
        }
        rest["monitor"] = st.segmented_control(
            "Stop early by the loss on",
            config.MONITORS,
            default="train",
            key="monitor",
            help=_help("monitor"),
        )
        rest["pixel_order"] = st.segmented_control(
            "Order of the pixels",
            config.PIXEL_ORDERS,
            default="natural",
            required=True,
            key="pixel_order",
            help=_help("pixel_order"),
        )
    if dataset is None or not archs or not seeds:
        return []
    if dataset in config.DEFAULT_FRACTION and rest["fraction"] == 1.0:
        rest["fraction"] = config.DEFAULT_FRACTION[dataset]
    try:
        return [
            RunConfig.build(dataset=dataset, arch=arch, seed=seed, epochs=epochs, **own, **rest)
            for seed in seeds
            for arch in archs
        ]
    except VaedashError as error:
        st.error(components.escaped(str(error)))
        return []


def place() -> str:
    """Where to train: here, unless this page's owner has named a cluster and the person chooses that."""
    cluster = places.cluster()
    if cluster is None:
        return places.LOCAL
    here, there = "this machine", "the cluster"
    chosen = st.segmented_control(
        "Where",
        [here, there],
        default=here,
        required=True,
        key="where",
        help="On the cluster, each run has a share of some machine's processor, or half a GPU; all that it writes arrives here.",
    )
    return cluster if chosen == there else places.LOCAL


def whole_sweep(chosen: Sequence[RunConfig]) -> list[RunConfig]:
    """The study's presets with both architectures, on the images and seeds of the form."""
    keep = {
        name: getattr(chosen[0], name) for name in ("dataset", "epochs", "fraction", "beta", "kl_warmup", "patience")
    }
    keep |= {name: getattr(chosen[0], name) for name in ("min_delta", "monitor", "pixel_order")}
    seeds = sorted({one.seed for one in chosen})
    return [
        RunConfig.build(preset=preset, arch=arch, seed=seed, **keep)
        for preset in STUDY
        for seed in seeds
        for arch in config.ARCHS
    ]


def _dataset() -> str | None:
    """Name or path of the chosen images; None while an upload is missing or unusable."""
    choice = st.segmented_control("Pictures", [*DATASETS, _OWN], default="shapes", key="dataset")
    if choice != _OWN:
        return choice
    upload = st.file_uploader(
        "A zip of images",
        type="zip",
        help="`train/` and `test/` folders are recognised; without `test/` a tenth is held out.",
    )
    if upload is None:
        return None
    path = _keep(upload.getvalue())
    if path is None:
        return None
    try:
        with st.spinner("Reading the images ..."):
            loaded = datasets.load(str(path), data_dir=places.data_dir())
    except VaedashError as error:
        st.error(components.escaped(str(error).replace(str(path), "the zip")))
        return None
    st.caption(
        f"{len(loaded.train):,} training and {len(loaded.test):,} test images"
        + (f", {loaded.skipped:,} files skipped because they could not be read." if loaded.skipped else ".")
    )
    return str(path)


@visitors.change
def _keep(data: bytes) -> Path:
    # Kept under a name made from its bytes: what a person calls a file never becomes part of a path.
    path = places.data_dir() / "uploads" / f"photos-{hashlib.sha256(data).hexdigest()[:8]}.zip"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write_bytes(path, data)
    return path


def _own_values() -> dict[str, Any]:
    columns = st.columns(3)
    labels = {"batch_size": "Batch size", "lr": "Learning rate", "latent_dim": "Latent size"}
    numbers = {
        name: _number(name, label, column) for (name, label), column in zip(labels.items(), columns, strict=True)
    }
    choices = {
        name: column.segmented_control(
            name.capitalize(),
            _SETTING[name].metadata["choices"],
            default=_SETTING[name].default,
            required=True,
            key=name,
            bind="query-params",
            help=_help(name),
        )
        for name, column in zip(("schedule", "activation"), st.columns(2), strict=True)
    }
    return numbers | choices


def _number(name: str, label: str, place: Any, *, value: Any = None) -> Any:
    setting = _SETTING[name]
    kind = type(setting.default)
    return place.number_input(
        label,
        min_value=kind(setting.metadata["low"]),
        max_value=kind(setting.metadata["high"]),
        value=setting.default if value is None else value,
        format="%g" if kind is float else None,
        step=None if kind is float else 1,
        help=_help(name),
        key=name,
        bind="query-params",
    )


def _help(name: str) -> str:
    """What a setting does, and below it what the words mean."""
    does = _SETTING[name].metadata["help"]
    return f"{does[0].upper()}{does[1:]}.\n\n{glossary.about(*_WORDS.get(name, ()))}"


def _seeds(text: str) -> list[int]:
    try:
        seeds = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        seeds = []
    if not seeds or len(set(seeds)) < len(seeds) or len(seeds) > 10:
        st.error("Seeds are up to ten different whole numbers by comma, like 0, 1, 2.")
        return []
    return seeds


def _preset_words() -> str:
    lines = [
        f"**{name}**: batch size {values['batch_size']}, learning rate {values['lr']:g}, latent size {values['latent_dim']}"
        for name, values in PRESETS.items()
        if name in STUDY
    ]
    words = glossary.about("batch size", "learning rate", "latent size")
    fast = "**fast**, our own: a learning rate that rises and falls once over all epochs; as good after a third of p1's"
    return f"The study's three sets of parameters. {'; '.join(lines)}. {fast}.\n\n{words}"


# ---- cost ---------------------------------------------------------------------------------------------


def cost(chosen: Sequence[RunConfig]) -> Cost:
    """What launching these runs would cost on this machine. Raises VaedashError where that cannot be measured."""
    n_train = _training_images(chosen[0])
    with st.spinner("Measuring how fast this machine is ..."):
        # Only what changes the speed is asked, so that most changes of the form need no new measurement.
        asked = [RunConfig(arch=one.arch, batch_size=one.batch_size, latent_dim=one.latent_dim) for one in chosen]
        measured = _measured(tuple(dict.fromkeys(asked)), min(config.SLOTS, len(chosen)))
    forecasts = [
        forecast.forecast(one, n_train=n_train, images_per_second=speed, parameters=parameters)
        for one, (speed, parameters) in ((one, measured[key]) for one, key in zip(chosen, asked, strict=True))
    ]
    speeds = {
        f"{one.arch} {cost.images_per_second:,.0f} images a second": None
        for one, cost in zip(chosen, forecasts, strict=True)
    }
    return Cost(
        seconds=forecast.wall_seconds(forecasts), disk=sum(one.disk for one in forecasts), speeds=", ".join(speeds)
    )


@st.cache_data(ttl=3600, show_spinner=False)
def _measured(asked: tuple[RunConfig, ...], sharing: int) -> dict[RunConfig, tuple[float, int]]:
    return dict(zip(asked, forecast.measure(asked, sharing=sharing, data_dir=places.data_dir()), strict=True))


def _training_images(one: RunConfig) -> int:
    known = datasets.TRAINING_IMAGES.get(one.dataset)
    total = known or len(datasets.load(one.dataset, data_dir=places.data_dir()).train)
    return max(1, round(total * one.fraction))


# ---- what a person may do with a run ------------------------------------------------------------------


def manage(run: Run) -> None:
    """One run in a list: its state, and behind it rename, tag, run again with changes, archive."""
    with st.expander(f"{components.plain(components.name_with_tags(run))}: {run.status}"):
        components.status_line(run)
        created = run.created[:16].replace("T", " ")
        st.caption(f"{run.id}, created {created} UTC, {len(run.epochs)} epochs{components.elsewhere(run)}")
        if run.settings is None or places.read_only():
            return
        st.text_input("Name", run.name, key=f"rename-{run.id}", max_chars=60)
        st.text_input("Tags", ", ".join(run.tags), key=f"tags-{run.id}", max_chars=120, help="By comma.")
        row = st.container(horizontal=True)
        row.button("Save", key=f"save-{run.id}", on_click=_save, args=(run,))
        row.button("Duplicate with changes", key=f"copy-{run.id}", on_click=_copy_into_form, args=(run,))
        if run.status in schema.RESUMABLE:
            row.button("Resume", key=f"again-{run.id}", on_click=_resume, args=(run,))
        if run.archived:
            row.button("Restore", key=f"restore-{run.id}", on_click=_archive, args=(run, False))
        elif not run.active:
            with row.popover("Archive"):
                st.write("It leaves all lists; nothing is deleted, and it can be restored.")
                st.button("Archive it", key=f"archive-{run.id}", on_click=_archive, args=(run, True))


@visitors.change
def _save(run: Run) -> None:
    name, tags = st.session_state[f"rename-{run.id}"], st.session_state[f"tags-{run.id}"]
    run.write_notes(name=name, tags=[tag.strip() for tag in tags.split(",") if tag.strip()])


@visitors.change
def _resume(run: Run) -> None:
    launch.resume(run.reread(), data_dir=places.data_dir())


@visitors.change
def _archive(run: Run, archived: bool) -> None:
    run.write_notes(archived=archived)


def _copy_into_form(run: Run) -> None:
    one = run.config
    for name in ("epochs", "fraction", "beta", "kl_warmup", "patience", "min_delta", "monitor", "pixel_order"):
        st.session_state[name] = getattr(one, name)
    st.session_state.update(preset=one.preset or "own", archs=[one.arch], seeds=str(one.seed))
    if one.dataset in DATASETS:
        st.session_state.dataset = one.dataset
    if one.preset is None:
        for name in PRESETS["fast"]:  # the preset that says most
            st.session_state[name] = getattr(one, name)
