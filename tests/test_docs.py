"""The documentation: commands parse, flags, files, tests and links exist, and what is said twice is said alike."""

import argparse
import ast
import importlib.util
import inspect
import re
import shlex
import string
from pathlib import Path

import pytest

import vaedash
from vaedash import cli, config, glossary
from vaedash.errors import UsageError
from vaedash.measuring.measures import MEASURES
from vaedash.notebook import Run
from vaedash.runs import schema

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "vaedash"
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]

# What stands for something in a command, and something that it could be.
STANDS_FOR = {"COMMAND": "train", "HOST:PORT": "first.example:6379", "PATH": "photos.zip"}
# Flags of other programs than vaedash.
OTHERS = {
    "the whole command line": ("--version",),
    "torchrun": ("--nproc-per-node", "--nnodes", "--rdzv-backend", "--rdzv-endpoint", "--max-restarts"),
    "streamlit": ("--server.address", "--server.allowedHosts", "--server.maxUploadSize"),
    "ray": ("--head", "--port", "--address", "--num-cpus"),
    "pip": ("--index-url", "--extra-index-url", "--no-deps"),
    "docker": ("--rm", "--init", "--read-only", "--tmpfs", "--build-arg", "--gpus"),
    "hf": ("--repo-type",),
    "ruff": ("--check",),
    "uv": ("--upgrade", "--all-extras", "--universal", "--no-annotate", "--python-version", "--torch-backend"),
    "pytest": ("--every-case",),
}

# Files that stand beside a promise with tests which count no cases for its figure.
NOT_COUNTED = {"tests/training/test_hardware.py": "R2", "tests/ui/test_states.py": "R7"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    """Its blocks of shell."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def spans(text: str) -> list[str]:
    """Its inline code."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def table(text: str, first: str) -> list[dict[str, str]]:
    """The rows below the first heading that begins so, each by heading."""
    lines = text.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(first))
    end = next(at for at, line in enumerate([*lines[start:], ""], start) if not line.startswith("|"))
    heading, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end])
    return [dict(zip(heading, row, strict=True)) for row in rows]


