"""A run's weights on disk: written whole, checked against their SHA-256 before anything is read out of them."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vaedash import config, models, runs, storage
from vaedash.errors import RunError
from vaedash.models import VAE
from vaedash.runs import Run


def save(path: Path, name: str, state: Mapping[str, Any]) -> None:
    """Write `state` as `name` (`last` or `best`) into run directory `path`, keeping the previous `last` until it is whole."""
    buffer = io.BytesIO()
    torch.save({"schema": config.SCHEMA, **state}, buffer)
    runs.write_weights(path, name, buffer.getbuffer())


def load(path: Path, name: str) -> dict[str, Any]:
    """The state in `name`.pt of run directory `path`, on the CPU.

    Raises FileNotFoundError if it is not there and RunError if its bytes are not those that were written.
    Nothing in a file is executed: hash first, then torch's reader for plain tensors only.
    """
    data = (path / f"{name}.pt").read_bytes()
    if storage.sha256(data) not in runs.known_digests(path):
        raise RunError(f"{name}.pt of run {path.name} is damaged: its bytes do not match the SHA-256 kept beside it.")
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its readers raise; its own advice is to load unsafely
        raise RunError(f"{name}.pt of run {path.name} is not a checkpoint of vaedash.") from error
    if not isinstance(state, dict) or state.get("schema") != config.SCHEMA:
        raise RunError(f"{name}.pt of run {path.name} was not written by this version of vaedash.")
    return state


def load_for_resume(path: Path) -> tuple[dict[str, Any] | None, str]:
    """The newest sound state to go on from, or None where there is none; and a sentence if it is not the last one."""
    damage = ""
    for name in ("last", "previous"):
        try:
            return load(path, name), damage
        except FileNotFoundError:
            continue
        except RunError as error:
            damage = f"{error} Going on from what was sound before it."
    return None, damage


def flaw(path: Path, name: str) -> str:
    """What is wrong with `name`.pt of run directory `path`, as a sentence; empty where it is sound or not there."""
    try:
        load(path, name)
    except FileNotFoundError:
        return ""
    except RunError as error:
        return str(error)
    except OSError as error:
        return f"{name}.pt of run {path.name} cannot be read ({error.strerror})."
    return ""


def restore_last(path: Path) -> None:
    """Make the sound `previous` the `last` again; a damaged `last` is set aside as last.pt.damaged."""
    load(path, "previous")
    data = (path / "previous.pt").read_bytes()
    _set_aside(path / "last.pt")
    storage.write_bytes(path / "last.pt.sha256", f"{storage.sha256(data)}  last.pt\n".encode())
    storage.write_bytes(path / "last.pt", data)


def restore_best(path: Path) -> None:
    """Make the weights of the sound `last` the `best`; a damaged `best` is set aside as best.pt.damaged."""
    state = load(path, "last")
    _set_aside(path / "best.pt")
    save(path, "best", {"epoch": state["epoch"], "model": state["model"]})


def _set_aside(file: Path) -> None:
    if file.exists():
        storage.replace(file, file.with_name(f"{file.name}.damaged"))


def load_model(run: Run, *, which: str = "best") -> tuple[VAE, int]:
    """The model of a run with its `best` or `last` weights, in evaluation mode on the CPU, and the epoch they are of.

    Raises RunError if it has no weights, or none that are sound.
    """
    settings = runs.require_settings(run)
    try:
        state = load(run.path, which)
    except FileNotFoundError:
        others = [other.id for other in runs.list_runs(run.path.parent) if (other.path / f"{which}.pt").exists()]
        hint = f"Runs with weights: {', '.join(others[:8])}." if others else "No run has any yet."
        raise RunError(f"Run {run.id} has no weights yet. {hint}") from None
    except RunError as error:
        raise RunError(f"{str(error).removesuffix('.')}; python -m vaedash doctor says what can be done.") from error
    model = models.build(settings.arch, settings.latent_dim, settings.activation, settings.pixel_order)
    try:
        model.load_state_dict(state["model"])
        epoch = state["epoch"]
    except (RuntimeError, KeyError, TypeError) as error:
        raise RunError(
            f"{which}.pt of run {run.id} holds the weights of another model: put its own back, or train anew."
        ) from error
    return model.eval().requires_grad_(False), epoch
