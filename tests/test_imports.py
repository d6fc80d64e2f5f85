"""The house: who may import whom, checked against the tables below; and the map in the package's docstring against them."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from house import PACKAGE, family_of, imported, imported_at_once, packages, room_of, rooms, sources

import vaedash
from vaedash.runs import names

APP = PACKAGE.parent / "streamlit_app.py"  # the door; which pages there are says ui/app.py
FIRST_PAINT = PACKAGE.parent / "tests" / "support" / "first_paint.py"

# Families, from the ground up: a family may import from those before it, and a room of its own family from any that does
# not import it in turn. On the ground floor, each room from those named before it.
GROUND = (
    "languages",
    "text",
    "errors",
    "glossary",
    "places",
    "storage",
    "settings",
    "installed",
    "hub",
    "config",
    "images",
)
FLOORS = (
    GROUND,
    ("datasets",),
    ("models",),
    ("runs", "browser"),
    ("measuring",),
    ("comparing",),
    ("training",),
    ("showing",),
    ("cluster", "bench", "doctor"),
    ("ui", "cli", "notebook"),
)
FAMILIES = tuple(family for floor in FLOORS for family in floor)
# The page starts training as a process of its own; it never imports what trains, nor the tools around it.
CLOSED_TO_UI = (
    "training.loop",
    "training.process",
    "training.step",
    "training.team",
    "training.hardware",
    "showing.tensorboard",
    "cluster",
    "bench",
    "doctor",
    "cli",
    "notebook",
)

# Packages that only their owners may import, anywhere in a file.
OWNERS = {
    "streamlit": ("ui", "bench.session"),
    "plotly": ("showing.charts",),
    "torchvision": ("datasets", "bench.contestants"),
    "torch_fidelity": ("measuring.fid",),
    "tensorboard": ("showing.tensorboard",),
    "ray": ("cluster",),
    "optuna": ("training.draws",),
    "sklearn": ("measuring.knowledge",),
    "threadpoolctl": ("measuring.knowledge",),
    "segno": ("ui.address",),
    "babel": ("languages",),
    "platformdirs": ("places",),
    "safetensors": ("models.exported",),
    "onnxruntime": ("models.graphs",),
    "huggingface_hub": ("hub", "datasets.hub", "models.hub"),
}
NEVER_TORCH = (
    *GROUND,
    "runs",
    "browser.client",
    "browser.widgets",
    "comparing",
    "measuring.measures",
    "training.launch",
    "training.rounds",
    "training.draws",
    "measuring.directions",
    "showing.charts",
)
WITH_TORCH = ("runs.weights",)  # of those, the exceptions
# Within a function, yes.
NOT_AT_ONCE_TORCH = (
    "datasets",
    "training.forecast",
    "training.process",
    "showing",
    "bench",
    "doctor",
    "cluster",
    "cli",
    "notebook",
)

# What each of these loads of the heavy packages; charts and what draws with it come last, since one process imports them
# all in turn.
HEAVY = ("torch", "torchvision", "streamlit", "plotly", "tensorboard", "ray", "optuna", "pandas", "sklearn", "scipy")
LIGHT = (
    *GROUND,
    "datasets",
    "models.layers",
    "runs",
    "measuring.measures",
    "measuring.directions",
    "browser.client",
    "browser.widgets",
    "comparing.verdict",
    "comparing.quiz",
    "training.launch",
    "training.rounds",
    "training.forecast",
    "training.process",
    "bench",
    "doctor",
    "showing.tensorboard",
    "cluster.machines",
    "cluster.driver",
    "cli",
    "notebook",
)
LOADS = {
    **{room: [] for room in LIGHT},
    "showing.charts": ["plotly"],
    "showing.report": ["plotly"],
    "showing.site": ["plotly"],
}


def within(room: str, places: tuple[str, ...]) -> bool:
    """Whether a room is one of these rooms, or in one of these families."""
    return any(room == place or room.startswith(f"{place}.") for place in places)


def may_import(family: str) -> set[str]:
    floor = next(floor for floor in FLOORS if family in floor)
    below = {other for families in FLOORS[: FLOORS.index(floor)] for other in families}
    return below | {family} | (set(floor[: floor.index(family)]) if floor == GROUND else set())


def test_the_map_in_the_docstring_is_the_house():
    lines = re.findall(r"^ *floor (\d) +(.+)$", vaedash.__doc__, re.MULTILINE)
    assert tuple(tuple(families.split(", ")) for _, families in lines) == FLOORS
    assert [int(number) for number, _ in lines] == list(range(len(FLOORS)))


def test_every_file_has_a_family_and_every_family_a_file():
    assert {family_of(room_of(file)) for file in sources()} - {"", "__main__"} == set(FAMILIES)


def test_families_import_only_from_below():
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {other}"
        for file in sources()
        if (family := family_of(room_of(file))) in FAMILIES
        for other in rooms(imported(file))
        if family_of(other) not in may_import(family)
    ]
    assert wrong == []


def test_the_page_imports_nothing_that_trains():
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {other}"
        for file in sources()
        if family_of(room_of(file)) == "ui"
        for other in rooms(imported(file))
        if within(other, CLOSED_TO_UI)
    ]
    assert wrong == []


def test_no_two_rooms_of_a_family_need_each_other():
    needs = {room_of(file): rooms(imported(file)) - {room_of(file)} for file in sources()}
    # Rooms whose needs are all met go first; what is left over goes round in a circle.
    left = {room for room in needs if "." in room}
    while met := {room for room in left if not needs[room] & left}:
        left -= met
    assert left == set()


def test_a_room_does_not_come_in_through_the_face_of_its_own_family():
    wrong = [
        room_of(file)
        for file in sources()
        if file.name != "__init__.py" and family_of(room_of(file)) in rooms(imported(file)) - {room_of(file)}
    ]
    assert wrong == []


def test_a_face_hands_on_names_and_does_nothing():
    for face in {*PACKAGE.rglob("__init__.py")} - {PACKAGE / "__init__.py"}:
        statements = ast.parse(face.read_bytes()).body
        assert ast.get_docstring(ast.parse(face.read_bytes())), face
        assert all(isinstance(node, (ast.Expr, ast.ImportFrom, ast.Assign)) for node in statements), face


def test_a_folder_holds_more_than_one_file():
    folders = {file.parent for file in sources()} - {PACKAGE}
    held = {folder.name: len([*folder.glob("*.py"), *folder.glob("*/__init__.py")]) for folder in folders}
    assert [name for name, count in held.items() if count < 3 and name != "pages"] == []


def test_the_package_itself_imports_nothing_before_it_is_asked_and_its_door_only_the_command_line():
    named = {f"vaedash.notebook.{name}" for name in vaedash.__all__}
    assert imported(PACKAGE / "__init__.py") == {"typing.TYPE_CHECKING", "vaedash.notebook", *named}
    # What stands below `if TYPE_CHECKING` is for type checkers and editors.
    loads = "import sys, vaedash; print([name for name in sys.modules if name.startswith('vaedash.')])"
    assert told(loads) == "[]"
    assert rooms(imported(PACKAGE / "__main__.py")) == {"cli"}


def test_heavy_packages_are_imported_by_their_owners_only():
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {package}"
        for file in sources()
        for package, owners in OWNERS.items()
        if package in packages(imported(file)) and not within(room_of(file), owners)
    ]
    assert wrong == []


def test_torch_stays_out_of_the_light_rooms():
    wrong = [
        str(file.relative_to(PACKAGE))
        for file in sources()
        if (
            within(room_of(file), NEVER_TORCH)
            and "torch" in packages(imported(file))
            and room_of(file) not in WITH_TORCH
        )
        or (within(room_of(file), NOT_AT_ONCE_TORCH) and "torch" in packages(imported_at_once(file)))
    ]
    assert wrong == []


def test_modules_are_imported_by_name_except_for_architectures_and_datasets():
    # What is imported by a made-up name cannot be seen by this file.
    by_string = [file for file in sources() if imported(file) & {"importlib", "importlib.import_module", "runpy"}]
    assert by_string == [PACKAGE / "datasets" / "sources.py", PACKAGE / "models" / "archs.py"]
    assert not any("__import__" in file.read_text() for file in sources())


def test_the_pass_sees_every_kind_of_import(tmp_path):
    file = tmp_path / "room.py"
    file.write_text(
        "import vaedash.training.loop\nfrom vaedash import runs as r\nfrom vaedash.models.vae import VAE\n"
        "if True:\n    import torch.nn as nn\ndef f():\n    from plotly import io\n"
    )
    assert rooms(imported(file)) == {"training.loop", "runs", "models.vae"}
    assert packages(imported(file)) == {"vaedash", "torch", "plotly"}
    assert packages(imported_at_once(file)) == {"vaedash", "torch"}


# ---- pages ---------------------------------------------------------------------------------------------


def draws(file: Path) -> bool:
    """Whether merely importing it would draw: a statement at the left margin calls Streamlit, or what draws on every page."""
    statements = ast.parse(file.read_bytes()).body
    calls = [node.value for node in statements if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return any(ast.unparse(call).startswith(("st.", "components.")) for call in calls)


def test_pages_are_the_files_in_ui_pages_and_no_others():
    pages = set((PACKAGE / "ui" / "pages").glob("*.py"))
    assert pages and {file for file in sources() if draws(file)} == pages


def test_a_page_is_run_never_imported_and_defines_no_classes():
    assert not any(name.startswith("vaedash.ui.pages") for file in sources() for name in imported(file))
    for page in (PACKAGE / "ui" / "pages").glob("*.py"):
        assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(page.read_bytes()))), page.name


def test_the_app_opens_page_files_only():
    app = ast.parse((PACKAGE / "ui" / "app.py").read_bytes())
    names = [node.value for node in ast.walk(app) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    pages = [name for name in names if re.fullmatch(r"\S+\.py", name)]
    assert sorted(pages) == sorted(page.name for page in (PACKAGE / "ui" / "pages").glob("*.py"))
    assert rooms(imported(APP)) == {"ui.app"}


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
    return json.loads(told(script))


@pytest.mark.parametrize("room", LOADS)
def test_importing_a_light_room_loads_no_heavy_package_but_its_own(loaded, room):
    assert loaded[room] == LOADS[room]


def told(script: str) -> str:
    """What a script prints, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


