"""A process that trains a run as one of a cluster's would, with one CPU: `trained_here.py RUN DATA`."""

import sys
from pathlib import Path

from vaedash.runs import RunFolder
from vaedash.training import hardware, process

if __name__ == "__main__":
    run, data_dir = RunFolder(Path(sys.argv[1])), Path(sys.argv[2])
    process.work(run, data_dir, sharing=hardware.sharing(1), only=True)
