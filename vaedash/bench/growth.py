"""How far it grows: thousands of runs, listed and compared; and more images than anybody has memory for."""

import contextlib
import datetime
import json
import mmap
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from vaedash import config, places, runs, storage
from vaedash.bench import machine, ui
from vaedash.bench.machine import peak_memory
from vaedash.runs import Run, listing
from vaedash.training import launch

CHOSEN = 10  # runs on the Compare page
_FIRST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)  # when the first of the runs is said to have been made
_PATIENCE = 300_000  # milliseconds that a page may take
_BATCH = 64
_DRAWN = 20_000  # images that are drawn from a file that is not in memory: more would soon bring all of it there


def measure(*, count: int = 10_000, images: int = 500_000) -> dict[str, Any]:
    """Figures of a folder with `count` runs, and of a file with `images` images; seconds unless the name says what else.

    The runs are copies of the examples that come along, each with its own time and seed. Needs what `bench ui` needs.
    """
    with tempfile.TemporaryDirectory() as temporary, ui.open_browser() as browser:
        place = Path(temporary)
        results: dict[str, Any] = {"machine": machine.described("streamlit", "numpy") | {"browser": browser.version}}
        start = time.perf_counter()
        fill(place / "runs", count)
        results["runs"] = {"count": count, "making them": time.perf_counter() - start} | _on_disk(place / "runs")
        results["listing"] = _listing(place / "runs")
        results["pages"] = _pages(browser, place / "runs")
        results["images"] = reading(place / "images.npy", images)
        return results


# ---- many runs ----------------------------------------------------------------------------------------


def fill(folder: Path, count: int) -> None:
    """`count` runs that have ended, a minute apart: the records of the examples in turn, and the pictures of their last epochs.

    The pictures are links to a few files, so that the time it takes and the room are those of the records.
    """
    patterns = [run for run in runs.list_runs(places.PROJECT_ROOT / "runs") if run.notes.get("example")]
    folder.mkdir()
    for number in range(count):
        pattern = patterns[number % len(patterns)]
        path = folder / f"a{number:05}"
        (path / "samples").mkdir(parents=True)
        created = (_FIRST + datetime.timedelta(minutes=number)).isoformat(timespec="milliseconds")
        settings = storage.read_json(pattern.path / "config.json") | {"created": created, "seed": number}
        storage.write_json(path / "config.json", settings, durable=False)
        for name in ("facts.json", "metrics.json", "measured.json", "outcome.json"):
            shutil.copyfile(pattern.path / name, path / name)
        for name in ("lock", "train.log"):
            (path / name).touch()
        _link_pictures(pattern, path / "samples", folder.with_name("pictures"))


def _link_pictures(pattern: Run, samples: Path, pool: Path) -> None:
    """Links to the last epoch's pictures of `pattern`, of which one copy lies in `pool`, on the same disk."""
    if not (pool / pattern.id).exists():
        (pool / pattern.id).mkdir(parents=True)
        for kind in ("prior", "recon"):
            picture = pattern.pictures.file(kind, len(pattern.epochs)).with_suffix(".webp")
            shutil.copyfile(picture, pool / pattern.id / picture.name)
    for picture in (pool / pattern.id).iterdir():
        os.link(picture, samples / picture.name)


