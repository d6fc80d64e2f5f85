"""The house as its own imports draw it: who imports whom, and the table of its size.

`python tests/support/house.py [FOLDER]` prints the table for the package in FOLDER (default: `vaedash` beside `tests`).
"""

import ast
import functools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "vaedash"


def sources(package: Path = PACKAGE) -> list[Path]:
    """All source files of the package."""
    return sorted(package.rglob("*.py"))


def room_of(file: Path, package: Path = PACKAGE) -> str:
    """Its dotted name within the package: `runs.record`; a face, `__init__.py`, is its family: `runs`."""
    parts = file.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def family_of(room: str) -> str:
    """The family, or the room of the ground floor, that a room belongs to."""
    return room.partition(".")[0]


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
    """Everything that a file imports, anywhere in it."""
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
    """The packages of these dotted names."""
    return {name.partition(".")[0] for name in names}


def rooms(names: Iterable[str], package: Path = PACKAGE) -> set[str]:
    """The rooms that these names lie in: `vaedash.runs.record.Run` lies in `runs.record`, `vaedash.runs.find` in `runs`."""
    there = {room_of(file, package) for file in sources(package)}
    found = set()
    for name in names:
        parts = name.split(".")[1:] if name.startswith("vaedash.") else []
        lies = [".".join(parts[:end]) for end in range(len(parts), 0, -1) if ".".join(parts[:end]) in there]
        found |= {lies[0]} if lies else {parts[0]} if parts else set()
    return found


def table(package: Path) -> dict[str, str]:
    """Rooms, arrows between them, longest file and function, and how often `Any` is written."""
    families = {family_of(room_of(file, package)) for file in sources(package)} - {"", "__main__"}
    arrows = {
        (family_of(room_of(file, package)), family_of(room))
        for file in sources(package)
        for room in rooms(imported(file), package)
        if family_of(room) != family_of(room_of(file, package)) and room_of(file, package) not in ("", "__main__")
    }
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in sources(package)}
    functions = [
        (node.end_lineno - node.lineno + 1, f"{file.relative_to(package)}:{node.name}")
        for file in sources(package)
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno
    ]
    longest = max(lines, key=lambda file: lines[file])
    anys = sum(len(re.findall(r"\bAny\b", file.read_text(encoding="utf-8"))) for file in lines)
    imports = sum("import Any" in file.read_text(encoding="utf-8") for file in lines)
    return {
        "rooms at the top": f"{len(families)}",
        "arrows between them": f"{len(arrows)}",
        "files": f"{len(lines)}",
        "lines": f"{sum(lines.values()):,}",
        "longest file": f"{lines[longest]} lines ({longest.relative_to(package)})",
        "longest function": "{} lines ({})".format(*max(functions)),
        "median function": f"{sorted(functions)[len(functions) // 2][0]} lines",
        "`Any` written": f"{anys} times, in {imports} files",
    }


if __name__ == "__main__":
    for what, figure in table(Path(sys.argv[1]).resolve() if sys.argv[1:] else PACKAGE).items():
        print(f"{what:20} {figure}")
