"""How far it grows: thousands of runs, listed and compared; runs of thousands of epochs; more images than anybody has memory for."""

import datetime
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vaedash import places, runs
from vaedash.bench import epochs, machine, memory, pages, readings, ui
from vaedash.bench import images as many_images
from vaedash.bench.figures import Figures
from vaedash.runs import copying, listing, record
from vaedash.training import launch

_FIRST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)  # when the first of the runs is said to have been made
_SAMPLED = 100  # runs whose room on disk is looked at


def measure(*, count: int = 10_000, images: int = 500_000) -> Figures:
    """Figures of a folder with `count` runs, and of a file with `images` images; seconds unless the name says what else.

    The runs are copies of the examples that come along, each with its own time and seed. Needs what `bench ui` needs.
    """
    with tempfile.TemporaryDirectory() as temporary, ui.open_browser() as browser:
        place = Path(temporary)
        start = time.perf_counter()
        fill(place / "runs", count)
        making = time.perf_counter() - start
        return {
            "machine": {**machine.described("streamlit", "numpy"), "browser": browser.version},
            "runs": {"count": count, "making them": making, **_on_disk(place / "runs")},
            "listing": list_all(place / "runs"),
            "epochs, computing of server and tab": epochs.measure(browser, place / "long"),
            "pages": pages.measure(browser, place / "runs"),
            "images": many_images.measure(place / "images.npy", images),
        }


def fill(folder: Path, count: int) -> None:
    """`count` runs that have ended, a minute apart: the records of the examples in turn, and the pictures of their last epochs.

    The pictures are links to a few files, so that the time it takes and the room are those of the records.
    """
    examples = [run for run in runs.list_runs(places.PROJECT_ROOT / "runs") if run.example]
    for number in range(count):
        created = (_FIRST + datetime.timedelta(minutes=number)).isoformat(timespec="milliseconds")
        place = number % len(examples)
        made = copying.copy(examples[place], folder, f"a{number:05}", created=created, seed=number)
        if number < len(examples):
            examples[place] = record.read(made.path)  # from now on that one: on the same disk, pictures can be links


def _on_disk(folder: Path) -> dict[str, float]:
    """What one run takes, without weights and pictures."""
    sampled = listing.folders(folder)[:_SAMPLED]
    sizes = [file.stat() for run in sampled for file in run.path.iterdir() if file.is_file()]
    # Windows counts no blocks.
    blocks = [getattr(size, "st_blocks", -(-size.st_size // 512)) * 512 for size in sizes]
    return {
        "records of a run, kB": sum(size.st_size for size in sizes) / len(sampled) / 1e3,
        "room on disk for them, kB": sum(blocks) / len(sampled) / 1e3,
    }


def list_all(folder: Path) -> dict[str, float]:
    """Seconds that the list of all runs takes, by the process that asks; and commands."""
    forgotten = memory.forget(path for run in listing.folders(folder) for path in run.path.iterdir())
    some_id = listing.folders(folder)[0].id
    cold, warm = readings.measure(folder), readings.measure(folder)
    return {
        "first, files not in memory" if forgotten else "first": cold.first.seconds,
        "first, files in memory": warm.first.seconds,
        "of it computing": warm.first.computing,
        "again": cold.again.seconds,
        "of that computing": cold.again.computing,
        "memory, MB": cold.memory / 1024,
        "python -m vaedash runs": _command(folder, "runs"),
        "python -m vaedash show ID": _command(folder, "show", some_id),
    }


def _command(folder: Path, *words: str) -> float:
    """Seconds of a command about these runs."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "vaedash", *words, "--runs-dir", str(folder)]
    subprocess.run(command, env=launch.environment(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start
