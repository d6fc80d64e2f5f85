"""The catalogue of errors: whatever a person can run into is said in sentences, with what to do about it, and nothing else."""

import ast
import gzip
import io
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import own_arch
import pytest
import safetensors.torch
import torch
import torchvision
from filelock import FileLock
from huggingface_hub import HfApi
from huggingface_hub import errors as hub_errors
from PIL import Image
from tuned import trial

import vaedash
from vaedash import cli, datasets, places, runs, settings, storage
from vaedash.bench import ui as bench_ui
from vaedash.cli import training as cli_training
from vaedash.cluster import machines
from vaedash.config import RunConfig
from vaedash.datasets import celeba, cifar10, collection, download, hub, mnist, own, svhn
from vaedash.errors import VaedashError
from vaedash.languages import speech, spoken
from vaedash.measuring import after, fid
from vaedash.models import archs, exported, graphs, latent, matching
from vaedash.models import own as own_archs
from vaedash.runs import tunings, views, weights
from vaedash.training import batches, forecast, hardware, launch, loop, message
from vaedash.training.draws import Engine
from vaedash.training.rounds import Tuning
from vaedash.ui import cache

PACKAGE = Path(vaedash.__file__).resolve().parent


class Scene:
    """A place with nothing in it, and quick ways to put something there."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        home.mkdir()
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

    def owned(self) -> runs.Run:
        """A run of an architecture of somebody's own."""
        self.monkeypatch.setenv("VAEDASH_DATA", str(self.data))
        return self.run("stopped", arch=own_arch.kept(self.home))

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

    def without(self, module: str) -> None:
        """A machine on which this module is not installed."""
        self.monkeypatch.setitem(sys.modules, module, None)

    def interpolate(self, start: str) -> None:
        self.cli("interpolate", self.drawn().id, "--out", str(self.home / "x.png"), "--from", start)

    def directions(self, label: str, *, test: int = 0) -> None:
        """Of a run on eight images of two classes."""
        images = np.arange(8, dtype=np.uint8)[:, None, None, None] * np.full((1, 32, 32, 3), 30, np.uint8)
        sides = {
            f"{name}_{side}": values
            for side in ("train", "test")
            for name, values in (("x", images), ("y", np.arange(8) % 2))
        }
        np.savez(self.home / "classes.npz", **sides)
        out = str(self.home / "x.png")
        self.cli(
            "directions", self.taught(self.home / "classes.npz").id, "--out", out, "--label", label, "--test", str(test)
        )

    def files(self, where: str, **files: bytes) -> Path:
        path = self.home / where
        path.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (path / name.replace("__", ".").replace("_in_", "/")).parent.mkdir(exist_ok=True)
            (path / name.replace("__", ".").replace("_in_", "/")).write_bytes(data)
        return path

    def drawn(self, **settings: object) -> runs.Run:
        """A run with weights on images that it knows."""
        return self.taught(self.files("own", **{f"{number}__png": picture(number) for number in range(20)}), **settings)

    def taught(self, path: Path, **settings: object) -> runs.Run:
        """A run with weights on the images there."""
        run = self.run("stopped", dataset=str(path), **settings)
        dataset = datasets.load(str(path), data_dir=self.data)
        run.add_facts({"dataset": {"fingerprint": dataset.fingerprint}})
        weights.save(run, "best", {"epoch": 1, "model": archs.build(RunConfig(arch="conv", latent_dim=2)).state_dict()})
        return run.reread()

    def changed(self) -> runs.Run:
        """Such a run, one of whose images is another now."""
        run = self.drawn()
        (self.home / "own" / "3.png").write_bytes(picture(77))
        return run


def picture(level: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("L", (32, 32), level).save(file, "PNG")
    return file.getvalue()


def closed() -> Image.Image:
    with Image.open(io.BytesIO(picture())) as opened:
        return opened


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


def arrays_at(scene: Scene, name: str, **arrays: np.ndarray) -> Path:
    path = scene.files("own") / name
    np.savez(path, **arrays)
    return path


def tarred(scene: Scene, *names: str) -> Path:
    path = scene.files("tars") / "set.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 9_000
            archive.addfile(member, io.BytesIO(os.urandom(9_000)))
    return path


def cut_off(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-4_000])
    return path


def own_file(scene: Scene, name: str, source: str = own_arch.SOURCE) -> Path:
    return own_arch.written(scene.home, name, source)


def digits(scene: Scene, *, images: bytes = b"", count: int = 2) -> Path:
    """The files of MNIST, as few as there can be; `images` in place of one, classes of so many."""
    head = {
        "images": struct.pack(">4I", 0x803, 2, 28, 28) + bytes(2 * 28 * 28),
        "labels": struct.pack(">2I", 0x801, count),
    }
    for part, remote in mnist.PACKED.files.items():
        what = part.split("/")[1]
        data = images if images and part == "train/images" else head[what] + (bytes(count) if what == "labels" else b"")
        (scene.files("data/mnist") / remote.filename.removesuffix(".gz")).write_bytes(data)
    return scene.data


def tuning_twice(folder: Path) -> None:
    with tunings.claim(folder), tunings.claim(folder):
        pass


def hub_says(scene: Scene, error: type[Exception]) -> None:
    refused(scene, HfApi, "list_repo_files", error.__new__(error))
    hub.fetch("hf:o/n", data_dir=scene.data)


def model_hub_says(scene: Scene, error: type[Exception], status: int = 0) -> None:
    said = error.__new__(error)
    said.response = SimpleNamespace(status_code=status)
    refused(scene, huggingface_hub, "get_hf_file_metadata", said)
    vaedash.load("o/n", data_dir=scene.data)


