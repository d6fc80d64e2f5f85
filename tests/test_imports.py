"""The house: who may import whom, checked against the tables below; and the map in the package's docstring against them."""

import ast
import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import vaedash

PACKAGE = Path(vaedash.__file__).resolve().parent
APP = PACKAGE.parent / "streamlit_app.py"

# A room may import from the floors below and from the rooms named before it on its own.
FLOORS = (
    ("errors", "config", "storage", "images", "losses", "datasets"),
    ("runs", "models", "luck", "measures"),
    (
        "compare",
        "lesson",
        "charts",
        "launch",
        "team",
        "hardware",
        "latent",
        "checkpoints",
        "analysis",
        "learner",
        "pca",
        "quality",
        "fid",
    ),
    ("aftermath", "train", "forecast", "bench", "report", "export", "doctor", "worker", "cluster", "cli"),
    ("ui",),
)
ROOMS = tuple(room for floor in FLOORS for room in floor)
# The page starts training as a process of its own; it never imports what trains.
CLOSED_TO_UI = ("train", "bench", "export", "doctor", "worker", "cluster", "cli")

# Packages that only their owners may import, anywhere in a file.
OWNERS = {
    "streamlit": ("ui", "bench/session.py"),
    "plotly": ("charts",),
    "torchvision": ("datasets", "bench/train.py"),
    "torchmetrics": ("quality",),
    "torch_fidelity": ("fid",),
    "tensorboard": ("export",),
    "ray": ("cluster",),
}
NEVER_TORCH = ("errors", "config", "storage", "images", "runs", "measures", "compare", "lesson", "charts", "launch")
NOT_AT_ONCE_TORCH = (
    "datasets",
    "forecast",
    "bench",
    "report",
    "export",
    "doctor",
    "worker",
    "cluster",
    "cli",
)  # within a function, yes

# What each of these loads of the heavy packages; charts and what draws with it come last, since one process imports them all in turn.
HEAVY = ("torch", "torchvision", "streamlit", "plotly", "tensorboard", "ray")
LIGHT = (
    "errors",
    "config",
    "storage",
    "images",
    "datasets",
    "runs",
    "compare",
    "lesson",
    "launch",
    "forecast",
    "bench",
    "export",
    "doctor",
    "worker",
    "cluster.machines",
    "cluster.driver",
    "cli",
)
LOADS = {**{room: [] for room in LIGHT}, "charts": ["plotly"], "report": ["plotly"]}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The dotted names that these nodes import; `from a import b` is `a.b`, since b may be a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide which room they mean"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@functools.cache
def imported(file: Path) -> set[str]:
    return set(modules(ast.walk(ast.parse(file.read_bytes()))))