def commands() -> dict[str, argparse.ArgumentParser]:
    [choices] = [action for action in cli.parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(choices.choices)


# ---- commands -------------------------------------------------------------------------------------------


def lines_of(block: str) -> list[str]:
    """Its command lines, with a loop's variable once for each of its values."""
    lines = []
    for line in block.splitlines():
        loop = re.fullmatch(r"for (\w+) in ([\w ]+); do (.*); done", line)
        lines += [loop[3].replace(f"${loop[1]}", value) for value in loop[2].split()] if loop else [line]
    return lines


def called(line: str) -> list[str] | None:
    """The words behind `-m vaedash` in a command line, or those of a line that is a command of vaedash without it."""
    for name, stands_for in STANDS_FOR.items():
        line = re.sub(rf"\b{name}\b", stands_for, line)
    words = shlex.split(line, comments=True)
    for start in (["-m", "vaedash"], ["-m", "--", "vaedash"], ["--from", ".", "vaedash"], ["vaedash"]):
        for at in range(len(words) if len(start) > 1 else 1):
            if words[at : at + len(start)] == start:
                return words[at + len(start) :] or ["page"]  # what is meant where no command is named
    return words if len(words) > 1 and words[0] in commands() else None


def examples() -> list[tuple[str, str, bool]]:
    """(page, command line, whether it is whole): what follows a command's name within a sentence may be a part of it."""
    return [
        *((page.name, line, True) for page in PAGES for block in blocks(text_of(page)) for line in lines_of(block)),
        *((page.name, code, "-m vaedash" in code) for page in PAGES for code in spans(text_of(page))),
    ]


EXAMPLES = [(page, line, whole) for page, line, whole in dict.fromkeys(examples()) if called(line) is not None]


@pytest.mark.parametrize(("page", "line", "whole"), EXAMPLES, ids=[f"{page}-{line}" for page, line, _ in EXAMPLES])
def test_every_command_parses(page, line, whole):
    try:
        cli.parser().parse_args(called(line))
    except SystemExit as ended:
        if ended.code != 0:  # --help ends well
            raise
    except UsageError as error:
        if whole or not str(error).startswith("The following arguments are required"):
            raise


def test_commands_are_found_in_blocks_and_in_sentences():
    assert called("python -m vaedash stop RUN  # then wait") == ["stop", "RUN"]
    assert called("torchrun --nproc-per-node 2 -m -- vaedash train --monitor val") == ["train", "--monitor", "val"]
    assert called("evaluate RUN --fid") == ["evaluate", "RUN", "--fid"]
    assert called("vaedash train --epochs 3") == ["train", "--epochs", "3"]
    assert called("uvx --from . vaedash") == called("vaedash") == ["page"]
    assert called("runs") is called("ruff check .") is called("python -m vaedash.glossary") is None
    assert lines_of("for x in a b; do python -m vaedash stop $x; done") == [f"python -m vaedash stop {x}" for x in "ab"]
    pages = {page for page, *_ in EXAMPLES}
    assert {"README.md", "command-line.md", "study.md", "clusters.md", "growth.md", "speed.md"} <= pages


def test_every_module_that_is_called_can_be_called():
    modules = {name for page in PAGES for name in re.findall(r"python -m (vaedash\.[\w.]+)", text_of(page))}
    assert modules
    for name in modules:
        spec = importlib.util.find_spec(name)
        assert spec is not None and '__name__ == "__main__"' in Path(spec.origin).read_text(encoding="utf-8"), name


@each_page
def test_every_flag_is_one_of_some_command(page):
    known = {flag for command in commands().values() for action in command._actions for flag in action.option_strings}
    known |= {flag for flags in OTHERS.values() for flag in flags}
    assert [flag for flag in re.findall(r"(?<![\w-])--[a-z][\w.-]*", text_of(page)) if flag not in known] == []


def test_no_flag_of_another_program_is_allowed_in_vain():
    said = " ".join(text_of(page) for page in PAGES)
    assert [flag for flags in OTHERS.values() for flag in flags if not re.search(rf"{flag}\b", said)] == []


def test_every_command_is_explained():
    rows = table(text_of(ROOT / "docs" / "command-line.md"), "| command | what it does")
    said = {code for row in rows for code in re.findall(r"`([^`]+)`", row["command"])}
    expected = set()
    for name, command in commands().items():
        kinds = next((action.choices for action in command._actions if action.dest == "what"), None)
        expected |= {f"{name} {kind}" for kind in kinds} if kinds else {name}
    assert {re.sub(r"( RUN| DATASET)+$", "", code) for code in said} == expected


def test_everything_that_a_notebook_may_ask_for_is_explained():
    rows = table(text_of(ROOT / "docs" / "notebook.md"), "| in Python | what it does")
    said = {name for row in rows for name in re.findall(r"`(?:vaedash|run)\.(\w+)\(", row["in Python"])}
    methods = {name for name, _ in inspect.getmembers(Run, callable) if not name.startswith("_")}
    assert said == {*vaedash.__all__, *methods}


def test_the_continuous_integration_finds_the_test_command():
    lines = text_of(README).splitlines()
    at = lines.index("<!-- test command -->")
    assert lines[at + 1] == "```sh" and lines[at + 2].endswith('-m pytest -m "not slow"') and lines[at + 3] == "```"
    assert lines.count("<!-- test command -->") == 1


# ---- what is named exists ---------------------------------------------------------------------------------


def slug(heading: str) -> str:
    """The anchor that a heading gets where repositories are shown."""
    kept = set(string.ascii_lowercase + string.digits + "-_ ")
    return "".join(letter for letter in heading.lower() if letter in kept).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def targets(page: Path) -> list[str]:
    text = text_of(page)
    return [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]


@each_page
def test_every_link_and_every_picture_leads_somewhere(page):
    for target in targets(page):
        if not target.startswith(("https://", "http://")):
            path, _, anchor = target.partition("#")
            file = page.parent / path if path else page
            assert file.exists(), target
            assert not anchor or anchor in anchors(file), target


def test_the_readme_leads_to_every_page_and_is_short():
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= set(targets(README))
    assert len(text_of(README).splitlines()) <= 130


@each_page
def test_every_file_of_the_package_and_every_test_that_is_named_exists(page):
    text = text_of(page)
    files = [file.relative_to(ROOT).as_posix() for file in (ROOT / "tests").rglob("test_*.py")]
    functions = {name for file in files for name in re.findall(r"^def (test_\w+)", text_of(ROOT / file), re.MULTILINE)}
    for name in re.findall(r"[\w/]*\btest_\w+\b(?:\.\w+)?", text):
        if name.endswith(".py"):
            assert any(f"/{file}".endswith(f"/{name}") for file in files), name
        elif "." not in name:  # test_losses.npy is a file of a run
            assert name in functions, name
    for name in re.findall(r"(?<![\w./-])(?:vaedash|tests|docs)/[\w./-]*", text):
        assert (ROOT / name.rstrip(".")).exists(), name


def test_the_house_is_what_is_there():
    rows = table(text_of(ROOT / "docs" / "contributing.md"), "| floor | room | what lives there")
    rooms = [room for row in rows for room in re.findall(r"`([^`]+)`", row["room"])]
    there = {
        f"{path.name}/" if path.is_dir() else path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"
    }
    assert sorted(rooms) == sorted(there)


def test_every_environment_variable_is_one_that_is_read_and_none_is_left_out():
    said = {name for page in PAGES for name in re.findall(r"\bVAEDASH_[A-Z0-9_]+", text_of(page))}
    constants = (
        node.value
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert said == {value for value in constants if re.fullmatch(r"VAEDASH_[A-Z0-9_]+", value)}


# ---- what is said is so -----------------------------------------------------------------------------------


def test_words_are_what_the_glossary_prints():
    assert text_of(ROOT / "docs" / "words.md") == glossary.page()


def test_the_presets_are_those_of_the_configuration():
    rows = table(text_of(ROOT / "docs" / "figures.md"), "| preset | batch size")
    assert [row["preset"] for row in rows] == list(config.PRESETS)
    for row in rows:
        values = config.preset_values(row["preset"], "conv")
        said = {
            "batch_size": row["batch size"],
            "lr": row["learning rate"].split()[0],
            "latent_dim": row["latent size"],
        }
        assert {name: float(text) for name, text in said.items()} == {name: values[name] for name in said}
        fc = re.search(r"\(FC: ([\d.e-]+)\)", row["learning rate"])
        assert (float(fc[1]) if fc else values["lr"]) == config.preset_values(row["preset"], "fc")["lr"]


def test_every_dataset_is_explained():
    rows = table(text_of(ROOT / "docs" / "images.md"), "| `--dataset` | what it is")
    about = {row["`--dataset`"].split()[0].strip("`"): row["what it is"] for row in rows}
    assert list(about)[:-1] == list(config.DATASETS)
    for name, known in config.BUILT_IN.items():
        assert f"{known.training_images:,}" in about[name]


def test_every_file_of_a_run_is_explained():
    text = text_of(ROOT / "docs" / "run-format.md")
    examples = {file.name for file in (ROOT / "runs").glob("*/*") if not file.name.endswith(".sha256")}
    assert [name for name in sorted({*schema.CHECKS, *examples}) if not re.search(rf"\b{re.escape(name)}", text)] == []


def test_every_state_of_a_run_is_explained():
    lines = text_of(ROOT / "docs" / "run-format.md").splitlines()
    [outcomes] = [line for line in lines if line.lstrip().startswith("outcome.json")]
    [derived] = [line for line in lines if "A run's state is derived" in line]
    assert [status for status in schema.OUTCOMES if status not in outcomes] == []
    assert [status for status in schema.Status if status not in schema.OUTCOMES and status not in derived] == []


def test_every_page_is_explained():
    titles = re.findall(r'\btitle=say\("([^"]+)"', text_of(PACKAGE / "ui" / "app.py"))
    assert len(titles) == len(list((PACKAGE / "ui" / "pages").glob("*.py")))
    for page in (README, ROOT / "docs" / "pages.md"):
        assert [row["page"] for row in table(text_of(page), "| page | what it is for")] == titles


def test_every_measure_is_in_the_study():
    text = text_of(ROOT / "docs" / "study.md").partition("## Beyond the loss")[2].partition("\n## ")[0]
    assert [measure.title for measure in MEASURES.values() if measure.title.split(" in ")[0] not in text] == []


@each_page
def test_every_row_of_a_table_has_the_cells_of_its_heading(page):
    for heading in re.findall(r"^(\|.+\|)\n\|[ -]*-", text_of(page), re.MULTILINE):
        table(text_of(page), heading)


def test_every_promise_that_a_test_notes_is_in_the_table_and_names_the_file():
    rows = {row[""]: row["measured by"] for row in table(text_of(ROOT / "docs" / "promises.md"), "| | promise")}
    noted = {
        (number, file)
        for file in (ROOT / "tests").rglob("test_*.py")
        for number in re.findall(r'\bpromise\(\s*"(R\d+)"', text_of(file))
    }
    assert noted
    for number, file in noted:
        place = file.relative_to(ROOT)
        assert f"`{place.as_posix()}`" in rows[number] or f"`{place.parent.as_posix()}/`" in rows[number], (
            number,
            place,
        )


def test_every_test_file_that_the_promises_name_notes_that_promise():
    for row in table(text_of(ROOT / "docs" / "promises.md"), "| | promise"):
        for name in re.findall(r"`(tests/[\w/]+\.py)`", row["measured by"]):
            if row[""] != NOT_COUNTED.get(name):
                assert f'"{row[""]}"' in text_of(ROOT / name), (row[""], name)