def exported_to(scene: Scene, change: Callable[[bytes], bytes] = bytes, **settings: object) -> Path:
    """A folder with exported weights, their file changed."""
    config = RunConfig(latent_dim=2, **settings)
    origin = exported.Origin(run="abcdef", name="a name", epoch=1, settings=config)
    return scene.files("out", model__safetensors=change(exported.encoded(archs.untrained(config), origin)))


def odd_zip(scene: Scene, place: int, value: int) -> Path:
    """A zip of one picture, with another byte at a place of what its directory says of it."""
    path = scene.files("odd") / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", picture())
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + place] = value
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


Deed = Callable[[Scene], object]

# What a person does, in each file that answers with an error: at least one deed for each `raise` there.
CATALOGUE: dict[str, dict[str, Deed]] = {
    "bench/ui.py": {
        "time the page without Playwright": lambda at: (
            at.without("playwright.sync_api"),
            bench_ui.open_browser().__enter__(),
        ),
        "time the page without a browser": lambda at: (
            at.monkeypatch.setitem(sys.modules, "playwright.sync_api", SimpleNamespace(sync_playwright=None)),
            at.monkeypatch.setattr(bench_ui, "browser_path", lambda: None),
            bench_ui.open_browser().__enter__(),
        ),
    },
    "cli/drawing.py": {
        "move a picture beyond the last": lambda at: at.directions("class", test=99),
        "move towards what few have": lambda at: at.directions("class"),
    },
    "models/points.py": {
        "begin at nothing that is known": lambda at: at.interpolate("nothing"),
        "begin at a text": lambda at: at.interpolate(str(at.files("text", x__png=b"no") / "x.png")),
    },
    "datasets/labels.py": {
        "ask for what nobody knows": lambda at: at.directions("colour"),
        "ask of images of which nothing is known": lambda at: at.cli(
            "directions", at.drawn().id, "--out", str(at.home / "x.png"), "--label", "class"
        ),
        "ask for a class that there is not": lambda at: at.directions("class=blue"),
    },
    "cli/telling.py": {
        "write a note of a book's length": lambda at: at.cli("note", at.run("finished").id, "x" * 10_001),
    },
    "cli/keeping.py": {
        "archive a run that is active": lambda at: at.cli("archive", at.run().id),
        "restore a run that was never archived": lambda at: at.cli("restore", at.run("finished").id),
        "trust a run that brings nothing": lambda at: at.cli("trust", at.run("finished").id),
    },
    "cli/exporting.py": {
        "push what is for TensorBoard": lambda at: at.cli("export", "tensorboard", at.run().id, "--push", "o/n"),
        "push two runs into one repository": lambda at: at.cli(
            "export", "safetensors", at.run().id, at.run().id, "--push", "o/n"
        ),
        "export into a file": lambda at: at.cli(
            "export", "tensorboard", at.run().id, "--out", str(at.files("x", y=b"") / "y")
        ),
        "export among the runs themselves": lambda at: at.cli(
            "export", "tensorboard", at.run().id, "--out", str(at.run().path.parent)
        ),
    },
    "showing/cards.py": {
        "name a licence in words": lambda at: at.cli("export", "safetensors", at.run().id, "--licence", "My own"),
    },
    "models/exported.py": {
        "load what is not there": lambda at: exported.read(at.home / exported.FILE),
        "load a folder for a file": lambda at: exported.read(at.home),
        "load another program's": lambda at: vaedash.load(at.files("x", model__safetensors=b"no")),
        "load what was changed": lambda at: vaedash.load(exported_to(at, lambda data: data[:-1] + b"?")),
        "load what says it is another model": lambda at: vaedash.load(
            exported_to(at, lambda data: data.replace(b'"F32"', b'"I32"'))
        ),
        "load what lies elsewhere": lambda at: (
            refused(at, safetensors.torch, "load", safetensors.SafetensorError("overlap")),
            vaedash.load(exported_to(at)),
        ),
        "load an architecture of somebody's own": lambda at: (
            (folder := exported_to(at, arch=at.owned().config.arch)),
            shutil.rmtree(at.data),
            exported.read(folder / exported.FILE),
        ),
    },
    "models/graphs.py": {
        "write a graph without what writes it": lambda at: (
            at.monkeypatch.setattr(graphs, "find_spec", lambda _: None),
            at.cli("export", "onnx", at.run().id),
        ),
        "write what torch cannot write": lambda at: (
            refused(at, torch.onnx, "export", RuntimeError("unsupported")),
            at.cli("export", "onnx", at.weights().id, "--out", str(at.home / "x")),
        ),
        "write what comes out as something else": lambda at: (
            at.monkeypatch.setattr(graphs, "_written", lambda *_: b""),
            at.monkeypatch.setattr(graphs, "_apart", lambda *_: 0.5),
            at.cli("export", "onnx", at.weights().id, "--out", str(at.home / "x")),
        ),
    },
    "models/hub.py": {
        "push to what is no name": lambda at: at.cli("export", "safetensors", at.run().id, "--push", "name"),
        "fetch a model without what fetches it": lambda at: (
            at.monkeypatch.setattr("vaedash.hub.find_spec", lambda _: None),
            vaedash.load("o/n", data_dir=at.data),
        ),
        "fetch a model that is too large": lambda at: (
            at.monkeypatch.setattr(
                huggingface_hub, "get_hf_file_metadata", lambda _: SimpleNamespace(size=10**12, commit_hash="a")
            ),
            vaedash.load("o/n", data_dir=at.data),
        ),
        "fetch a model that others may not see": lambda at: model_hub_says(at, hub_errors.GatedRepoError),
        "fetch a model that is not there": lambda at: model_hub_says(at, hub_errors.RepositoryNotFoundError),
        "fetch from what holds no weights": lambda at: model_hub_says(at, hub_errors.EntryNotFoundError),
        "fetch a model while nothing may be asked": lambda at: model_hub_says(at, hub_errors.OfflineModeIsEnabled),
        "fetch a model while the network is down": lambda at: model_hub_says(at, ConnectionError),
        "push where somebody else may write": lambda at: model_hub_says(at, hub_errors.HfHubHTTPError, 403),
    },
    "notebook/model.py": {
        "load what is nowhere": lambda at: vaedash.load(at.home / "nowhere"),
        "redraw somebody's pictures, which did not come along": lambda at: vaedash.load(
            exported_to(at, dataset=str(at.home / "cats.zip"))
        ).reconstruct(),
        "redraw the pictures of another time": lambda at: vaedash.load(exported_to(at)).reconstruct(),
    },
    "notebook/drawing.py": {
        "redraw a picture that is nowhere": lambda at: vaedash.load(exported_to(at)).reconstruct(of=["nowhere.png"]),
        "redraw a text": lambda at: vaedash.load(exported_to(at)).reconstruct(
            of=[str(at.files("text", x__png=b"no") / "x.png")]
        ),
        "begin at pixels without a colour": lambda at: vaedash.find(at.drawn().id, at.folder).interpolate(
            np.zeros((9, 9))
        ),
        "redraw no picture at all": lambda at: vaedash.load(exported_to(at)).reconstruct(of=[]),
        "redraw a picture that was closed": lambda at: vaedash.load(exported_to(at)).reconstruct(of=closed()),
    },
    "training/message.py": {
        "tell nobody of a run": lambda at: at.cli("notify", at.run("finished").id),
        "tell a webhook that is not there": lambda at: (
            at.monkeypatch.setenv("VAEDASH_WEBHOOK", "http://127.0.0.1:9/"),
            at.monkeypatch.setattr(message, "PAUSE", 0.0),
            at.cli("notify", at.run("finished").id),
        ),
    },
    "storage.py": {
        "save a view where its lock is a link to itself": lambda at: (
            (at.files("runs") / ".views.lock").symlink_to(".views.lock"),
            views.save(at.folder, "x", "runs=a"),
        ),
    },
    "runs/views.py": {
        "save views into a damaged file": lambda at: views.save(at.files("runs", __views__json=b"{"), "x", "runs=a"),
        "save a view without a name": lambda at: views.save(at.folder, " ", "runs=a"),
        "save a view of a thousand runs": lambda at: views.save(at.folder, "x", "runs=" + "abcdef," * 1000),
        "save a view too many": lambda at: [views.save(at.folder, str(name), "runs=a") for name in range(201)],
    },
    "showing/site/folder.py": {
        "make a site among other things": lambda at: at.cli(
            "site", at.run("finished").id, "--out", str(at.files("things", mine__txt=b"mine"))
        ),
        "make a site in a file": lambda at: at.cli(
            "site", at.run("finished").id, "--out", str(at.files("things", mine__txt=b"mine") / "mine.txt")
        ),
    },
    "showing/site/pages.py": {
        "say no address of a site": lambda at: at.cli(
            "site", at.run("finished").id, "--out", str(at.home / "site"), "--address", "name.github.io"
        ),
    },
    "cli/parsing.py": {"use a command that there is not": lambda at: at.cli("frobnicate")},
    "cli/terminal.py": {
        "keep runs in a file": lambda at: (at.folder.write_text(""), at.cli("runs")),
        "sweep over one seed twice": lambda at: at.cli("sweep", "--seeds", "0,0"),
    },
    "cli/training.py": {
        "let torchrun train on a cluster of Ray": lambda at: (
            at.monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1"),
            at.cli("train", "--on", "ray"),
        ),
    },
    "training/equal.py": {
        "match what is no cost": lambda at: at.cli("train", "--match", "beauty", "conv"),
        "match an architecture that there is not": lambda at: at.cli("train", "--match", "weights", "gan"),
    },
    "cli/ladder.py": {
        "climb a ladder that nobody trains": lambda at: (
            at.monkeypatch.setattr(cli.training, "stay_with", lambda *_, **__: []),
            at.files("own", **{f"{number}__png": picture(number) for number in range(20)}),
            at.cli("ladder", "--seeds", "0", "--orders", "natural", "--dataset", str(at.home / "own")),
        ),
        "climb a ladder of no order": lambda at: at.cli("ladder", "--orders", "upside-down"),
    },
    "notebook/comparison.py": {
        "compare a run with nothing": lambda at: vaedash.compare(vaedash.find(at.run().id, at.folder)),
        "draw curves of runs that have none": lambda at: (
            vaedash.compare(*(vaedash.find(run.id, at.folder) for run in (at.run(), at.run()))).figure
        ),
    },
    "notebook/given.py": {
        "train one architecture twice": lambda at: vaedash.train(["fc", "fc"]),
        "train an architecture that is a number": lambda at: vaedash.train(["fc", 3]),
        "measure what is no choice": lambda at: vaedash.train("fc", measure="no"),
    },
    "notebook/runs.py": {"look for a run by a number": lambda at: vaedash.find(3)},
    "notebook/training.py": {
        "misspell a setting": lambda at: vaedash.train(learning_rate=1),
        "call a run by a number": lambda at: vaedash.train("fc", name=5, dataset=at.home / "nowhere"),
        "go on with nothing": lambda at: vaedash.resume(),
        "train on an array": lambda at: vaedash.train("fc", dataset=np.zeros((9, 3, 32, 32))),
        "match a cost and forget the architecture": lambda at: vaedash.train("fc", match="weights"),
    },
    "models/matching.py": {
        "give FC as few weights as hardly any": lambda at: matching.matched(
            RunConfig(arch="fc", latent_dim=512),
            RunConfig(arch="conv", widths="1-1-1", latent_dim=512),
            matching.by(matching.weights),
        ),
        "match what has no widths": lambda at: (
            at.monkeypatch.setattr(RunConfig, "layer_widths", ()),
            matching.matched(RunConfig(arch="fc"), RunConfig(arch="conv"), matching.by(matching.weights)),
        ),
    },
    "cli/tuning.py": {
        "let torchrun tune": lambda at: (at.monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1"), at.cli("tune")),
        "let the seed of the trials decide": lambda at: at.cli("tune", "--seeds", "0,1000"),
        "give a tuning a name that cannot be seen": lambda at: at.cli("tune", "--name", "\u200b"),
    },
    "cluster/machines.py": {
        "train on a cluster without Ray": lambda at: (at.without("ray"), machines.look("ray")),
        "train on a cluster that does not answer": lambda at: (at.ray(), machines.look("ray://127.0.0.1:9")),
        "train on a cluster of another version": lambda at: (
            at.ray(),
            at.monkeypatch.setattr(socket, "create_connection", lambda *_, **__: socket.socket()),
            at.monkeypatch.setattr(
                subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stdout="Version mismatch\n")
            ),
            machines.look("ray://head.example:8265"),
        ),
    },
    "config.py": {
        "choose an architecture that there is not": lambda at: RunConfig(arch="gan"),
        "change what a preset has set": lambda at: RunConfig(preset="p1", lr=0.5),
        "give conv a block less": lambda at: RunConfig(arch="conv", widths="8-16"),
        "write widths by comma": lambda at: RunConfig(arch="fc", widths="8,16"),
        "stack nine layers": lambda at: RunConfig(arch="fc", widths="-".join("444444444")),
        "choose widths where there are none": lambda at: (
            at.monkeypatch.setattr("vaedash.config.usual_widths", lambda *_: ()),
            RunConfig(widths="8"),
        ),
        "enlarge pictures that are 32 pixels wide": lambda at: RunConfig.build(dataset="cifar10", image_size=64),
    },
    "settings.py": {
        "choose an optimizer that there is not": lambda at: RunConfig(optimizer="sgd"),
        "train one and a half epochs": lambda at: RunConfig(epochs=1.5),
        "give widths as a number": lambda at: RunConfig(widths=8),
        "learn at no rate": lambda at: RunConfig(lr=0),
        "learn at a rate in words": lambda at: RunConfig(lr="slow"),
        "train on a dataset without a name": lambda at: RunConfig(dataset=""),
        "sweep over a seed in words": lambda at: at.cli("sweep", "--seeds", "one"),
        "ask for a report in a language that there is not": lambda at: settings.speech("xx"),
        "begin at a negative seed": lambda at: at.interpolate("random:-1"),
        "begin at a picture beyond the last": lambda at: at.interpolate("test:99"),
    },
    "datasets/sources.py": {
        "look at CIFAR-10 before it was downloaded": lambda at: datasets.load(
            "cifar10", data_dir=at.data, download=False
        ),
        "train on a folder that is not there": lambda at: datasets.load(str(at.home / "none"), data_dir=at.data),
    },
    "datasets/celeba.py": {
        "train on CelebA that is not there": lambda at: celeba.read(at.data, fraction=1.0),
        "train on faces that are no pictures": lambda at: celeba_of(at, 9, data=b"no"),
        "train on a folder of no faces": lambda at: celeba_of(at, 0),
        "train on a zip of no faces": lambda at: (
            zipped(at, "img_align_celeba.zip", x__txt=b"x"),
            at.files("data/celeba", **{"a__zip": (at.home / "zips" / "img_align_celeba.zip").read_bytes()}),
            celeba.read(at.data, fraction=1.0),
        ),
        "split by a web page": lambda at: celeba_of(at, 3, "<html>"),
        "split by an empty file": lambda at: celeba_of(at, 3, ""),
        "train on a single face": lambda at: celeba_of(at, 1),
        "split by a file that is cut off": lambda at: celeba_of(at, 3, "000001.jpg 0\n"),
    },
    "datasets/arrays.py": {
        "train on an array of words": lambda at: own.read(arrays_at(at, "a.npz", words=np.array(["a"]))),
        "train on an array that is none": lambda at: own.read(at.files("own", a__npy=b"no") / "a.npy"),
        "train on an array with holes": lambda at: own.read(arrays_at(at, "a.npz", images=np.full((3, 8, 8), np.nan))),
    },
    "datasets/cifar.py": {
        "train on half an archive": lambda at: cifar10.read(at.files("data", **{"cifar-10-python__tar__gz": b"half"})),
        "train on a sound archive whose files are not, since the disk lies": lambda at: (
            at.monkeypatch.setattr(download, "flaw", lambda *_: None),
            refused_nothing(at, torchvision.datasets.utils, "extract_archive"),
            cifar10.read(at.files("data", **{"cifar-10-python__tar__gz": b"whole"})),
        ),
    },
    "datasets/collection.py": {
        "train on a zip of somebody else": lambda at: (
            refused(at, zipfile, "ZipFile", PermissionError(13, "Permission denied")),
            collection.open_collection(at.files("own", a__zip=b"x") / "a.zip").__enter__(),
        ),
        "train on a web page that is called a zip": lambda at: collection.open_collection(
            at.files("own", a__zip=b"<html>") / "a.zip"
        ).__enter__(),
        "train on a folder of somebody else": lambda at: (
            refused(at, os, "scandir", PermissionError(13, "Permission denied")),
            collection.open_collection(at.files("own")).__enter__(),
        ),
        "train on a zip with a password": lambda at: own.read(odd_zip(at, 8, 1)),
        "train on a zip that Windows has packed": lambda at: own.read(odd_zip(at, 10, 9)),
        "train on the archive of CIFAR-10 as one's own": lambda at: own.read(
            tarred(at, "data_batch_1", "test_batch", "batches.meta")
        ),
        "train on a tar for which there is no room": lambda at: (
            at.monkeypatch.setattr(collection.shutil, "disk_usage", lambda _: SimpleNamespace(free=10)),
            own.read(tarred(at, "a.png")),
        ),
        "train on a tar that is cut off": lambda at: own.read(cut_off(tarred(at, "a.png"))),
        "train on a part of a zip": lambda at: own.read(at.files("own", a__z01=b"x", a__zip=b"x") / "a.zip"),
    },
    "datasets/download.py": {
        "download from where nothing answers": lambda at: (
            at.monkeypatch.setenv(cifar10.ARCHIVE.mirror, "http://localhost:9/x"),
            cifar10.read(at.data),
        ),
    },
    "datasets/gathered.py": {
        "test on pictures that are empty": lambda at: own.read(
            at.files("own", test_in_a__png=b"", train_in_a__png=picture())
        ),
        "train on a single picture": lambda at: own.read(at.files("own", a__png=picture())),
    },
    "datasets/hub.py": {
        "ask the Hub for a path": lambda at: hub.fetch("hf:../x", data_dir=at.data),
        "ask the Hub without its library": lambda at: (
            at.monkeypatch.setattr("vaedash.hub.find_spec", lambda _: None),
            hub.fetch("hf:o/n", data_dir=at.data),
        ),
        "ask the Hub for one of many configs": lambda at: (
            at.monkeypatch.setattr(HfApi, "list_repo_files", lambda *_, **__: ["a/x.parquet", "b/x.parquet"]),
            hub.fetch("hf:o/n", data_dir=at.data),
        ),
        "ask the Hub for what others may not see": lambda at: hub_says(at, hub_errors.GatedRepoError),
        "ask the Hub for what is not there": lambda at: hub_says(at, hub_errors.RepositoryNotFoundError),
        "ask the Hub for what it has not converted": lambda at: hub_says(at, hub_errors.RevisionNotFoundError),
        "ask the Hub while the network is down": lambda at: hub_says(at, ConnectionError),
    },
    "datasets/idx.py": {
        "train on digits that are cut off": lambda at: mnist.read(digits(at, images=gzip.compress(b"x" * 99)[:-20])),
        "train on digits that are a web page": lambda at: mnist.read(digits(at, images=b"<html>")),
        "train on digits with the classes of others": lambda at: mnist.read(digits(at, count=3)),
    },
    "datasets/own.py": {
        "train on what is not there": lambda at: own.read(at.home / "none"),
        "train on what may not be read": lambda at: own.read(may_not_be_read(at)),
        "train on pictures of a kind that is not read": lambda at: own.read(at.files("own", a__jxl=b"x")),
        "train on a table of names": lambda at: own.read(
            table(at.files("own") / "x.parquet", image=[{"bytes": None, "path": "a.png"}])
        ),
        "train on what Git LFS has left out": lambda at: own.read(at.files("own", a__png=b"version https://git-lfs.")),
    },
    "datasets/svhn.py": {
        "train on house numbers without scipy": lambda at: (
            at.monkeypatch.setattr(svhn, "find_spec", lambda _: None),
            svhn.read(at.data),
        ),
        "train on house numbers that are cut off": lambda at: svhn.read(at.files("data", train_32x32__mat=b"MATLAB")),
    },
    "datasets/tables.py": {
        "train on a table that is cut off": lambda at: own.read(at.files("own", x__parquet=b"PAR1") / "x.parquet"),
        "train on a table of words": lambda at: own.read(table(at.files("own") / "x.parquet", words=["a"])),
    },
    "datasets/parts.py": {
        "train on pictures for testing only": lambda at: own.read(at.files("own", test_in_a__png=picture())),
    },
    "measuring/same.py": {
        "measure a run whose images have changed": lambda at: after.measure(at.changed(), data_dir=at.data),
        "evaluate a run whose images have changed": lambda at: at.cli("evaluate", at.changed().id),
    },
    "measuring/fid.py": {
        "take the FID of nine images": lambda at: (
            refused_nothing(at, fid, "_scorer"),
            fid.measure(
                archs.build(RunConfig(arch="conv", latent_dim=2)),
                datasets.Dataset(name="one", train=blank(9), test=blank(9), fingerprint="ab12"),
                count=100,
                data_dir=at.data,
            ),
        ),
        "take the FID without a network": lambda at: (
            refused(at, torch.hub, "download_url_to_file", OSError("no route to host")),
            fid.weights(at.data),
        ),
        "take the FID with another file in the place of the weights": lambda at: fid.weights(
            at.files("data", **{f"{Path(fid.URL).stem}__pth": b"x"})
        ),
        "take the FID without torch-fidelity": lambda at: (
            at.without("torch_fidelity"),
            fid.measure(
                archs.build(RunConfig(arch="conv", latent_dim=2)),
                datasets.Dataset(name="one", train=blank(9), test=blank(9), fingerprint="ab12"),
                count=100,
                data_dir=at.data,
            ),
        ),
    },
    "models/archs.py": {"build an architecture that there is not": lambda at: archs.memory_format("gan")},
    "models/own.py": {
        "call a file as no architecture may be called": lambda at: at.cli(
            "train", "--arch", str(own_file(at, "My-Net"))
        ),
        "call a file as an architecture that comes along": lambda at: at.cli(
            "train", "--arch", str(own_file(at, "conv"))
        ),
        "name a file that is not there": lambda at: at.cli("train", "--arch", "none.py"),
        "name a folder": lambda at: at.cli("train", "--arch", str(at.files("folder.py"))),
        "name a file that is no Python": lambda at: at.cli("train", "--arch", str(own_file(at, "net", "def f(:"))),
        "train what fails": lambda at: at.cli("train", "--arch", str(own_file(at, "net", "1 / 0"))),
        "train what has no decoder": lambda at: at.cli(
            "train", "--arch", str(own_file(at, "net", "def encoder(*asked):\n    pass"))
        ),
        "draw with a run that somebody handed in": lambda at: (
            (run := at.owned()),
            own_arch.forgotten(run.config.arch),
            weights.load_model(run),
        ),
        "draw with a run whose trusted source is a folder now": lambda at: (
            (run := at.owned()),
            own_arch.forgotten(run.config.arch),
            own_archs.kept_at(run.config.arch).mkdir(),
            own_archs.load(run.config.arch),
        ),
        "draw with a run whose trusted source was changed": lambda at: (
            (run := at.owned()),
            own_archs.kept_at(run.config.arch).write_text("x = 1"),
            own_archs.load(run.config.arch),
        ),
        "ask where an architecture that comes along is trusted": lambda at: own_archs.kept_at("conv"),
    },
    "models/latent.py": {
        "walk in a single step": lambda at: latent.path(torch.zeros(2), torch.ones(2), steps=1, method="linear"),
        "walk in a way that there is not": lambda at: latent.path(
            torch.zeros(2), torch.ones(2), steps=5, method="cubic"
        ),
    },
    "places.py": {
        "train on mars": lambda at: places.checked_place("mars"),
        "look for runs in a number": lambda at: places.runs_dir(3),
        "ask for a grid that is no PNG": lambda at: at.cli("generate", at.drawn().id, "--out", str(at.home / "x.jpg")),
        "ask for a grid in a folder that is not there": lambda at: at.cli(
            "generate", at.drawn().id, "--out", str(at.home / "none" / "x.png")
        ),
        "name a cluster in a way that Ray does not": lambda at: (
            at.monkeypatch.setenv("RAY_ADDRESS", "auto"),
            places.ray_address("ray"),
        ),
        "name a webhook that is no web address": lambda at: (
            at.monkeypatch.setenv("VAEDASH_WEBHOOK", "file:///etc/passwd"),
            places.webhook(),
        ),
    },
    "runs/folder.py": {
        "trust a run that came without its source": lambda at: (
            (run := at.owned()),
            own_arch.forgotten(run.config.arch),
            (run.path / "arch.py").unlink(),
            at.cli("trust", run.id),
        ),
        "trust a run whose source is a folder": lambda at: (
            (run := at.owned()),
            own_arch.forgotten(run.config.arch),
            (run.path / "arch.py").unlink(),
            (run.path / "arch.py").mkdir(),
            at.cli("trust", run.id),
        ),
        "train a run whose folder was removed": lambda at: (
            (run := at.run()),
            shutil.rmtree(run.path),
            run.claim().__enter__(),
        ),
        "rename a run whose folder was removed": lambda at: (
            (run := at.run()),
            shutil.rmtree(run.path),
            run.write_notes(name="x"),
        ),
        "rename a run that belongs to somebody else": lambda at: (
            refused(at, storage, "_rename", PermissionError(13, "Permission denied")) if (run := at.run()) else None,
            run.write_notes(name="x"),
        ),
        "delete a run that belongs to somebody else": lambda at: (
            refused(at, shutil, "rmtree", PermissionError(13, "Permission denied")),
            at.run().delete(),
        ),
        "delete a run that is being trained": lambda at: (run := at.run()) and held(run.path, run.delete),
        "train a run that is being trained": lambda at: (
            (run := at.run()) and held(run.path, lambda: run.claim().__enter__())
        ),
        "train a run whose log is another's": lambda at: (
            (run := at.run()),
            (run.path / "train.log").symlink_to("/dev/null"),
            run.claim().__enter__(),
        ),
        "delete a run of which only a link is here": lambda at: (
            (at.home / "linked").symlink_to(at.run().path),
            runs.read(at.home / "linked").delete(),
        ),
    },
    "runs/listing.py": {
        "ask for the latest of no runs": lambda at: runs.find(at.folder, "latest"),
        "ask for a name that two runs have": lambda at: (
            [at.run().write_notes(name="twin") for _ in range(2)] and runs.find(at.folder, "twin")
        ),
        "ask for a name that no run has": lambda at: at.run() and runs.find(at.folder, "nobody"),
        "ask for the latest of an architecture that is none": lambda at: (
            at.run() and runs.find(at.folder, "latest:vgg")
        ),
        "look at a runs folder of somebody else": lambda at: (
            refused(at, os, "scandir", PermissionError(13, "Permission denied")),
            runs.list_runs(at.folder),
        ),
        "make a run in a folder of somebody else": lambda at: (
            refused(at, Path, "mkdir", PermissionError(13, "Permission denied")),
            runs.create(at.folder, RunConfig()),
        ),
    },
    "runs/record.py": {
        "use a run whose settings cannot be read": lambda at: (
            (run := at.run()),
            (run.path / "config.json").write_text("{"),
            run.reread().config,
        ),
        "use a run that somebody has deleted meanwhile": lambda at: (
            (run := at.run()),
            shutil.rmtree(run.path),
            run.reread().config,
        ),
        "stop a run that has ended": lambda at: at.cli("stop", at.run("finished").id),
        "resume a run that another machine seems to train": lambda at: (
            (run := at.run()).add_facts({"host": "another"}),
            launch.resume(run.reread(), data_dir=at.data),
        ),
        "put aside a run that another is training": lambda at: (
            (run := at.run("finished")) and held(run.path, run.require_over)
        ),
    },
    "runs/tunings.py": {
        "tune while another command does": lambda at: at.folder.mkdir(parents=True) or tuning_twice(at.folder),
    },
    "runs/weights.py": {
        "draw with weights whose bytes have changed": lambda at: (
            (run := at.foreign(b"x")),
            (run.path / "best.pt.sha256").write_text("0" * 64),
            weights.load_model(run),
        ),
        "draw with what is no file at all": lambda at: (
            (run := at.run("stopped")),
            (run.path / "best.pt").mkdir(),
            weights.load_model(run),
        ),
        "draw with what is no file of torch": lambda at: weights.load_model(at.foreign(b"x")),
        "draw with a file of torch that another program wrote": lambda at: weights.load_model(
            at.foreign(torch_file([1]))
        ),
        "draw with a run that has no weights": lambda at: weights.load_model(at.run()),
        "draw with a run that has no weights, beside one that has": lambda at: (
            at.weights() and weights.load_model(at.run())
        ),
        "draw with the weights of another model": lambda at: weights.load_model(at.weights(model={})),
    },
    "showing/tensorboard.py": {
        "export without TensorBoard": lambda at: (
            at.without("tensorboard.summary.writer.record_writer"),
            at.cli("export", "tensorboard", at.run().id, "--out", str(at.home / "out")),
        )
    },
    "training/batches.py": {
        "keep no image to learn from": lambda at: batches.Split.of(
            datasets.Dataset(
                name="one", train=np.zeros((1, 3, 32, 32)), test=np.zeros((1, 3, 32, 32)), fingerprint="ab12"
            ),
            RunConfig(monitor="val", val_fraction=0.5),
            "cpu",
        )
    },
    "training/forecast.py": {
        "ask how long it takes where there is no memory": lambda at: (
            at.monkeypatch.setattr(
                subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stderr="a\nOSError: no memory")
            ),
            forecast.measure([RunConfig()], sharing=1, data_dir=at.data),
        )
    },
    "training/draws.py": {
        "tune where Optuna is not installed": lambda at: (at.without("optuna"), at.cli("tune")),
        "go on with trials that were drawn from other ranges": lambda at: Engine(epochs=9).drawn(
            2, [trial(at.folder, 1, [5.0], lr=0.5)]
        ),
    },
    "training/rounds.py": {
        "go on with a tuning under other settings": lambda at: (
            trial(at.folder, 1, [5.0], tuning="fair", epochs=12),
            at.monkeypatch.setattr(cli_training, "read_images", lambda *_: None),
            at.cli("tune", "--name", "fair", "--epochs", "9"),
        ),
        "go on with a tuning by other draws": lambda at: (
            trial(at.folder, 1, [5.0], tuning="fair", epochs=9, lr=0.002),
            at.monkeypatch.setattr(cli_training, "read_images", lambda *_: None),
            at.cli("tune", "--name", "fair", "--epochs", "9"),
        ),
        "compare the best of trials none of which came to an end": lambda at: Tuning(
            folder=at.folder,
            name="fair",
            asked={"conv": RunConfig(monitor="val")},
            trials=1,
            at_once=1,
            engine=Engine(epochs=9),
        ).contest([0]),
    },
    "training/hardware.py": {
        "train on a GPU that is not there": lambda at: (
            at.monkeypatch.setattr(torch.cuda, "is_available", lambda: False),
            hardware.choose(RunConfig(device="cuda"), sharing=1, data_dir=at.data),
        ),
        "start more processes than there are GPUs": lambda at: (
            at.monkeypatch.setattr(torch.cuda, "is_available", lambda: True),
            hardware.choose(
                RunConfig(device="cuda", precision="fp32"),
                sharing=1,
                data_dir=at.data,
                team=SimpleNamespace(local_size=2),
            ),
        ),
    },
    "training/launch.py": {
        "start a run that is running": lambda at: (
            (run := at.run()) and held(run.path, lambda: launch.start([run], data_dir=at.data))
        ),
        "resume a run that is damaged": lambda at: (
            (run := at.run("stopped")),
            (run.path / "metrics.json").write_text("{"),
            launch.require_resumable(run.reread()),
        ),
        "resume a run that is finished": lambda at: launch.require_resumable(at.run("finished")),
        "resume a run that diverged": lambda at: launch.require_resumable(at.run("diverged")),
        "resume a run that waits for its turn": lambda at: launch.require_resumable(at.run()),
    },
    "training/loop.py": {
        "train on two machines with different images": lambda at: loop.follow(
            SimpleNamespace(
                begun=lambda: loop.Beginning(
                    RunConfig(),
                    str(at.files("own", **{f"{number}__png": picture(number) for number in range(9)})),
                    SimpleNamespace(apply=lambda: None),
                    "ab12",
                    None,
                )
            ),
            data_dir=at.data,
        ),
        "resume a run whose images have changed": lambda at: loop._require_same_images(
            at.drawn(),
            datasets.Dataset(name="own", train=np.zeros(1), test=np.zeros(1), fingerprint="ab12"),
            resumed=True,
        ),
    },
    "ui/cache.py": {
        "look at a run that came without its images": lambda at: cache.test_images(at.run(dataset="photos")),
        "look at a run whose images have changed": lambda at: (
            at.monkeypatch.setenv("VAEDASH_DATA", str(at.data)),
            cache.test_images(at.changed()),
        ),
    },
}

