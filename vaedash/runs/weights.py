"""A run's weights as tensors: checked against their SHA-256 before anything is read out of them."""

import io
from collections.abc import Mapping
from typing import Any

import torch

from vaedash import config, places, storage
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.languages import say
from vaedash.models import archs, own
from vaedash.models.vae import VAE
from vaedash.runs import listing, names
from vaedash.runs.folder import RunFolder
from vaedash.runs.record import Run


def save(run: RunFolder, name: str, state: Mapping[str, Any]) -> None:
    """Write `state` as `name` (`last` or `best`), keeping the previous `last` until it is whole."""
    buffer = io.BytesIO()
    torch.save({"schema": config.SCHEMA, **state}, buffer)
    run.weights.write(name, buffer.getbuffer())


def save_best(run: Run, epoch: int, model: VAE) -> None:
    """Write the weights of the best epoch so far, with the settings from which `archs.build` makes their model again."""
    save(run, names.BEST, {"epoch": epoch, "config": _of_model(run.config), "model": model.state_dict()})


def load(run: RunFolder, name: str) -> dict[str, Any]:
    """The state in `name`.pt, on the CPU.

    Raises FileNotFoundError if it is not there and RunError if it cannot be read or its bytes are not those that were written.
    Nothing in a file is executed: hash first, then torch's reader for plain tensors only.
    """
    try:
        data = run.weights.read(name)
    except FileNotFoundError:
        raise
    except storage.UnfitError as error:
        raise RunError(say("{name}.pt of run {id} {flaw}.", name=name, id=run.id, flaw=error)) from None
    if storage.sha256(data) not in run.weights.digests():
        raise RunError(
            say(
                "{name}.pt of run {id} is damaged: its bytes do not match the SHA-256 kept beside it.",
                name=name,
                id=run.id,
            )
        )
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its readers raise; its own advice is to load unsafely
        raise RunError(say("{name}.pt of run {id} is not a checkpoint of vaedash.", name=name, id=run.id)) from error
    if not isinstance(state, dict) or state.get("schema") != config.SCHEMA:
        raise RunError(say("{name}.pt of run {id} was not written by this version of vaedash.", name=name, id=run.id))
    return state


def load_for_resume(run: RunFolder) -> tuple[dict[str, Any] | None, str]:
    """The newest sound state to go on from, or None where there is none; and a sentence if it is not the last one."""
    damage = ""
    for name in (names.LAST, names.PREVIOUS):
        try:
            return load(run, name), damage
        except FileNotFoundError:
            continue
        except RunError as error:
            damage = f"{error} Going on from what was sound before it."
    return None, damage


def flaw(run: RunFolder, name: str) -> str:
    """What is wrong with `name`.pt, as a sentence; empty where it is sound or not there."""
    try:
        load(run, name)
    except FileNotFoundError:
        return ""
    except RunError as error:
        return str(error)
    return ""


def restore_last(run: RunFolder) -> None:
    """Make the sound `previous` the `last` again; a damaged `last` is set aside as last.pt.damaged."""
    load(run, names.PREVIOUS)
    run.weights.restore(names.LAST, run.weights.read(names.PREVIOUS))


def restore_best(run: Run) -> None:
    """Make the weights of the sound `last` the `best`; a damaged `best` is set aside as best.pt.damaged."""
    state = load(run, names.LAST)
    run.weights.set_aside(names.BEST)
    save(run, names.BEST, {"epoch": state["epoch"], "config": _of_model(run.config), "model": state["model"]})


def load_model(run: Run, *, which: str = names.BEST) -> tuple[VAE, int]:
    """The model of a run with its `best` or `last` weights, in evaluation mode on the CPU, and the epoch they are of.

    Raises RunError if it has no weights, or none that are sound, and as `archs.build`.
    """
    settings = run.config
    own.require_trusted(settings.arch, run=run.id)
    try:
        state = load(run, which)
    except FileNotFoundError:
        others = [other.id for other in listing.list_runs(run.path.parent) if other.weights.has(which)]
        if not others:
            raise RunError(
                say("Run {id} has no weights yet. No run has any yet: train one first.", id=run.id)
            ) from None
        raise RunError(
            say("Run {id} has no weights yet. Runs with weights: {others}.", id=run.id, others=", ".join(others[:8]))
        ) from None
    except RunError as error:
        raise RunError(
            say(
                "{flaw}; {command} doctor says what can be done.",
                flaw=str(error).removesuffix("."),
                command=places.command(),
            )
        ) from error
    model = archs.build(settings)
    try:
        model.load_state_dict(state["model"])
        epoch = state["epoch"]
    except (RuntimeError, KeyError, TypeError) as error:
        raise RunError(
            say(
                "{name}.pt of run {id} holds the weights of another model: put its own back, or train anew.",
                name=which,
                id=run.id,
            )
        ) from error
    return model.eval().requires_grad_(False), epoch


def _of_model(settings: RunConfig) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in config.MODEL_SETTINGS}
