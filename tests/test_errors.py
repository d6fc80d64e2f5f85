"""The catalogue of errors: whatever a person can run into is said in sentences, with what to do about it, and nothing else."""

import ast
import io
import os
import re
import socket
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image

import vaedash
from vaedash import cli, datasets, places, runs, storage
from vaedash.cluster import machines
from vaedash.config import RunConfig
from vaedash.datasets import celeba, cifar10, collection, own
from vaedash.errors import VaedashError
from vaedash.measuring import after, fid
from vaedash.models import archs, latent
from vaedash.runs import weights
from vaedash.training import forecast, hardware, launch, loop
from vaedash.ui import cache

PACKAGE = Path(vaedash.__file__).resolve().parent


class Scene:
    """A place with nothing in it, and quick ways to put something there."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.monkeypatch = home, monkeypatch
        self.folder, self.data = home / "runs", home / "data"
        self.faces = self.data / "celeba"

    def run(self, status: str = "", **settings: object) -> runs.Run:
        run = runs.create(self.folder, RunConfig(latent_dim=2, **settings))
        if status:
            run.write_outcome(status, "It ended.")
        return run.reread()

    def weights(self, **state: object) -> runs.Run:
        run = self.run("stopped")
        weights.save(
            run, "best", {"epoch": 1, "model": archs.build(RunConfig(arch="conv", latent_dim=2)).state_dict()} | state
        )
        return run

    def foreign(self, data: bytes) -> runs.Run:
        run = self.run("stopped")
        (run.path / "best.pt").write_bytes(data)
        (run.path / "best.pt.sha256").write_text(storage.sha256(data))
        return run

    def cli(self, *words: str) -> None:
        """A command, up to the error that it would print."""
        self.monkeypatch.setenv("VAEDASH_RUNS", str(self.folder))
        self.monkeypatch.setenv("VAEDASH_DATA", str(self.data))
        arguments = cli.parser().parse_args(words)
        arguments.command(arguments)

    def ray(self) -> None:
        """Ray, as far as it is looked for."""
        self.monkeypatch.setattr(machines, "find_spec", lambda _: object())
        self.monkeypatch.setattr(machines, "version", lambda _: "2.60.0")

    def files(self, where: str, **files: bytes) -> Path:
        path = self.home / where
        path.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (path / name.replace("__", ".").replace("_in_", "/")).parent.mkdir(exist_ok=True)
            (path / name.replace("__", ".").replace("_in_", "/")).write_bytes(data)
        return path

    def drawn(self, **settings: object) -> runs.Run:
        """A run with weights on images that it knows."""
        path = self.files("own", **{f"{number}__png": picture(number) for number in range(20)})
        run = self.run("stopped", dataset=str(path), **settings)
        dataset = datasets.load(str(path), data_dir=self.data)
        run.add_facts({"dataset": {"fingerprint": dataset.fingerprint}})
        weights.save(run, "best", {"epoch": 1, "model": archs.build(RunConfig(arch="conv", latent_dim=2)).state_dict()})
        return run.reread()


def picture(level: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("L", (32, 32), level).save(file, "PNG")
    return file.getvalue()


def torch_file(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def held(path: Path, action: Callable[[], object]) -> None:
    with FileLock(path / "lock"):
        action()


def faces(scene: Scene, count: int, partition: str | None = None, data: bytes | None = None) -> Path:
    scene.files("data/celeba", **{f"{number:06}__png": data or picture(number) for number in range(1, count + 1)})
    if partition is not None:
        (scene.faces / "list_eval_partition.txt").write_text(partition)
    return scene.data


def locked_zip(scene: Scene) -> Path:
    path = scene.files("locked") / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", picture())
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


def may_not_be_read(scene: Scene) -> Path:
    scene.monkeypatch.setattr(os, "access", lambda *_: False)
    return scene.files("own", a__png=picture())


def refused(scene: Scene, what: object, name: str, error: Exception) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    scene.monkeypatch.setattr(what, name, refuse)


def refused_nothing(scene: Scene, what: object, name: str) -> None:
    scene.monkeypatch.setattr(what, name, lambda *_: None)


def blank(count: int) -> np.ndarray:
    return np.zeros((count, 3, 32, 32), np.uint8)


def table(path: Path, **columns: list) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


def celeba_of(scene: Scene, count: int, partition: str | None = None, data: bytes | None = None) -> object:
    return celeba.read(faces(scene, count, partition, data), fraction=1.0)


def zipped(scene: Scene, name: str, **files: bytes) -> Path:
    path = scene.files("zips") / name
    with zipfile.ZipFile(path, "w") as archive:
        for inside, data in files.items():
            archive.writestr(inside.replace("__", "."), data)
    return path


# Where an error is raised (file: function), and what makes it so, one for each `raise` there.
CATALOGUE: dict[str, list[Callable[[Scene], object]]] = {
    "aftermath.py: measure": [
        lambda at: (
            (run := at.drawn())
            and (at.home / "own" / "3.png").write_bytes(picture(77))
            and after.measure(run, data_dir=at.data)
        )
    ],
    "bench/ui.py: open_browser": [],  # in test_browser.py's place: what is missing on a machine
    "weights.py: load": [
        lambda at: (
            (at.foreign(b"x").path / "best.pt.sha256").write_text("0" * 64)
            and weights.load(runs.list_runs(at.folder)[0], "best")
        ),
        lambda at: weights.load(at.foreign(b"x"), "best"),
        lambda at: weights.load(at.foreign(torch_file([1])), "best"),
    ],
    "weights.py: load_model": [
        lambda at: weights.load_model(at.foreign(b"x")),
        lambda at: weights.load_model(at.run()),
        lambda at: weights.load_model(at.weights(model={})),
    ],
    "cli/keeping.py: stop": [lambda at: at.cli("stop", at.run("finished").id)],
    "cli/keeping.py: archive": [lambda at: at.cli("archive", at.run().id)],
    "cli/keeping.py: restore": [lambda at: at.cli("restore", at.run("finished").id)],
    "cli/keeping.py: export": [
        lambda at: at.cli("export", "tensorboard", at.run().id, "--out", str(at.files("x", y=b"") / "y"))
    ],
    "cli/measuring.py: evaluate": [
        lambda at: (
            (run := at.drawn()) and (at.home / "own" / "3.png").write_bytes(picture(77)) and at.cli("evaluate", run.id)
        )
    ],
    "cli/drawing.py: _end_point": [
        lambda at: at.cli("interpolate", at.drawn().id, "--out", str(at.home / "x.png"), "--from", "random:-1"),
        lambda at: at.cli("interpolate", at.drawn().id, "--out", str(at.home / "x.png"), "--from", "test:99"),
        lambda at: at.cli("interpolate", at.drawn().id, "--out", str(at.home / "x.png"), "--from", "nothing"),
        lambda at: at.cli(
            *("interpolate", at.drawn().id, "--out", str(at.home / "x.png")),
            *("--from", str(at.files("text", x__png=b"no") / "x.png")),
        ),
    ],
    "cli/drawing.py: _check_out": [
        lambda at: at.cli("generate", at.drawn().id, "--out", str(at.home / "x.jpg")),
        lambda at: at.cli("generate", at.drawn().id, "--out", str(at.home / "none" / "x.png")),
    ],
    "cli/training.py: _together": [
        lambda at: (
            at.monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1"),
            at.cli("train", "--on", "ray"),
        )
    ],
    "cli/parsing.py: error": [lambda at: at.cli("frobnicate")],
    "cli/terminal.py: runs_dir": [lambda at: (at.folder.write_text(""), at.cli("runs"))],
    "cli/terminal.py: listed": [lambda at: at.cli("sweep", "--seeds", "0,0")],
    "cli/terminal.py: whole": [lambda at: at.cli("sweep", "--seeds", "one")],
    "cluster/machines.py: look": [
        lambda at: (at.monkeypatch.setitem(sys.modules, "ray", None), machines.look("ray")),
        lambda at: (at.ray(), machines.look("ray://127.0.0.1:9")),
        lambda at: (
            at.ray(),
            at.monkeypatch.setattr(socket, "create_connection", lambda *_, **__: socket.socket()),
            at.monkeypatch.setattr(
                subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stdout="Version mismatch\n")
            ),
            machines.look("ray://head.example:8265"),
        ),
    ],
    "places.py: checked_place": [lambda at: places.checked_place("mars")],
    "places.py: _address_in": [lambda at: (at.monkeypatch.setenv("RAY_ADDRESS", "auto"), places.ray_address("ray"))],
    "config.py: __post_init__": [lambda at: RunConfig(preset="p1", lr=0.5)],
    "settings.py: check": [
        lambda at: RunConfig(arch="gan"),
        lambda at: RunConfig(epochs=1.5),
        lambda at: RunConfig(lr=0),
        lambda at: RunConfig(dataset=""),
    ],
    "datasets/__init__.py: load": [lambda at: datasets.load("cifar10", data_dir=at.data, download=False)],
    "datasets/__init__.py: _path_stamp": [lambda at: datasets.load(str(at.home / "none"), data_dir=at.data)],
    "datasets/celeba.py: read": [
        lambda at: celeba.read(at.data, fraction=1.0),
        lambda at: celeba_of(at, 9, data=b"no"),
    ],
    "datasets/celeba.py: _open_faces": [
        lambda at: celeba_of(at, 0),
        lambda at: (
            zipped(at, "img_align_celeba.zip", x__txt=b"x"),
            at.files("data/celeba", **{"a__zip": (at.home / "zips" / "img_align_celeba.zip").read_bytes()}),
            celeba.read(at.data, fraction=1.0),
        ),
    ],
    "datasets/celeba.py: _partition_in": [lambda at: celeba_of(at, 3, "<html>"), lambda at: celeba_of(at, 3, "")],
    "datasets/celeba.py: _split_at_random": [lambda at: celeba_of(at, 1)],
    "datasets/celeba.py: _split_officially": [
        lambda at: celeba_of(at, 3, "000001.jpg 0\n"),
        lambda at: celeba_of(at, 1, "000001.jpg 0\n000002.jpg 2\n"),
    ],
    "datasets/cifar10.py: read": [
        lambda at: cifar10.read(at.files("data", **{"cifar-10-python__tar__gz": b"half"})),
    ],  # the second: a sound archive that cannot be unpacked, a disk that lies
    "datasets/cifar10.py: _download": [
        lambda at: (at.monkeypatch.setenv(cifar10.MIRROR, "http://localhost:9/x"), cifar10.read(at.data)),
    ],
    "datasets/collection.py: open_collection": [
        lambda at: (
            refused(at, zipfile, "ZipFile", PermissionError(13, "Permission denied")),
            collection.open_collection(at.files("own", a__zip=b"x") / "a.zip").__enter__(),
        ),
        lambda at: collection.open_collection(at.files("own", a__zip=b"<html>") / "a.zip").__enter__(),
    ],
    "datasets/collection.py: _folder": [
        lambda at: (
            refused(at, os, "scandir", PermissionError(13, "Permission denied")),
            collection.open_collection(at.files("own")).__enter__(),
        )
    ],
    "datasets/collection.py: _zip": [lambda at: own.read(locked_zip(at))],
    "datasets/own.py: read": [
        lambda at: own.read(at.home / "none"),
        lambda at: own.read(may_not_be_read(at)),
        lambda at: own.read(at.files("own", a__heic=b"x")),
    ],
    "datasets/own.py: _choose": [lambda at: own.read(at.files("own", test_in_a__png=picture()))],
    "datasets/own.py: _source": [
        lambda at: own.read(at.files("own", test_in_a__png=b"", train_in_a__png=picture())),
    ],
    "datasets/own.py: _divide": [lambda at: own.read(at.files("own", a__png=picture()))],
    "datasets/own.py: _open_parquet": [lambda at: own.read(at.files("own", x__parquet=b"PAR1") / "x.parquet")],
    "datasets/own.py: _image_column": [lambda at: own.read(table(at.files("own") / "x.parquet", words=["a"]))],
    "export.py: to_tensorboard": [
        lambda at: (
            at.monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None),
            at.cli("export", "tensorboard", at.run().id, "--out", str(at.home / "out")),
        )
    ],
    "forecast.py: measure": [
        lambda at: (
            at.monkeypatch.setattr(
                subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stderr="a\nOSError: no memory")
            ),
            forecast.measure([RunConfig()], sharing=1, data_dir=at.data),
        )
    ],
    "hardware.py: _device": [
        lambda at: (
            at.monkeypatch.setattr(torch.cuda, "is_available", lambda: False),
            hardware.choose(RunConfig(device="cuda"), sharing=1, data_dir=at.data),
        )
    ],
    "hardware.py: _here": [
        lambda at: (
            at.monkeypatch.setattr(torch.cuda, "is_available", lambda: True),
            hardware.choose(
                RunConfig(device="cuda", precision="fp32"),
                sharing=1,
                data_dir=at.data,
                team=SimpleNamespace(local_size=2),
            ),
        )
    ],
    "latent.py: path": [
        lambda at: latent.path(torch.zeros(2), torch.ones(2), steps=1, method="linear"),
        lambda at: latent.path(torch.zeros(2), torch.ones(2), steps=5, method="cubic"),
    ],
    "launch.py: line_up": [
        lambda at: (run := at.run()) and held(run.path, lambda: launch.start([run], data_dir=at.data))
    ],
    "launch.py: require_resumable": [
        lambda at: (
            (run := at.run("stopped")),
            (run.path / "metrics.json").write_text("{"),
            launch.require_resumable(run.reread()),
        ),
        lambda at: launch.require_resumable(at.run("finished")),
        lambda at: launch.require_resumable(at.run("diverged")),
        lambda at: launch.require_resumable(at.run()),
    ],
    "launch.py: claim": [lambda at: (run := at.run()) and held(run.path, lambda: run.claim().__enter__())],
    "fid.py: measure": [
        lambda at: (
            refused_nothing(at, fid, "_scorer"),
            fid.measure(
                archs.build(RunConfig(arch="conv", latent_dim=2)),
                datasets.Dataset(name="one", train=blank(9), test=blank(9), fingerprint="ab12"),
                latent_dim=2,
                count=100,
                data_dir=at.data,
            ),
        )
    ],
    "fid.py: weights": [
        lambda at: (refused(at, torch.hub, "download_url_to_file", OSError("no route to host")), fid.weights(at.data)),
        lambda at: fid.weights(at.files("data", **{f"{Path(fid.URL).stem}__pth": b"x"})),
    ],
    "fid.py: _scorer": [lambda at: (at.monkeypatch.setitem(sys.modules, "torch_fidelity", None), fid._scorer(at.data))],
    "models/__init__.py: _architecture": [lambda at: archs.build(RunConfig(arch="gan", latent_dim=2))],
    "runs.py: find": [
        lambda at: runs.find(at.folder, "latest"),
        lambda at: [at.run().write_notes(name="twin") for _ in range(2)] and runs.find(at.folder, "twin"),
        lambda at: at.run() and runs.find(at.folder, "nobody"),
    ],
    "runs.py: require_settings": [
        lambda at: (
            (run := at.run()),
            (run.path / "config.json").write_text("{"),
            run.reread().config,
        )
    ],
    "train.py: of": [
        lambda at: loop.Split.of(
            datasets.Dataset(
                name="one", train=np.zeros((1, 3, 32, 32)), test=np.zeros((1, 3, 32, 32)), fingerprint="ab12"
            ),
            RunConfig(monitor="val", val_fraction=0.5),
            "cpu",
        )
    ],
    "train.py: follow": [
        lambda at: loop.follow(
            SimpleNamespace(
                begun=lambda: (
                    RunConfig(
                        dataset=str(at.files("own", **{f"{number}__png": picture(number) for number in range(9)}))
                    ),
                    SimpleNamespace(apply=lambda: None),
                    "ab12",
                    None,
                )
            ),
            data_dir=at.data,
        )
    ],
    "train.py: _require_same_images": [
        lambda at: loop._require_same_images(
            at.drawn(),
            datasets.Dataset(name="own", train=np.zeros(1), test=np.zeros(1), fingerprint="ab12"),
            resumed=True,
        )
    ],
    "ui/cache.py: test_images": [
        lambda at: cache.test_images(at.run(dataset="photos")),
        lambda at: (
            (run := at.drawn()),
            (at.home / "own" / "3.png").write_bytes(picture(77)),
            at.monkeypatch.setenv("VAEDASH_DATA", str(at.data)),
            cache.test_images(run),
        ),
    ],
}
# What a machine lacks, and a disk that lies: (raises of a place that have no case above).
NOT_MADE_HERE = {"bench/ui.py: open_browser": 2, "datasets/cifar10.py: read": 1}

# Who calls these says what to do: `load_model` and `load_for_resume`; the pages, which show what there is instead.
ADDED_TO = ("weights.py: load", "ui/cache.py: test_images")

# Words that say what is allowed, what there is, what is kept or what to do.
HELP = re.compile(
    r"must be|must end|pip install|"
    r"takes? |is one of|one of |Give |give |[Tt]ry|[Tt]rain|[Ss]tart|[Rr]esume|[Pp]ut |[Cc]hange|[Dd]ownload|stop it first"
    r"|unpack|delete|[Uu]pdate|Available|Runs: |Runs with weights|No run has any|nothing to|doctor|raise --|leave the preset"
    r"|[Cc]hoose|at least|[Ww]ait|Need a folder|need a folder|is the first|no folder"
)


def raises() -> Counter[str]:
    """How often each function raises an error that is meant for a person."""
    found: Counter[str] = Counter()

    def walk(node: ast.AST, name: str, file: Path) -> None:
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, ast.FunctionDef) else name
            if isinstance(child, ast.Raise) and isinstance(child.exc, ast.Call):
                raised = getattr(child.exc.func, "id", "")
                if raised in ("VaedashError", "UsageError", "DatasetError", "RunError"):
                    found[f"{file.relative_to(PACKAGE).as_posix()}: {inside}"] += 1
            walk(child, inside, file)

    for file in sorted(PACKAGE.rglob("*.py")):
        walk(ast.parse(file.read_bytes()), "", file)
    return found


def test_every_place_that_raises_an_error_for_a_person_is_in_the_catalogue():
    there = raises()
    assert {place: count - NOT_MADE_HERE.get(place, 0) for place, count in there.items()} == {
        place: len(cases) for place, cases in CATALOGUE.items()
    }


@pytest.mark.parametrize(
    ("place", "number"),
    [(place, number) for place, cases in CATALOGUE.items() for number in range(len(cases))],
    ids=lambda value: str(value).replace(" ", ""),
)
@pytest.mark.usefixtures("torch_as_it_was")
def test_an_error_is_sentences_that_say_what_is_wrong_and_what_to_do(tmp_path, monkeypatch, place, number):
    with pytest.raises(VaedashError) as caught:
        CATALOGUE[place][number](Scene(tmp_path, monkeypatch))
    raised = caught.traceback[-1]
    assert f"{Path(raised.path).name}: {raised.name}" == place.rpartition("/")[2]
    said = str(caught.value)
    assert said.endswith((".", "--help")) or re.search(r"python -m vaedash [\w -]+$|\w\.\w+$", said), said
    assert "\n" not in said and len(said) < 700
    for inner in ("Traceback", "Errno", "object at 0x", "Exception", "weights_only", "pickle"):
        assert inner not in said, said
    # Only places that the person gave.
    for path in re.findall(r"(?<![\w:/.])/[\w./-]+", said):
        assert path.startswith((str(tmp_path), str(places.PROJECT_ROOT))), said
    assert HELP.search(said) or place in ADDED_TO, said
