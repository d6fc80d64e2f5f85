"""What Ray starts for each run, on a machine that has room: it trains, and hands over what it writes."""

import contextlib
import os
import platform
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaedash import places, storage
from vaedash.models import own
from vaedash.runs import mirror
from vaedash.runs.mirror import Writings
from vaedash.training import process

_PAUSE = 1.0  # seconds between two looks at what was written


class Trainer:
    """A run that trains in a thread of this process, in a folder that is there for it alone."""

    def __init__(
        self,
        run_id: str,
        started: Mapping[str, bytes],
        images: Mapping[str, NDArray[np.uint8]],
        cpus: int,
        trusted: Mapping[str, bytes],
    ) -> None:
        """The run as `mirror.start` has it and its images as `packed` has them, both written down here; then it begins.

        `trusted` is the source of its architecture, by name, where that is somebody's own: who asked for the run trusts it.
        """
        self._data_dir = _home() / "data"
        _unpack(images, self._data_dir)
        os.environ["VAEDASH_DATA"] = str(self._data_dir)
        for arch, source in trusted.items():
            own.trust(arch, source)
        self._run = mirror.begin(Path(tempfile.mkdtemp(dir=_home())) / run_id, started)
        self._writings = Writings(self._run)
        self._thread = threading.Thread(target=self._train, args=(cpus,), daemon=True)
        self._thread.start()

    def _train(self, cpus: int) -> None:
        from vaedash.training import hardware

        os.environ[places.HOST] = f"{platform.node()} ({_address()})"
        with (
            open(self._run.log, "a", encoding="utf-8") as log,
            contextlib.redirect_stdout(log),
            contextlib.redirect_stderr(log),
        ):
            process.work(self._run, self._data_dir, sharing=hardware.sharing(cpus), only=True)

    def news(self) -> tuple[list[tuple[str, bytes]], bool]:
        """What was written since it was asked last (`Writings.fresh`), and whether that was all; waits for a moment first."""
        self._thread.join(_PAUSE)
        over = not self._thread.is_alive()
        fresh = self._writings.fresh()
        if over:
            shutil.rmtree(self._run.path.parent)
        return fresh, over

    def stop(self) -> None:
        """Ask it to end after its current batch."""
        self._run.request_stop()


def clear() -> None:
    """Remove all that this study has left on this machine."""
    shutil.rmtree(_home(), ignore_errors=True)


def _home() -> Path:
    """This study's own place on this machine."""
    import ray

    context = ray.get_runtime_context()
    folder = Path(tempfile.gettempdir()) / f"vaedash-{context.get_job_id()}-{context.get_node_id()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _address() -> str:
    import ray

    return ray.util.get_node_ip_address()


def _unpack(images: Mapping[str, NDArray[np.uint8]], data_dir: Path) -> None:
    """Write them where trainers look for images, unless another one here has done so."""
    data_dir.mkdir(exist_ok=True)
    with storage.locked(data_dir / "unpacking.lock"):
        for name, data in images.items():
            if not (data_dir / name).exists():
                (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
                storage.write_bytes(data_dir / name, data.data, durable=False)