def _on_disk(folder: Path) -> dict[str, float]:
    """What one run takes, without weights and pictures."""
    sizes = [file.stat() for run in listing.folders(folder)[:100] for file in run.path.iterdir() if file.is_file()]
    share = min(100, len(listing.folders(folder)))
    # Windows counts no blocks.
    blocks = [getattr(size, "st_blocks", -(-size.st_size // 512)) * 512 for size in sizes]
    return {
        "records of a run, kB": sum(size.st_size for size in sizes) / share / 1e3,
        "room on disk for them, kB": sum(blocks) / share / 1e3,
    }


def _listing(folder: Path) -> dict[str, Any]:
    """The list of all runs, by the process that asks; and commands."""
    forgotten = _forget(path for run in listing.folders(folder) for path in run.path.iterdir())
    some_id = listing.folders(folder)[0].id
    first, again, memory = _in_a_fresh_process(folder)
    warm, _, _ = _in_a_fresh_process(folder)
    return {
        "first, files not in memory" if forgotten else "first": first[0],
        "first, files in memory": warm[0],
        "of it computing": warm[1],
        "again": again[0],
        "of that computing": again[1],
        "memory, MB": memory,
        "python -m vaedash runs": _command(folder, "runs"),
        "python -m vaedash show ID": _command(folder, "show", some_id),
    }


def _in_a_fresh_process(folder: Path) -> tuple[list[float], list[float], float]:
    """(Seconds, seconds of computing) of the first listing, the same of a later one, and MB that the process came to hold."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vaedash.bench.probes", "listing", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=launch.environment(),
        text=True,
    )
    with process:
        first, *later = json.loads(cast(IO[str], process.stdout).readline())
        memory = peak_memory(process.pid) / 1024
    return first, sorted(later)[len(later) // 2], memory


def _command(folder: Path, *words: str) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "vaedash", *words, "--runs-dir", str(folder)]
    subprocess.run(command, env=launch.environment(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _pages(browser: Any, folder: Path) -> dict[str, Any]:
    """Seconds from an address to its settled page, in a server just started and again; Compare as one uses it; the server's memory."""
    ids = ",".join(sorted((path.id for path in listing.folders(folder)), reverse=True)[:CHOSEN])
    with ui.Server(folder, folder.with_name("data")) as server:
        address = f"{server.url}/compare?runs={ids}"
        results: dict[str, Any] = {f"Compare, {CHOSEN} chosen": _compare(browser, address)}
        for name, path in ui.PAGES.items():
            if name not in ("Compare", "Train"):  # Train measures this machine's speed before it has settled
                opened = [_settled(browser, f"{server.url}/{path}?runs={ids}") for _ in range(3)]
                results[name] = {"first opening": opened[0], "opened again": statistics.median(opened[1:])}
        results["Train, its list of runs"] = statistics.median(
            ui.paint(browser, f"{server.url}/train", wait="[data-testid=stExpander] summary") for _ in range(3)
        )
        results["memory of the server, MB"] = peak_memory(server.process.pid) / 1024
    return results


def _compare(browser: Any, address: str, repeats: int = 3) -> dict[str, float]:
    """Seconds until curves are there: in a server just started, in a browser that has seen the page, after a click."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(_PATIENCE)
    opened, changed = [], []
    for _ in range(repeats + 1):
        tab = context.new_page()
        start = time.perf_counter()
        tab.goto(address)
        tab.wait_for_selector(".js-plotly-plot .js-line", state="attached")
        opened.append(time.perf_counter() - start)
        tab.get_by_text("Results", exact=True).wait_for()
        tab.wait_for_timeout(1000)
        start = time.perf_counter()
        tab.get_by_role("radio", name="KL divergence").or_(tab.get_by_role("button", name="KL divergence")).click()
        tab.wait_for_function(
            "() => [...document.querySelectorAll('.js-plotly-plot .ytitle')].some((title) => /KL/.test(title.textContent))"
        )
        changed.append(time.perf_counter() - start)
        tab.close()
    context.close()
    return {
        "first opening": opened[0],
        "opened again": statistics.median(opened[1:]),
        "other curves": statistics.median(changed),
    }


def _settled(browser: Any, address: str) -> float:
    tab = browser.new_page()
    tab.set_default_timeout(_PATIENCE)
    start = time.perf_counter()
    tab.goto(address)
    tab.get_by_role("heading", level=1).first.wait_for()
    tab.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    seconds = time.perf_counter() - start
    tab.close()
    return seconds


# ---- many images --------------------------------------------------------------------------------------


def reading(file: Path, count: int) -> dict[str, Any]:
    """Images a second in batches out of a memory-mapped file: in order and as the trainer draws them, from memory and from disk.

    From disk, `drawn` once as the trainer does, where the kernel reads ahead, and once asking it not to.
    """
    import torch

    torch.set_num_threads(1)  # as in a trainer that shares two cores
    _write_images(file, count)
    results: dict[str, Any] = {"count": count, "file, GB": file.stat().st_size / 1e9}
    rng = np.random.default_rng(0)
    in_order, drawn = np.arange(count), rng.permutation(count)
    for name, order, advice in (
        ("in order", in_order, None),
        ("drawn", drawn[:_DRAWN], None),
        ("drawn, no reading ahead", drawn[:_DRAWN], getattr(mmap, "MADV_RANDOM", None)),
    ):
        _forget([file])
        pixels = np.load(file, mmap_mode="c")
        if advice is not None:
            pixels._mmap.madvise(advice)
        results[f"from disk, {name}"] = _speed(pixels, order)
        del pixels  # what is mapped is not forgotten
    pixels = np.load(file, mmap_mode="c")
    _speed(pixels, in_order)  # now all of it is in memory
    for name, order in (("in order", in_order), ("drawn", drawn)):
        results[f"from memory, {name}"] = _speed(pixels, order)
    return results


def _write_images(file: Path, count: int) -> None:
    pixels = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=(count, *config.IMAGE_SHAPE))
    rng = np.random.default_rng(0)
    for start in range(0, count, 10_000):
        part = pixels[start : start + 10_000]
        part[...] = np.frombuffer(rng.bytes(part.size), np.uint8).reshape(part.shape)
    pixels.flush()


def _speed(pixels: np.ndarray, order: np.ndarray) -> dict[str, float]:
    """Images a second, by the clock and of computing, and how many bytes came from disk for each byte of an image (on Linux)."""
    import torch

    images, before = torch.from_numpy(pixels), _bytes_read()
    start, computing = time.perf_counter(), time.process_time()
    for chosen in torch.from_numpy(order).split(_BATCH):
        images[chosen].contiguous()
    seconds, computed = time.perf_counter() - start, time.process_time() - computing
    read = (_bytes_read() - before) / (len(order) * config.PIXELS)
    return {
        "images/s": len(order) / seconds,
        "images a second of computing": len(order) / computed,
        "bytes from disk for each": read,
    }


def _bytes_read() -> int:
    try:
        return int(Path("/proc/self/io").read_text().split("\nread_bytes: ")[1].split()[0])
    except (OSError, IndexError):
        return 0


def _forget(files: Iterator[Path] | list[Path]) -> bool:
    """Ask the kernel to drop what it holds of these files in memory; False where it cannot be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    os.sync()
    for file in files:
        with contextlib.suppress(IsADirectoryError), open(file, "rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True
