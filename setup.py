"""What pyproject.toml cannot say: a wheel carries the app, its Streamlit options and the example runs within the package.

They keep their places beside each other (`places.PROJECT_ROOT`), in `vaedash/shipped/`.
"""

import json
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = Path("vaedash", "shipped")
LEFT = ("lock", "notes.lock")  # by whoever looked at a run here


def examples() -> list[Path]:
    """The runs that come along: `runs/` of somebody who trains holds others, too."""
    notes = sorted(Path("runs").glob("*/notes.json"))
    return [file.parent for file in notes if json.loads(file.read_text(encoding="utf-8")).get("example") is True]


def shipped() -> list[str]:
    """The files, from the root of the checkout."""
    of_runs = (
        file for run in examples() for file in sorted(run.rglob("*")) if file.is_file() and file.name not in LEFT
    )
    return [file.as_posix() for file in (Path("streamlit_app.py"), Path(".streamlit", "config.toml"), *of_runs)]


class WithWhatComesAlong(build_py):
    def run(self) -> None:
        super().run()
        for file, target in self._shipped().items():
            self.mkpath(str(Path(target).parent))
            self.copy_file(file, target)

    def get_source_files(self) -> list[str]:  # so that a source distribution has them
        return [*super().get_source_files(), *shipped()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *self._shipped().values()]

    def _shipped(self) -> dict[str, str]:
        """Each file, and where it goes; an editable installation finds them where they are."""
        if self.editable_mode:
            return {}
        return {file: str(Path(self.build_lib, SHIPPED, file)) for file in shipped()}


setup(cmdclass={"build_py": WithWhatComesAlong})