def first_paint(*pages: str, runs: Path, data: Path) -> dict[str, list[str]]:
    """What of torch is loaded once all rooms of the page are imported (`rooms`), and then after each of these pages."""
    ran = subprocess.run(
        [sys.executable, str(FIRST_PAINT), *pages],
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent), "VAEDASH_RUNS": str(runs), "VAEDASH_DATA": str(data)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def test_the_rooms_of_the_page_and_start_without_a_run_load_no_torch(tmp_path):
    assert first_paint("start", runs=tmp_path / "runs", data=tmp_path) == {"rooms": [], "start": []}


def test_whoever_only_reads_about_runs_brings_no_torch_into_the_server(tmp_path):
    read = ("start", "compare", "why", "gallery")
    examples = PACKAGE.parent / "runs"
    assert first_paint(*read, runs=examples, data=tmp_path) == {"rooms": []} | {page: [] for page in read}


# ---- what the files of a run are called ------------------------------------------------------------------


FILES_OF_RUNS = {
    *(value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)),
    *(spelt(name) for name in names.WEIGHTS for spelt in (names.weights_file, names.hashes_file)),
} - {*names.WEIGHTS, names.HASHES}
MAKE_PATHS = ("Path", "PurePath", "join", "joinpath", "with_name")  # calls whose arguments are pieces of a path


