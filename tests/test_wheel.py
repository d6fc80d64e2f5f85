"""The package as it is installed: what a wheel holds, and that the page and the commands work out of it, from anywhere."""

import configparser
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from patience import until

import vaedash
from vaedash import places, runs
from vaedash.bench.session import Session
from vaedash.bench.ui import free_port
from vaedash.comparing import verdict

ROOT = places.PROJECT_ROOT
BUILT_FROM = (
    "pyproject.toml",
    "setup.py",
    "requirements.txt",
    "README.md",
    "LICENSE",
    "streamlit_app.py",
    ".streamlit",
)
EXAMPLES = sorted(run.id for run in runs.list_runs(ROOT / "runs") if run.example)


@pytest.fixture(scope="session")
def wheel(common):
    """The wheel of this checkout, built of a copy: building leaves folders behind."""
    with FileLock(common / "wheel.lock"):
        if not list((common / "wheel").glob("*.whl")):
            _build(common / "checkout", common / "wheel")
    [file] = (common / "wheel").glob("*.whl")
    return file


def _build(copy, target):
    copy.mkdir()
    target.mkdir()
    for name in BUILT_FROM:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
    shutil.copytree(ROOT / "vaedash", copy / "vaedash", ignore=shutil.ignore_patterns("__pycache__"))
    for run_id in EXAMPLES:
        shutil.copytree(ROOT / "runs" / run_id, copy / "runs" / run_id, copy_function=_linked)
    # Of somebody who has trained here, and keeps secrets here.
    trained = shutil.copytree(copy / "runs" / EXAMPLES[0], copy / "runs" / "myrun2", copy_function=_linked)
    (trained / "notes.json").unlink()
    (copy / ".streamlit" / "secrets.toml").write_text("[auth]\n")
    script = f"from setuptools import build_meta; build_meta.build_wheel({str(target)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=copy, check=True, capture_output=True)


def _linked(source, target):
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy(source, target)


def test_a_wheel_holds_the_whole_package_the_app_its_options_and_the_examples_and_nothing_else(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "vaedash").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    examples = {
        file.relative_to(ROOT).as_posix()
        for run_id in EXAMPLES
        for file in (ROOT / "runs" / run_id).rglob("*")
        if file.is_file() and file.name not in ("lock", "notes.lock")
    }
    along = {"streamlit_app.py", ".streamlit/config.toml", *examples}
    assert held == sources | {f"vaedash/shipped/{name}" for name in along}
    assert wheel.stat().st_size < 30_000_000
    print(f"the wheel: {wheel.stat().st_size / 1e6:.1f} MB")


def test_a_wheel_says_its_version_and_what_the_command_is(wheel):
    archive = zipfile.ZipFile(wheel)
    [described] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    assert f"\nVersion: {vaedash.__version__}\n" in archive.read(described).decode()
    parser = configparser.ConfigParser()
    parser.read_string(archive.read(described.replace("METADATA", "entry_points.txt")).decode())
    assert dict(parser["console_scripts"]) == {"vaedash": "vaedash.cli:main"}


# ---- installed ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Installed:
    """The wheel unpacked as pip does it, the script that pip would make, and somebody at home who stands elsewhere."""

    package: Path
    home: Path

    @property
    def environment(self):
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("VAEDASH_", "XDG_"))}
        home = {name: str(self.home) for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")}
        return {**mine, **home, "PYTHONPATH": str(self.package)}

    def command(self, *words):
        return [sys.executable, str(self.package / "bin" / "vaedash"), *words]

    def call(self, *words):
        return subprocess.run(
            self.command(*words), cwd=self.home, env=self.environment, capture_output=True, text=True, timeout=300
        )


@pytest.fixture
def installed(wheel, tmp_path):
    package, home = tmp_path / "site", tmp_path / "home"
    home.mkdir()
    (home / "streamlit.py").write_text("raise SystemExit('a file of somebody who stands here')\n")
    zipfile.ZipFile(wheel).extractall(package)
    (package / "bin").mkdir()
    (package / "bin" / "vaedash").write_text("import sys\nfrom vaedash.cli import main\nsys.exit(main())\n")
    return Installed(package, home)


def test_an_installed_command_finds_the_examples_once_and_keeps_runs_with_the_person(installed):
    listed = json.loads(installed.call("runs", "--json").stdout)
    assert sorted(run["run"] for run in listed) == EXAMPLES
    [folder] = {Path(run["path"]).parent for run in listed}
    assert folder.is_relative_to(installed.home)
    shutil.rmtree(folder / EXAMPLES[0])  # what somebody deleted does not come back
    (folder / EXAMPLES[1] / "notes.json").write_text('{"schema": 1, "name": "mine now"}')
    said = installed.call("doctor")
    assert f"{len(EXAMPLES) - 1} runs in {folder}, images in {folder.parent / 'data'}: all sound." in said.stdout
    assert json.loads((folder / EXAMPLES[1] / "notes.json").read_text())["name"] == "mine now"
    empty = installed.call("runs", "--runs-dir", "none")
    assert empty.stdout == f"No runs in {installed.home / 'none'} yet. Start one: vaedash train\n"


def test_a_notebook_of_an_installed_package_finds_the_examples_too(installed):
    asked = "import vaedash; print(*sorted(run.id for run in vaedash.list_runs()), vaedash.find('qmmcpg').status)"
    answered = subprocess.run(
        # -P: not from where the person happens to stand.
        [sys.executable, "-P", "-c", asked],
        cwd=installed.home,
        env=installed.environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert answered.stdout.split() == [*EXAMPLES, runs.find(ROOT / "runs", "qmmcpg").status]
    assert answered.stderr == ""


def test_an_installed_command_calls_itself_by_its_name_and_leaves_its_package_as_it_was(installed):
    before = {file: file.stat().st_mtime_ns for file in (installed.package / "vaedash" / "shipped").rglob("*")}
    assert installed.call("--help").stdout.startswith("usage: vaedash ")
    assert installed.call("--version").stdout == f"vaedash {vaedash.__version__}\n"
    archived = installed.call("archive", EXAMPLES[0])
    assert f"vaedash restore {EXAMPLES[0]}" in archived.stdout and "python -m" not in archived.stdout
    wrong = installed.call("show", "nobody")
    assert wrong.returncode == 2 and "Runs: " in wrong.stderr
    now = {file: file.stat().st_mtime_ns for file in before}
    assert now == before


def test_the_page_of_an_installed_command_has_its_options_and_shows_the_examples(installed, tmp_path):
    # Somebody else's app is configured here, for all the network.
    (installed.home / ".streamlit").mkdir()
    (installed.home / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\n')
    judged = verdict.judged([runs.find(ROOT / "runs", name) for name in ("hkfrfp", "qmmcpg")])
    port, log = free_port(), tmp_path / "log"
    with open(log, "wb") as output:
        server = subprocess.Popen(
            installed.command("--port", str(port), "--no-browser"),
            cwd=installed.home,
            env=installed.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: _answers(port) or server.poll() is not None)
        for page in ("", "compare"):
            with Session(f"http://localhost:{port}", page) as visitor:
                assert visitor.errors() == []
                assert visitor.settings.gather_usage_stats is False
                assert page == "" or judged.plain in visitor.words()
        options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
        assert f"URL: http://{options['server']['address']}:{port}" in log.read_text()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


def _answers(port):
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).status == 200
    return False
