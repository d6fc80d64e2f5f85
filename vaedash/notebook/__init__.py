"""vaedash in Python: what a notebook or a script asks it for, and objects that show themselves there."""

from vaedash.notebook.comparison import Comparison, compare
from vaedash.notebook.model import Model, load
from vaedash.notebook.pictures import Pictures
from vaedash.notebook.run import Run
from vaedash.notebook.runs import Runs, find, list_runs
from vaedash.notebook.training import resume, train

__all__ = ["Comparison", "Model", "Pictures", "Run", "Runs", "compare", "find", "list_runs", "load", "resume", "train"]