# Not a person but the pages are told: they show what there is without the images.
WITHOUT_REMEDY = ("ui/cache.py",)

# What only a terminal, a notebook, or a process that trains can be told, which is in English.
NOT_ON_PAGES = (
    *("bench/", "cli/", "cluster/", "notebook/", "showing/"),
    *("hub.py", "datasets/hub.py", "measuring/fid.py", "measuring/same.py"),
    *(f"models/{room}.py" for room in ("exported", "graphs", "hub", "matching", "points")),
    *(f"training/{room}.py" for room in ("batches", "draws", "equal", "hardware", "loop", "message", "rounds")),
)
ON_PAGES = tuple(file for file in CATALOGUE if not file.startswith(NOT_ON_PAGES))
# Words that every English sentence has some of, and no German one.
_ENGLISH = re.compile(
    r"\b(the|of|and|or|is|are|it|its|be|has|have|to|with|not|no|must|cannot|run|there|give|got|put)\b", re.I
)

# What a sentence must hold: a command, an option, what is allowed, what there is to choose from, or what to do.
_VERBS = (
    "add|change|choose|copy|create|delete|download|give|leave|lower|make|put|raise|remove|resume|set|start|stop|train|try"
    "|unpack|update|wait"
)
REMEDY = re.compile(
    rf"(^|[.:;,] |\b(and|or|then) )({_VERBS})\b"
    r"|python -m vaedash \w|pip install \S|(?<!\S)--[a-z-]+"
    r"|\bmust (be|end in) |\btakes (a|at least|different) |: one of |\bor [^;]+; got |is none of them"
    r"|Available: \w|Runs(?: with weights)?: \w"
    r"|there is nothing to \w+|training may start all the same",
    re.IGNORECASE,
)


