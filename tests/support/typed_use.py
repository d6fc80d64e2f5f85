"""What docs/notebook.md shows, as a type checker sees it: nobody runs this, `mypy` reads it with the package (pyproject.toml)."""

from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import vaedash
from vaedash.config import RunConfig
from vaedash.notebook import Comparison, Model, Pictures, Run, Runs
from vaedash.runs import Status


def trained() -> None:
    """One is a run, several are a list; settings have names, and go on from numpy and pathlib."""
    assert_type(vaedash.train("conv", epochs=5), Run)
    assert_type(
        vaedash.train(Path("own.py"), dataset=Path("photos"), latent_dim=np.int64(16), lr=np.float32(0.01)), Run
    )
    assert_type(vaedash.train(epochs=5, preset="p2"), Runs)
    assert_type(vaedash.train(["fc", Path("own.py")], match=("weights", "conv"), on="ray", measure=False), Runs)
    vaedash.train("fc", epoch=5)  # type: ignore[call-overload]
    vaedash.train("fc", epochs="5")  # type: ignore[call-overload]
    vaedash.trian("fc")  # type: ignore[attr-defined]


def gone_on_with(fc: Run, conv: Run, both: Runs) -> None:
    assert_type(vaedash.resume(fc), Run)
    assert_type(vaedash.resume("latest", on="ray", measure=False), Run)
    assert_type(vaedash.resume(fc, conv), Runs)
    assert_type(vaedash.resume(*both), Runs)
    assert_type(vaedash.resume(both), Runs)
    assert_type(vaedash.resume([fc, "latest:conv"]), Runs)


def looked_at(fc: Run) -> None:
    several = vaedash.list_runs()
    assert_type(several, Runs)
    assert_type(several[0], Run)
    assert_type(several[:3], Runs)
    assert_type(list(several), list[Run])
    assert_type(vaedash.find("latest:conv"), Run)
    assert_type(fc.id, str)
    assert_type(fc.name, str)
    assert_type(fc.status, Status)
    assert_type(fc.settings, RunConfig)
    assert_type(fc.settings.latent_dim, int)
    assert_type(fc.epochs, int)
    assert_type(fc.test_loss, float | None)
    print(fc.curves()["test_loss"], several.table(), fc.record.epochs[0]["test_loss"])


def compared(fc: Run, conv: Run, both: Runs) -> None:
    assert_type(vaedash.compare(fc, conv), Comparison)
    assert_type(vaedash.compare("latest:fc", "latest:conv").verdict, str)
    assert_type(vaedash.compare(both).grounds, str)
    vaedash.compare(*both[:2]).report(Path("both.html"))
    vaedash.compare([fc, conv]).figure.write_html("curves.html")


def drawn(drawing: Run | Model) -> None:
    pictures = drawing.generate(np.int64(9), seed=3, temperature=0.5)
    assert_type(pictures, Pictures)
    assert_type(pictures.array, NDArray[np.uint8])
    assert_type(pictures[3], NDArray[np.uint8])
    assert_type(pictures.image(), Image.Image)
    assert_type(pictures.images(), list[Image.Image])
    assert_type(drawing.reconstruct(4).originals, NDArray[np.uint8] | None)
    drawing.reconstruct(of="one.png")
    drawing.reconstruct(of=["one.png", Path("two.png"), Image.open("three.png"), pictures[0]])
    drawing.reconstruct(of=pictures)
    drawing.interpolate("test:2", Path("me.jpg"), 8, method="slerp")
    drawing.interpolate(Image.open("me.jpg"), pictures[9]).save(Path("morph.gif"))


def loaded() -> None:
    assert_type(vaedash.load("models/k3f7qa"), Model)
    assert_type(vaedash.load(Path("k3f7qa"), arch=Path("own.py")).settings, RunConfig)
