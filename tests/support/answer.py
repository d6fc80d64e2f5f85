"""What a command left behind on a terminal."""

import dataclasses
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command left behind on a terminal."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout; fails if there is anything else."""
        return json.loads(self.out)
