"""The form on the Train page: settings of runs as a person makes them, from nothing, from a link or from another run."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import streamlit as st

from vaedash import config, glossary, places, text
from vaedash.comparing import results
from vaedash.config import PRESET_SETTINGS, PRESETS, SETTINGS, STUDY, RunConfig
from vaedash.errors import VaedashError
from vaedash.languages import say, to_say
from vaedash.runs import Run
from vaedash.settings import Choice, Group, Number, Setting, Value
from vaedash.ui import components, sets, visitors

_ON_TOP = ("dataset", "preset", "arch", "epochs", "seed")  # each with a place, most with a widget of their own


def settings() -> tuple[list[RunConfig], str]:
    """The runs that the form describes, one for each architecture and seed; or none, and in words why there can be none."""
    if places.read_only():
        st.info(say(visitors.LOOK_ON), icon=":material/visibility:")
        return [], say("Training is switched off here.")
    dataset, lack = sets.choose()
    preset = components.choice(
        say(SETTINGS["preset"].label),
        {name: name for name in (*PRESETS, config.OWN_VALUES)},
        default=str(SETTINGS["preset"].offered),
        key="preset",
        help=_preset_words(),
        kept=True,
    )
    archs = st.pills(
        say(SETTINGS["arch"].label),
        list(config.ARCHS),
        default=list(config.PAIR),
        selection_mode="multi",
        key="archs",
        bind="query-params",
        persist_state="session",
        wrap=True,
    )
    first, second = st.columns(2)
    with first:
        given = {"epochs": _field(SETTINGS["epochs"], preset)}
    with second:
        written = st.text_input(
            say(SETTINGS["seed"].label),
            SETTINGS["seed"].defaults,
            key="seeds",
            bind="query-params",
            persist_state="session",
            help=say("One run for each, by comma.\n\n{about}", about=glossary.about(*SETTINGS["seed"].words)),
        )
    seeds = _seeds(written)
    if preset in PRESETS:
        given["preset"] = preset
    else:
        given |= _own_values()
    with st.expander(say("More settings")):
        given |= {setting.name: _field(setting, dataset) for setting in _more(dataset)}
    lacks = [
        lack,
        "" if archs else say("No architecture is chosen."),
        "" if seeds else say("The seeds cannot be read."),
    ]
    if reason := " ".join(filter(None, lacks)):
        return [], reason
    try:
        return [RunConfig.build(dataset=dataset, arch=arch, seed=seed, **given) for seed in seeds for arch in archs], ""
    except VaedashError as error:
        return [], str(error)


def copy(run: Run) -> None:
    """Set the form to the settings of a run; for a callback. The page executes no source that a run brings: of an architecture of
    somebody's own, it says so.
    """
    if config.is_own(run.config.arch):
        visitors.tell(
            say(
                "{name} is an architecture of somebody's own: such a run is trained again from the command line or in Python, with "
                "the path of its file. The report and the table on Compare have the command.",
                name=config.spoken(run.config.arch),
            )
        )
        return
    asked = run.config.to_json() | {"dataset": results.dataset_again(run)}
    for name, value in asked.items():
        if name not in ("arch", "preset", "seed") and value is not None:
            st.session_state[name] = SETTINGS[name].kind(value)
            st.session_state.pop(_before(name), None)  # what was copied is meant, be it what another preset offers
    st.session_state.update(
        preset=run.config.preset or config.OWN_VALUES, archs=[run.config.arch], seeds=str(run.config.seed)
    )
    called = components.plain(text.brief(run.name))
    visitors.tell(say("The form above now has the settings of {name}.", name=called))


def start_over() -> None:
    """A button that sets all of the form back to what it offered first."""
    if not places.read_only():
        st.button(say("Start over"), key="start-over", type="tertiary", icon=":material/undo:", on_click=_empty)


def _empty() -> None:
    preset = str(SETTINGS["preset"].offered)
    for name in filter(st.session_state.__contains__, SETTINGS):
        setting = SETTINGS[name]
        offered = setting.offered_with(preset, sets.FIRST) if isinstance(setting, Number) else setting.default
        st.session_state[name] = offered if offered is None else setting.kind(offered)
        st.session_state.pop(_before(name), None)
    st.session_state.update(
        dataset=sets.FIRST, preset=preset, archs=list(config.PAIR), seeds=SETTINGS["seed"].defaults, name=""
    )
    sets.forget()


def place() -> str:
    """Where to train: here, unless this page's owner has named a cluster and the person chooses that."""
    cluster = places.cluster()
    if cluster is None or places.read_only():
        return places.LOCAL
    here, there = to_say("this machine"), to_say("the cluster")
    chosen = st.segmented_control(
        say("Where"),
        [here, there],
        default=here,
        required=True,
        key="where",
        format_func=lambda place: say(place),
        help=say(
            "On the cluster, each run has a share of some machine's processor, or half a GPU; all that it writes arrives here."
        ),
        wrap=True,
    )
    return cluster if chosen == there else places.LOCAL


