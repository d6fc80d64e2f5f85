"""What several test files share: a few small pictures, settings that train on them in a moment, and trained runs."""

import contextlib
import dataclasses
import io
import json
import os
import re
import shutil
import signal
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from patience import PATIENCE
from PIL import Image

from vaedash import cli, runs
from vaedash.bench import ui
from vaedash.config import RunConfig
from vaedash.runs import Run

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

# Test processes share the cores, and so may others: what does not choose its number of threads computes on one. Two of
# them, one of which waits for a core that is taken, are many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it starts in the background ignore Ctrl-C, and whatever that starts in turn; some tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

N_TRAIN, N_TEST = 52, 12


# ---- in how many processes the tests run ------------------------------------------------------------------


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Of all tests, one for each core, but no more than have enough to do; none for those that somebody has named."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 4)


@contextlib.contextmanager
def _locked(file: Path, how: int) -> Iterator[None]:
    with open(file, "w") as opened:
        fcntl.flock(opened, how)
        yield


@pytest.fixture(autouse=True)
def _room(request: pytest.FixtureRequest, common: Path) -> Iterator[None]:
    """What is marked `alone` begins when the tests in other processes have ended, and the next ones wait for it."""
    if "PYTEST_XDIST_WORKER" not in os.environ or not fcntl:
        yield
        return
    alone = request.node.get_closest_marker("alone")
    with contextlib.ExitStack() as stack:
        with _locked(common / "door.lock", fcntl.LOCK_EX):  # whoever waits in it lets nobody pass
            stack.enter_context(_locked(common / "room.lock", fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        yield


# ---- the promises, and the figure that each test reached ------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-case", action="store_true", help="the slow tests of the promises in full, not a sample")


@pytest.fixture
def some(request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """Of the cases of a slow test, as many as are asked for, evenly spread; all of them with `--every-case`."""

    def drawn(cases: Iterable[Any], count: int) -> list[Any]:
        every = list(cases)
        if request.config.getoption("every_case") or len(every) <= count:
            return every
        return [every[at * len(every) // count] for at in range(count)]

    return drawn


# What is counted for each promise.
COUNTED = {
    "R1": "kills that left a readable run and every announced epoch",
    "R2": "resumes equal to an uninterrupted run, bit for bit",
    "R4": "cases with a true status",
    "R6": "full disks that left the old data whole, said so, and were overcome",
    "R7": "damaged files read without an exception, the other runs as ever",
    "R8": "flipped bits found",
    "R9": "runs with a NaN or Inf ended as diverged, with a remedy and the last good weights",
    "R10": "launches with an id, a lock and a turn of their own",
    "R11": "hostile names without an effect",
    "R12": "foreign or malicious checkpoints and architectures refused in one sentence, none of them run",
    "R13": "odd or bad images used, or skipped and counted",
    "R14": "missing or half-there images told with what, where to and where from",
    "R3": "servers killed, interrupted or left by their tab: training went on, a new server showed it, the port was free at once",
    "R15": "foreign names and pages refused",
    "R17": "planted mistakes caught",
    "R18": "pages and reports none of whose controls leads outside",
}


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Notes what this test measures: `promise("R8", cases=1000)` is "1,000 of 1,000 flipped bits found" once it has passed.

    Cases of several tests add up. With `cases=None`, the words given are the whole figure.
    """

    def note(which: str, words: str = "", *, cases: int | None = 1) -> None:
        request.node.user_properties.append(("promise", (which, words or COUNTED[which], cases)))

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of promises: which one, the figure, the files whose tests measured it."""
    tried: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, str]] = Counter()
    files: dict[tuple[str, str], dict[str, None]] = {}
    counted: dict[tuple[str, str], bool] = {}
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, value in report.user_properties if getattr(report, "when", "") == "call" else ():
            if name == "promise":
                which, words, cases = value
                counted[which, words] = cases is not None
                tried[which, words] += cases or 1
                kept[which, words] += (cases or 1) * report.passed
                files.setdefault((which, words), {})[report.nodeid.partition("::")[0]] = None
    if tried:
        terminalreporter.section("promises")
    for key in sorted(tried, key=lambda key: (int(re.sub(r"\D", "", key[0]) or 0), key[1])):
        which, words = key
        figure = f"{kept[key]:,} of {tried[key]:,} {words}" if counted[key] else words
        missed = "" if kept[key] == tried[key] else "MISSED: "
        terminalreporter.line(f"{missed}{which}: {figure}  ({', '.join(files[key])})")


def _pictures(count: int, seed: int) -> Iterator[bytes]:
    """Bright boxes on dark backgrounds, no two alike, as PNG files."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        pixels = np.full((32, 32, 3), rng.integers(0, 100, 3), np.uint8)
        top, left = rng.integers(2, 14, 2)
        pixels[top : top + 16, left : left + 16] = rng.integers(150, 256, 3)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        yield file.getvalue()


@pytest.fixture(scope="session")
def pack() -> Callable[..., Path]:
    """Writes a zip of 52 training and 12 test pictures; other seeds are other pictures."""

    def write(path: Path, *, train_seed: int = 1, test_seed: int = 2) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            for part, count, seed in (("train", N_TRAIN, train_seed), ("test", N_TEST, test_seed)):
                for number, data in enumerate(_pictures(count, seed)):
                    archive.writestr(f"{part}/{number:03}.png", data)
        return path

    return write


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is made once, whichever of the test processes needs it first; who makes it holds a lock meanwhile."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "common"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def photos(common: Path, pack: Callable[..., Path]) -> Path:
    """The pictures that nearly every test trains on."""
    file = common / "photos.zip"
    with FileLock(common / "photos.lock"):
        return file if file.exists() else pack(file)


@pytest.fixture(scope="session")
def data_dir(common: Path) -> Path:
    """One cache for all tests, so that the pictures are decoded once."""
    folder = common / "data"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def tiny(photos: Path) -> Callable[..., RunConfig]:
    """Settings that train in a moment: batches of 16, 16, 16 and 4 images, two epochs."""

    def build(**changes: object) -> RunConfig:
        usual = {"arch": "conv", "dataset": str(photos), "latent_dim": 4, "batch_size": 16, "epochs": 2}
        return RunConfig.build(**(usual | {"precision": "fp32", "device": "cpu"} | changes))

    return build


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Path:
    """The runs folder of the page, not made yet; where the page would measure this machine, it is told a round figure."""
    from vaedash.training import forecast

    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("VAEDASH_DATA", str(data_dir))
    speed = forecast.Speed(images_per_second=1000.0, parameters=1_000_000)
    monkeypatch.setattr(forecast, "measure", lambda asked, **_: [speed] * len(asked))
    return tmp_path / "runs"


@pytest.fixture
def trained(folder: Path, pair: "Pair") -> Path:
    """That folder with the trained fc and conv in it: 6 epochs, 4 latents, 12 held-out photographs."""
    return Path(shutil.copytree(pair.folder, folder))


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings happen here and at once, instead of in processes that would have to import torch first."""

    from vaedash.training import launch, process

    def work(run: Run, data_dir: Path) -> SimpleNamespace:
        with open(run.log, "a") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            process.work(run, data_dir)
        return SimpleNamespace(wait=lambda: 0)  # a process that has ended

    monkeypatch.setattr(launch, "_spawn", work)
    monkeypatch.setattr("vaedash.places.cores", lambda: 1)


@pytest.fixture
def torch_as_it_was() -> Iterator[None]:
    """Training in this process sets torch up for the whole process; undone here."""
    import torch

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)


@dataclasses.dataclass(frozen=True)
class Pair:
    """What `train --json` left behind and said."""

    folder: Path
    data_dir: Path
    code: int
    stdout: str
    stderr: str

    def run(self, arch: str) -> Run:
        """Its run of `arch`."""
        return runs.find(self.folder, f"latest:{arch}")


@pytest.fixture(scope="session")
def pair(common: Path, photos: Path, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """fc and conv trained by `python -m vaedash train`, each in a process of its own, and all that is measured after that.

    A test process has a copy of its own: whoever looks at a run may measure it, and what another is writing cannot be copied.
    """
    folder, said = common / "pair", common / "pair.json"
    with FileLock(common / "pair.lock"):
        if not said.exists():
            said.write_text(json.dumps(_train_pair(folder, photos, data_dir)))
    own = shutil.copytree(folder, tmp_path_factory.mktemp("pair") / "runs")
    return Pair(own, data_dir, **json.loads(said.read_text()))


def _train_pair(folder: Path, photos: Path, data_dir: Path) -> dict[str, int | str]:
    command = f"train --dataset {photos} --latent-dim 4 --batch-size 16 --epochs 6 --lr 0.01 --precision fp32 --device cpu --json"
    places = ["--runs-dir", str(folder), "--data-dir", str(data_dir), "--name", "boxes"]
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        code = cli.main([*command.split(), *places])
    for file in folder.glob("*/facts.json"):
        # So few pictures teach less than their mean; as a run of an earlier vaedash, these do not say so.
        facts = json.loads(file.read_text())
        for start in facts["starts"]:
            del start["dataset"]["mean_picture"]
        file.write_text(json.dumps(facts))
    return {"code": code, "stdout": stdout.getvalue(), "stderr": stderr.getvalue()}


def _patiently(opening: Callable[..., Any]) -> Callable[..., Any]:
    def opened(**how: Any) -> Any:
        place = opening(**how)
        place.set_default_timeout(1000 * PATIENCE)
        return place

    return opened


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium or Chrome without a window; tests that need one are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if ui.browser_path() is None:
        pytest.skip("no Chromium or Chrome on this machine")
    with playwright.sync_playwright() as driver:
        playwright.expect.set_options(timeout=1000 * PATIENCE)
        opened = driver.chromium.launch(executable_path=ui.browser_path(), args=list(ui.BROWSER_FLAGS))
        opened.new_page, opened.new_context = _patiently(opened.new_page), _patiently(opened.new_context)
        yield opened
        opened.close()
