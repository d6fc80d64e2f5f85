"""A process that waits for a slot and stays in it for a moment: `waiter.py RUN lives|dies`; what it does is in `diary` beside the run."""

import os
import signal
import sys
import time
from pathlib import Path

from vaedash.runs import RunFolder, queue

if __name__ == "__main__":
    run = RunFolder(Path(sys.argv[1]))
    with run.claim(), queue.slot(run) as sharing, open(run.path.parent / "diary", "a", encoding="utf-8") as diary:
        print("enters", run.id, sharing, file=diary, flush=True)
        time.sleep(0.3)
        if sys.argv[2] == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        print("leaves", run.id, sharing, file=diary, flush=True)