def name() -> str:
    """What to call the runs; empty where that is left to vaedash."""
    if places.read_only():
        return ""
    return st.text_input(
        say("Name"),
        placeholder=say("chosen for you if you leave it empty"),
        max_chars=text.LONGEST_NAME,
        key="name",
        persist_state="session",
    )


def whole_sweep(chosen: Sequence[RunConfig]) -> list[RunConfig]:
    """The study's presets with FC and conv, in all else as the form says; nothing where it describes no run."""
    if not chosen:
        return []
    varied = ("arch", "preset", "seed", "widths", *PRESET_SETTINGS)
    shared = {name: value for name, value in chosen[0].to_json().items() if name not in varied}
    seeds = sorted({settings.seed for settings in chosen})
    return [
        RunConfig.build(preset=preset, arch=arch, seed=seed, **shared)
        for preset in STUDY
        for seed in seeds
        for arch in config.PAIR
    ]


def _own_values() -> dict[str, Value | None]:
    own = [SETTINGS[name] for name in PRESET_SETTINGS]
    numbers = [setting for setting in own if isinstance(setting, Number)]
    values: dict[str, Value | None] = {}
    for number, column in zip(numbers, st.columns(len(numbers)), strict=True):
        with column:
            values[number.name] = _field(number)
    with st.container(horizontal=True, gap="small"):  # each as wide as its choices are
        values |= {setting.name: _field(setting) for setting in own if isinstance(setting, Choice)}
    return values


def _more(dataset: str | None) -> Iterator[Setting]:
    """The settings below the others, group by group; those that make nothing else of these pictures are left out, and the rare ones
    are there only where a copied run has a value of its own."""
    idle = {*config.FRAME_SETTINGS} - {*config.framed_by(dataset)} if dataset else set()
    for group in Group:
        for name, setting in SETTINGS.items():
            unasked = setting.rare and st.session_state.get(name, setting.default) == setting.default
            if setting.group is group and name not in (*_ON_TOP, *PRESET_SETTINGS, *idle) and not unasked:
                yield setting


def _field(setting: Setting, *chosen: str | None) -> Value | None:
    """The widget of a setting; `chosen` are the preset and the dataset that may bring a default of their own."""
    # A link to the form says the numbers, and what a preset may say.
    linked = setting.name in PRESET_SETTINGS or (isinstance(setting, Number) and not setting.rare)
    bind: Literal["query-params"] | None = "query-params" if linked else None
    if isinstance(setting, Number):
        offered = setting.offered_with(*chosen)
        _follow(setting.name, offered)
        kind: Callable[[float], float] = setting.kind
        return st.number_input(
            say(setting.label),
            min_value=kind(setting.low),
            max_value=kind(setting.high),
            value=kind(offered),
            format="%g" if kind is float else None,
            step=None if kind is float else 1,
            key=setting.name,
            bind=bind,
            persist_state="session",
            help=_help(setting),
        )
    if isinstance(setting, Choice):
        choices: Sequence[Value] = setting.choices
        return st.segmented_control(
            say(setting.label),
            choices,
            format_func=lambda choice: say(str(choice)),
            default=setting.default,
            required=True,
            key=setting.name,
            bind=bind,
            persist_state="session",
            help=_help(setting),
            wrap=True,
        )
    return st.text_input(
        say(setting.label),
        setting.defaults,
        key=setting.name,
        bind=bind,
        persist_state="session",
        help=_help(setting),
    )


def _follow(name: str, offered: float) -> None:
    """A number that nobody has changed goes along when another preset or dataset offers another one."""
    before = st.session_state.get(_before(name), offered)
    if before != offered and st.session_state.get(name) == before:
        st.session_state[name] = offered
    st.session_state[_before(name)] = offered


def _before(name: str) -> str:
    """The key under which it is kept what the form offered last."""
    return f"{name}-offered"


def _help(setting: Setting) -> str:
    """What a setting does, and below it what the words mean."""
    about = say(setting.help)
    return f"{about[0].upper()}{about[1:]}.\n\n{glossary.about(*setting.words)}"


def _seeds(written: str) -> list[int]:
    try:
        seeds = [int(part) for part in written.split(",") if part.strip()]
    except ValueError:
        seeds = []
    if not seeds or len(set(seeds)) < len(seeds) or len(seeds) > 10:
        st.error(say("Seeds are up to ten different whole numbers by comma, like 0, 1, 2."))
        return []
    return seeds


def _preset_words() -> str:
    lines = [
        say(
            "**{name}**: batch size {batch_size}, learning rate {lr:g}, latent size {latent_dim}",
            name=name,
            batch_size=values["batch_size"],
            lr=values["lr"],
            latent_dim=values["latent_dim"],
        )
        for name, values in PRESETS.items()
        if name in STUDY
    ]
    words = glossary.about(*SETTINGS["preset"].words)
    fast = say(
        "**fast**, our own: another optimizer, and a learning rate that rises and falls once over all epochs, fewer of which it needs"
    )
    return say(
        "Values that go together; {presets} are the study's. {lines}. {fast}.\n\n{words}",
        presets=", ".join(STUDY),
        lines="; ".join(lines),
        fast=fast,
        words=words,
    )