def imported_at_once(file: Path) -> set[str]:
    """Without what functions import when they are called."""

    def statements(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                yield child
                yield from statements(child)

    return set(modules(statements(ast.parse(file.read_bytes()))))


def packages(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def rooms(names: Iterable[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("vaedash.")}


def may_import(room: str) -> set[str]:
    floor = next(rooms for rooms in FLOORS if room in rooms)
    below = {other for rooms in FLOORS[: FLOORS.index(floor)] for other in rooms}
    allowed = below | set(floor[: floor.index(room)]) | {room}
    return allowed - set(CLOSED_TO_UI) if room == "ui" else allowed


def test_the_map_in_the_docstring_is_the_house():
    lines = re.findall(r"^ *floor (\d) +(.+)$", vaedash.__doc__, re.MULTILINE)
    assert tuple(tuple(rooms.split(", ")) for _, rooms in lines) == FLOORS
    assert [int(number) for number, _ in lines] == list(range(len(FLOORS)))


def test_every_file_has_a_room_and_every_room_a_file():
    there = {room_of(file) for file in sources()} - {"__init__", "__main__"}
    assert there == set(ROOMS)


def test_rooms_import_only_from_below_or_from_those_named_before_them():
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {other}"
        for file in sources()
        if room_of(file) in ROOMS
        for other in rooms(imported(file)) - may_import(room_of(file))
    ]
    assert wrong == []


def test_the_package_itself_imports_nothing_and_its_door_only_the_command_line():
    assert imported(PACKAGE / "__init__.py") == set()
    assert rooms(imported(PACKAGE / "__main__.py")) == {"cli"}


def test_heavy_packages_are_imported_by_their_owners_only():
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {package}"
        for file in sources()
        for package, owners in OWNERS.items()
        if package in packages(imported(file)) and not {room_of(file), file.relative_to(PACKAGE).as_posix()} & {*owners}
    ]
    assert wrong == []


def test_torch_stays_out_of_the_light_rooms():
    wrong = [
        str(file.relative_to(PACKAGE))
        for file in sources()
        if (room_of(file) in NEVER_TORCH and "torch" in packages(imported(file)))
        or (room_of(file) in NOT_AT_ONCE_TORCH and "torch" in packages(imported_at_once(file)))
    ]
    assert wrong == []


def test_modules_are_imported_by_name_except_for_architectures():
    # What is imported by a made-up name cannot be seen by this file.
    by_string = [file for file in sources() if imported(file) & {"importlib", "importlib.import_module", "runpy"}]
    assert by_string == [PACKAGE / "models" / "__init__.py"]
    assert not any("__import__" in file.read_text() for file in sources())


def test_the_pass_sees_every_kind_of_import(tmp_path):
    file = tmp_path / "room.py"
    file.write_text(
        "import vaedash.train\nfrom vaedash import runs as r\nfrom vaedash.models.vae import VAE\n"
        "if True:\n    import torch.nn as nn\ndef f():\n    from plotly import io\n"
    )
    assert rooms(imported(file)) == {"train", "runs", "models"}
    assert packages(imported(file)) == {"vaedash", "torch", "plotly"}
    assert packages(imported_at_once(file)) == {"vaedash", "torch"}


# ---- pages ---------------------------------------------------------------------------------------------


def draws(file: Path) -> bool:
    """Whether merely importing it would draw: a statement at the left margin calls Streamlit."""
    statements = ast.parse(file.read_bytes()).body
    calls = [node.value for node in statements if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return any(ast.unparse(call).startswith("st.") for call in calls)


def test_pages_are_the_files_in_ui_pages_and_no_others():
    pages = set((PACKAGE / "ui" / "pages").glob("*.py"))
    assert pages and {file for file in sources() if draws(file)} == pages


def test_a_page_is_run_never_imported_and_defines_no_classes():
    assert not any(name.startswith("vaedash.ui.pages") for file in sources() for name in imported(file))
    for page in (PACKAGE / "ui" / "pages").glob("*.py"):
        assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(page.read_bytes()))), page.name


@pytest.mark.skipif(not APP.exists(), reason="streamlit_app.py is not written yet")
def test_the_app_opens_page_files_only():
    names = [node.value for node in ast.walk(ast.parse(APP.read_bytes())) if isinstance(node, ast.Constant)]
    for name in names:
        if isinstance(name, str) and re.fullmatch(r"\S+\.py", name):
            assert list((PACKAGE / "ui" / "pages").glob(Path(name).name)), f"{name} is no page"
    assert rooms(imported(APP)) <= {"ui", "config", "errors", "runs"}


# ---- what an import costs --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """What is loaded after each of LOADS was imported, one after the other, in a process of its own."""
    script = (
        "import importlib, json, sys\n"
        "out = {}\n"
        f"for room in {list(LOADS)}:\n"
        "    importlib.import_module(f'vaedash.{room}')\n"
        f"    out[room] = [package for package in {HEAVY} if package in sys.modules]\n"
        "print(json.dumps(out))"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


@pytest.mark.parametrize("room", LOADS)
def test_importing_a_light_room_loads_no_heavy_package_but_its_own(loaded, room):
    assert loaded[room] == LOADS[room]


def test_the_readme_names_every_room():
    house = (APP.parent / "README.md").read_text(encoding="utf-8").split("## The house")[1]
    assert [room for room in ROOMS if not re.search(rf"\b{room}(\.py|/)`", house)] == []
