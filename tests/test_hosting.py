"""What hosts are told (Dockerfile, compose.yaml, dev container, a Space) and the page agree: files, ports, names, versions, rights."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest
import yaml
from huggingface_hub import metadata_load
from packaging.specifiers import SpecifierSet
from patience import until
from streamlit import config as options
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from vaedash import places, runs
from vaedash.bench.ui import free_port

ROOT = places.PROJECT_ROOT
EXAMPLES = {run.id for run in runs.list_runs(ROOT / "runs") if run.example}
SPACE = "name-vaedash.hf.space"

# What lies about where somebody works, trains and signs in.
NOBODYS_BUSINESS = (
    ".git/config",
    ".streamlit/secrets.toml",
    ".venv/bin/python",
    "data/cache/images.npy",
    "runs/myrun2/best.pt",
    f"runs/{min(EXAMPLES)}/lock",
    "vaedash/__pycache__/places.pyc",
    "vaedash/ui/__pycache__/app.pyc",
)


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def instructions(kind):
    """What stands behind each such instruction of the Dockerfile, its lines joined."""
    joined = re.sub(r"^#.*\n", "", text_of("Dockerfile"), flags=re.M).replace("\\\n", " ")
    return re.findall(rf"^{kind} (.+)$", joined, re.M)


def environment():
    """What the image sets."""
    return dict(word.split("=", 1) for line in instructions("ENV") for word in line.split())


def services():
    return yaml.safe_load(text_of("compose.yaml"))["services"]


def dev_container():
    return json.loads(text_of(".devcontainer/devcontainer.json"))


def given(path):
    """Whether a build is given the file, by what .dockerignore says of it or of a folder that it lies in: the last word counts."""
    parts = PurePosixPath(path).parts
    folders = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
    left_out = False
    for line in text_of(".dockerignore").splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        named = [folder.rsplit("/", 1)[-1] if "**/" in line else folder for folder in folders]
        depth = pattern.count("/")
        if any(fnmatch(name, pattern) and name.count("/") == depth for name in named):
            left_out = not line.startswith("!")
    return not left_out


# ---- what an image holds ----------------------------------------------------------------------------------


def sources():
    """What the build copies, from the root of the checkout."""
    words = [[word for word in line.split() if not word.startswith("--")] for line in instructions("COPY")]
    return [source for *froms, _ in words for source in froms]


def test_a_build_is_given_what_it_copies():
    for source in sources():
        file = ROOT / source
        inside = [path for path in file.rglob("*") if path.is_file()] if file.is_dir() else [file]
        assert any(given(path.relative_to(ROOT).as_posix()) for path in inside), source
    package = [file.relative_to(ROOT) for file in (ROOT / "vaedash").rglob("*") if file.is_file()]
    assert [file for file in package if "__pycache__" not in file.parts and not given(file.as_posix())] == []


def test_a_build_is_given_the_example_runs_and_nothing_that_is_nobodys_business():
    assert {run.name for run in (ROOT / "runs").iterdir() if given(f"runs/{run.name}/best.pt")} == EXAMPLES
    assert [file for file in NOBODYS_BUSINESS if given(file)] == []


def test_an_image_and_a_dev_container_have_a_python_that_vaedash_runs_on():
    allowed = SpecifierSet(tomllib.loads(text_of("pyproject.toml"))["project"]["requires-python"])
    bases = [*instructions("FROM"), dev_container()["image"]]
    assert [allowed.contains(re.search(r"python:(\d\.\d+)", base)[1]) for base in bases] == [True, True]


def test_a_container_installs_the_packages_that_changes_are_tested_with():
    [install] = [line for line in instructions("RUN") if "pip install" in line]
    assert "--constraint constraints.txt --requirement requirements.txt" in install
    assert {"requirements.txt", ".ci/constraints.txt"} <= set(sources())
    assert ".[test]" in dev_container()["postCreateCommand"]


# ---- what it may, and how it is reached ---------------------------------------------------------------------


def test_what_is_set_for_a_container_is_something_that_the_page_or_streamlit_reads():
    said = [environment(), *(service["environment"] for service in services().values())]
    read = {
        node.value
        for file in (ROOT / "vaedash").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    read |= {option.env_var for option in options.get_config_options().values()}
    assert {name for names in said for name in names} - read == {"MALLOC_ARENA_MAX"}


def test_visitors_of_a_container_look_on_unless_it_is_the_one_to_train_in(monkeypatch):
    for service, look_on in (("page", True), ("train", False)):
        for name, value in {**environment(), **services()[service]["environment"]}.items():
            monkeypatch.setenv(name, value)
        assert places.read_only() is look_on
    assert "root" not in instructions("USER")[-1] and instructions("USER")[-1] != "0"


def test_a_service_has_no_more_rights_than_it_needs():
    composed = yaml.safe_load(text_of("compose.yaml"))
    folders = {environment()["VAEDASH_RUNS"], environment()["VAEDASH_DATA"]}
    for service in composed["services"].values():
        assert service["read_only"] and service["tmpfs"] == ["/tmp"] and service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert [volume.rsplit(":", 2)[1:] for volume in services()["page"]["volumes"]] == [
        [environment()["VAEDASH_RUNS"], "ro"]
    ]
    kept = dict(volume.split(":") for volume in services()["train"]["volumes"])
    assert set(kept) == set(composed["volumes"]) and set(kept.values()) == folders
    assert services()["train"]["profiles"]  # not started where no service is named


def test_everybody_means_the_same_port():
    port = environment()["STREAMLIT_SERVER_PORT"]
    [health] = instructions("HEALTHCHECK")
    published = {port.rsplit(":", 1)[1] for service in services().values() for port in service["ports"]}
    assert {*instructions("EXPOSE"), re.search(r"127\.0\.0\.1:(\d+)/", health)[1], *published} == {port}
    container = dev_container()
    assert container["forwardPorts"] == [int(port)] and list(container["portsAttributes"]) == [port]
    assert f"--server.port={port} " in container["postAttachCommand"]
    assert f"CODESPACE_NAME-{port}." in container["postAttachCommand"]
    assert f"127.0.0.1:{port}:{port}" in text_of("docs/hosting.md")


@pytest.fixture
def port():
    """Of the server that the command of an image starts in this checkout, on a port of its own."""
    port = str(free_port())
    [command] = (json.loads(line.replace(environment()["STREAMLIT_SERVER_PORT"], port)) for line in instructions("CMD"))
    settings = environment() | {"VAEDASH_RUNS": str(ROOT / "runs"), "STREAMLIT_SERVER_PORT": port, "SPACE_HOST": SPACE}
    # A container has one Python only.
    settings["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL) as server:
        try:
            until(lambda: health(port) == 0 or server.poll() is not None)
            yield port
        finally:
            server.terminate()


def health(port):
    """The exit status of what the image asks for its health, at this port."""
    [said] = instructions("HEALTHCHECK")
    _, *words = json.loads(said[said.index("[") :].replace(environment()["STREAMLIT_SERVER_PORT"], port))
    return subprocess.run([sys.executable, *words], stderr=subprocess.DEVNULL, timeout=60).returncode


def status(port, name):
    """What a page that calls this machine by such a name is answered where it knocks."""
    there = socket.create_connection(("127.0.0.1", int(port)))
    try:
        with connect(
            f"ws://{name}/_stcore/stream", sock=there, origin=f"https://{name}", subprotocols=["streamlit"]
        ) as tab:
            return tab.response.status_code
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.skipif(os.name != "posix", reason="containers run Linux")
def test_the_command_of_an_image_serves_the_page_by_the_names_that_it_may_have_and_its_health_is_told(port):
    names = {"localhost": 101, SPACE: 101, "evil.example": 403}
    assert {name: status(port, name) for name in names} == names
    assert (health(port), health(str(free_port()))) == (0, 1)


# ---- a Space ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="a Space is made of a clone")
def test_the_folder_for_a_space_is_made_as_the_documentation_says(tmp_path):
    [made] = [
        block
        for block in re.findall(r"^```sh\n(.*?)^```$", text_of("docs/hosting.md"), re.M | re.S)
        if "space" in block
    ]
    lines = [line for line in made.splitlines() if not line.startswith("hf ")]
    space = tmp_path / "space"
    script = (
        "\n".join(lines)
        .replace("> space", f"> {space}")
        .replace("-C space", f"-C {space}")
        .replace("mkdir space", f"mkdir {space}")
    )
    subprocess.run(["sh", "-ec", script], cwd=ROOT, check=True)
    said = metadata_load(space / "README.md")
    assert (said["sdk"], said["app_port"]) == ("docker", int(environment()["STREAMLIT_SERVER_PORT"]))
    assert len(said["short_description"]) <= 60  # what a Space is allowed
    assert (space / "README.md").read_text(encoding="utf-8").endswith(text_of("README.md"))
    assert {run.name for run in (space / "runs").iterdir() if run.is_dir()} == EXAMPLES
