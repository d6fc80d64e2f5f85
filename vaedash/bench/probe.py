"""What is measured in a process of its own: by a room of this family, which prints its answer as its last line."""

import subprocess
import sys
from collections.abc import Mapping

from vaedash.training import launch


def ask(room: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """The last line that `python -m vaedash.bench.<room>` prints; CalledProcessError if it fails.

    Its `environment` is that of a process that trains, unless another one is given.
    """
    command = [sys.executable, "-m", f"vaedash.bench.{room}", *arguments]
    environment = launch.environment() if environment is None else environment
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()[-1]
