"""All that knows a file name under runs/: a run is a directory, read as a `Run`, and nothing is ever looked up elsewhere.

Reading never raises on a bad file: the run then reads as damaged, says why, and the others are unaffected.
"""

from vaedash.runs.folder import RunFolder
from vaedash.runs.listing import create, find, list_runs
from vaedash.runs.record import Run, read
from vaedash.runs.schema import Status

__all__ = ["Run", "RunFolder", "Status", "create", "find", "list_runs", "read"]
