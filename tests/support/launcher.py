"""Launches runs one after the other: `launcher.py FOLDER NUMBER COUNT`; in place of training, each claims its lock and its slot.

What enters a slot and leaves it is in `diary`. The processes are forked, not begun anew: 200 of them would spend a minute on
importing Python's library.
"""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from vaedash.config import RunConfig
from vaedash.runs import RunFolder, Status, queue
from vaedash.training import launch


def stay_for_a_moment(run: RunFolder) -> None:
    """What a training process does, without the training."""
    with run.claim(), queue.slot(run):
        with open(run.path.parent / "diary", "a", encoding="utf-8") as diary:
            print("enters", run.id, file=diary, flush=True)
            time.sleep(0.002)
            print("leaves", run.id, file=diary, flush=True)
        run.write_outcome(Status.FINISHED, "Finished.")


def main(folder: Path, number: int, count: int) -> int:
    """How many of the processes did not end well."""
    children = []

    def spawn(run: RunFolder, data_dir: Path) -> SimpleNamespace:
        child = os.fork()
        if child == 0:
            ended = 1
            try:
                stay_for_a_moment(run)
                ended = 0
            finally:
                os._exit(ended)
        children.append(child)
        return SimpleNamespace(wait=lambda: None)

    launch._spawn = spawn
    queue._POLL = 0.05
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(count):
        [run] = launch.new_runs(folder, [RunConfig(seed=1000 * number + turn)])
        launch.start([run], data_dir=folder)
        print(run.id, flush=True)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
