"""What came of a run, to the last bit: what is equal in two runs of the same settings, whatever happened to one of them."""

import json
from pathlib import Path
from typing import Any

import torch

from vaedash.runs import Run, weights

TIMING = ("seconds", "images_per_second", "threads")


def tensors(state: Any) -> list[bytes]:
    """Every tensor in a nest of dictionaries and lists, as bytes."""
    if isinstance(state, torch.Tensor):
        return [state.numpy().tobytes()]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list) else ()
    return [data for part in parts for data in tensors(part)]


def weights_of(run: Run, which: str = "last") -> list[bytes]:
    return tensors(weights.load(run, which)["model"])


def losses_of(run: Run, prefix: str = "") -> list[dict[str, str]]:
    """Every figure but the timing ones, to the last bit."""
    return [
        {key: float(value).hex() for key, value in row.items() if key not in TIMING and key.startswith(prefix)}
        for row in run.epochs
    ]


def result_of(run: Run) -> dict[str, Any]:
    """All that must be equal, bit for bit, in two runs of the same settings."""
    last, best = weights.load(run, "last"), weights.load(run, "best")
    return {
        "losses": losses_of(run),
        "outcome": (run.status, run.sentence),
        "last weights": tensors(last["model"]),
        "best weights": tensors(best["model"]),
        "best epoch": best["epoch"],
        "optimizer": tensors(last["optimizer"]),
        "what each latent said": run.figures.kl_by_latent().tobytes(),
        "pictures": {file.name: file.read_bytes() for file in (run.path / "samples").glob("*.png")},
    }


def differences(a: Run | dict[str, Any], b: Run) -> list[str]:
    """In what two runs differ that should be equal; the first may be given as its result."""
    of_a, of_b = a if isinstance(a, dict) else result_of(a), result_of(b)
    return [what for what in of_a if of_a[what] != of_b[what]]


def strict_json(path: Path) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} in {path.name}")

    return json.loads(path.read_bytes(), parse_constant=refuse)
