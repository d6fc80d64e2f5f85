"""vaedash: does architecture matter in a variational autoencoder? Train a fully connected and a convolutional one, and see.

In Python, as in a notebook: `train`, `resume`, `list_runs`, `find`, `compare` and `load`, which load what they need when they are called.

The house; a family imports only from floors below (on floor 0, a room from those named before it), and no two rooms of a
family need each other:

    floor 0   languages, text, errors, glossary, places, storage, settings, installed, hub, config, images
    floor 1   datasets
    floor 2   models
    floor 3   runs, browser
    floor 4   measuring
    floor 5   comparing
    floor 6   training
    floor 7   showing
    floor 8   cluster, bench, doctor
    floor 9   ui, cli, notebook
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaedash.notebook import compare, find, list_runs, load, resume, train

__all__ = ["compare", "find", "list_runs", "load", "resume", "train"]
__version__ = "0.1.0"


if not TYPE_CHECKING:  # a type checker that saw it would take any name for one that there is

    def __getattr__(name: str) -> object:
        """What `__all__` promises, brought when it is first asked for: whoever imports a room pays for that room alone."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from vaedash import notebook

        return getattr(notebook, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