def pieces(node: ast.AST) -> list[ast.expr]:
    """The expressions that become a piece of a path here: behind a `/`, in a call that makes one, or in an f-string."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [node.left, node.right]
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return node.args if called in MAKE_PATHS else []
    if isinstance(node, ast.JoinedStr):
        # Behind a `/` that follows a value; a file that is named in a sentence is none.
        return [part for part in node.values[1:] if isinstance(part, ast.Constant) and part.value.startswith("/")]
    return []


def spells_a_file_of_a_run(piece: ast.expr) -> bool:
    """Whether it is the name of a run's file, spelt out or taken from where they stand."""
    if isinstance(piece, ast.Attribute):
        return isinstance(piece.value, ast.Name) and piece.value.id == "names" and hasattr(names, piece.attr)
    if isinstance(piece, ast.Call):
        return ast.unparse(piece.func) in ("names.weights_file", "names.hashes_file")
    literal = piece.values[-1] if isinstance(piece, ast.JoinedStr) else piece
    if not isinstance(literal, ast.Constant) or not isinstance(literal.value, str):
        return False
    return literal.value.endswith(".pt") or not FILES_OF_RUNS.isdisjoint(literal.value.split("/"))


def paths_into_runs(file: Path) -> list[int]:
    """The lines of a file that build a path with the name of a run's file."""
    nodes = ast.walk(ast.parse(file.read_bytes()))
    return [piece.lineno for node in nodes for piece in pieces(node) if spells_a_file_of_a_run(piece)]


def test_only_runs_knows_what_the_files_of_a_run_are_called():
    wrong = [
        f"{file.relative_to(PACKAGE.parent)}:{line}"
        for file in (*sources(), APP)
        if family_of(room_of(file) if file != APP else "") != "runs"
        for line in paths_into_runs(file)
    ]
    assert wrong == []
    assert paths_into_runs(PACKAGE / "runs" / "folder.py")  # where they are known, they are seen


@pytest.mark.parametrize(
    "planted",
    [
        'run.path / "config.json"',
        'run.path / "samples" / picture',
        'folder / ".queue"',
        'folder / f"{name}.pt"',
        'path.joinpath("measured.json")',
        'file.with_name("kl_by_latent.npy")',
        'os.path.join(path, "lock")',
        'Path("runs", run_id, "stop")',
        'f"{path}/train.log"',
        'f"{folder}/{run_id}/samples/prior.png"',
        "run.path / names.OUTCOME",
        "run.path / names.weights_file(name)",
    ],
)
def test_a_path_into_a_run_is_seen_however_it_is_built(tmp_path, planted):
    (tmp_path / "room.py").write_text(f"there = {planted}\n")
    assert paths_into_runs(tmp_path / "room.py")


@pytest.mark.parametrize(
    "harmless", ['folder / "meta.json"', 'f"{names.CONFIG} is missing"', 'f"samples/{kind}"', "seconds / count"]
)
def test_a_file_that_is_only_named_is_no_path(tmp_path, harmless):
    (tmp_path / "room.py").write_text(f"there = {harmless}\n")
    assert not paths_into_runs(tmp_path / "room.py")