def for_people() -> set[str]:
    """The names of the errors that are meant for a person."""
    return {VaedashError.__name__, *(kind.__name__ for kind in VaedashError.__subclasses__())}


def raises(file: str) -> dict[int, str]:
    """Every statement of a file that raises such an error: its first line, and how it reads."""
    return {
        node.lineno: ast.unparse(node)
        for node in ast.walk(ast.parse((PACKAGE / file).read_bytes()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        if ast.unparse(node.exc.func).rpartition(".")[2] in for_people()
    }


def error_of(deed: Deed, scene: Scene) -> VaedashError:
    with pytest.raises(VaedashError) as caught:
        deed(scene)
    return caught.value


def origins(error: BaseException | None) -> Iterator[tuple[str, int]]:
    """The file and the line that raised an error, and those that raised what it came from."""
    while error:
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        place = Path(frame.f_code.co_filename)
        yield place.relative_to(PACKAGE).as_posix() if place.is_relative_to(PACKAGE) else "", line
        error = error.__cause__


def check_sentence(said: str, home: Path) -> None:
    assert re.search(r"(\.|--help|python -m vaedash [\w -]+|\w\.\w+|pip install -e \"\.\[\w+\]\")$", said), said
    assert "\n" not in said and len(said) < 700, said
    for inner in ("Traceback", "Errno", "object at 0x", "Exception", "weights_only", "pickle"):
        assert inner not in said.replace(str(home), ""), said
    # Only places that the person gave.
    for path in re.findall(r"(?<![\w:/.])/[\w./-]+", said):
        assert path.startswith((str(home), str(places.PROJECT_ROOT))), said


def test_every_file_that_raises_an_error_for_a_person_is_in_the_catalogue():
    files = {file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py")}
    assert {file for file in files if raises(file)} == set(CATALOGUE)


@pytest.mark.parametrize("file", CATALOGUE)
@pytest.mark.usefixtures("torch_as_it_was")
def test_every_error_that_a_file_raises_says_what_is_wrong_and_what_to_do(tmp_path, file):
    reached = set()
    for number, (deed, do) in enumerate(CATALOGUE[file].items()):
        home = tmp_path / str(number)
        with pytest.MonkeyPatch.context() as monkeypatch:
            error = error_of(do, Scene(home, monkeypatch))
        raised = [*origins(error)]
        assert raised[0][0] == file, deed
        reached |= {line for place, line in raised if place == file}
        check_sentence(str(error), home)
        assert file in WITHOUT_REMEDY or REMEDY.search(str(error).replace(str(home), "")), f"{deed}: {error}"
    unreached = [text for line, text in raises(file).items() if line not in reached]
    assert unreached == [], "add what a person does to be told this"


@pytest.mark.parametrize("file", ON_PAGES)
@pytest.mark.usefixtures("torch_as_it_was")
def test_an_error_that_a_page_can_show_is_told_in_the_language_of_the_page(tmp_path, file):
    for number, (deed, do) in enumerate(CATALOGUE[file].items()):
        home = tmp_path / str(number)
        with pytest.MonkeyPatch.context() as monkeypatch, spoken(speech("de")):
            told = str(error_of(do, Scene(home, monkeypatch)))
        # Without what is the same in every language: places, commands, code, and what the system says.
        same = r"`[^`]*`|'[^']*'|python -m vaedash.*|\((\([^()]*\)|[^()])*\)|\w*Error: [^.]*|\S*/\S*"
        words = re.sub(same, "", told)
        assert not _ENGLISH.search(words), f"{deed}: {told}"


@pytest.mark.parametrize("file", ON_PAGES)
def test_an_error_that_a_page_can_show_is_a_sentence_that_is_said(file):
    in_english = [
        ast.unparse(node)
        for node in ast.walk(ast.parse((PACKAGE / file).read_bytes()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in for_people()
        if node.args and written_out(node.args[0])
    ]
    assert in_english == [], "say(...) it"


def written_out(sentence: ast.expr) -> bool:
    """Whether there are words in it that nobody says."""
    pieces = sentence.values if isinstance(sentence, ast.JoinedStr) else [sentence]
    return any(isinstance(piece, ast.Constant) and piece.value.strip() for piece in pieces)


@pytest.mark.parametrize(
    "said",
    [
        "The images of own are not those run abcdef was trained on: figures would not be comparable.",
        "best.pt of run trying is damaged: its bytes do not match the SHA-256 kept beside it.",
        "There is no folder pictures to write x.png into.",
        "Run abcdef has started already.",
    ],
)
def test_a_sentence_without_a_remedy_is_noticed(said):
    assert not REMEDY.search(said)
