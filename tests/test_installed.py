"""What installed packages bring: real ones, as pip leaves them, on the path of a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from own_arch import SOURCE

from vaedash import installed
from vaedash.places import PROJECT_ROOT

MOST_SECONDS = 0.020


def package(place: Path, name: str, points: str, *, group: str = "vaedash.archs", source: str = SOURCE) -> None:
    """A package with one module and these entry points, where pip would put it."""
    described = place / f"{name}-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(f"[{group}]\n{points}\n")
    (place / f"{name}.py").write_text(source)


def told(place: Path, program: str, **more: str) -> object:
    """What a process says in JSON that has this place on its path."""
    environment = os.environ | {"PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{place}"} | more
    ran = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{program}"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


TABLE = "from vaedash import config\nprint(json.dumps([list(config.ARCHS), [each.sentence for each in config.SKIPPED_ARCHS]]))"


def test_an_architecture_of_a_package_stands_in_the_table_behind_those_that_come_along(tmp_path):
    package(tmp_path, "shallow_nets", "shallow = shallow_nets\ndeep = shallow_nets.none")
    assert told(tmp_path, TABLE) == [["fc", "conv", "local", "deep", "shallow"], []]


def test_it_is_loaded_once_it_is_built_and_computes_images(tmp_path):
    package(tmp_path, "shallow_nets", "shallow = shallow_nets")
    program = (
        "import torch\nfrom vaedash.config import RunConfig\nfrom vaedash.models import archs\n"
        "settings = RunConfig(arch='shallow', latent_dim=4)\nbefore = 'shallow_nets' in sys.modules\n"
        "model = archs.build(settings)\nshape = list(model.decode(model.encode(torch.rand(3, 3, 32, 32))[0]).shape)\n"
        "print(json.dumps([before, shape, settings.title, archs.muon_rate('shallow')]))"
    )
    assert told(tmp_path, program) == [False, [3, 3, 32, 32], "shallow on shapes, latent 4", 2.0]


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ("conv = odd_nets", "that name is taken"),
        ("Big-Net = odd_nets", "small letters"),
        ("odd = odd_nets:encoder", "it must name a module"),
    ],
)
def test_a_name_that_is_none_or_taken_is_left_out_and_the_doctor_says_so(tmp_path, point, reason):
    package(tmp_path, "odd_nets", point)
    archs, [sentence] = told(tmp_path, TABLE)
    assert archs == ["fc", "conv", "local"] and reason in sentence and "odd_nets" in sentence
    doctor = (
        "from pathlib import Path\nfrom vaedash import doctor\n"
        f"found = doctor.examine(Path({str(tmp_path / 'runs')!r}), Path({str(tmp_path / 'data')!r}))\n"
        "print(json.dumps([[each.kind, each.sentence] for each in found]))"
    )
    assert told(tmp_path, doctor) == [["skipped-architecture", sentence]]


def test_of_two_packages_with_one_name_the_first_by_its_own_name_has_it(tmp_path):
    for name in ("b_nets", "a_nets"):
        package(tmp_path, name, f"shallow = {name}")
    archs, [sentence] = told(tmp_path, TABLE)
    assert archs[3:] == ["shallow"] and "b_nets-1.0" in sentence


def test_a_package_that_fails_is_told_in_a_sentence(tmp_path):
    package(tmp_path, "odd_nets", "odd = odd_nets", source="1 / 0\n")
    program = (
        "from vaedash.errors import RunError\nfrom vaedash.models import archs\n"
        "try:\n    archs.memory_format('odd')\nexcept RunError as error:\n    print(json.dumps(str(error)))"
    )
    said = told(tmp_path, program)
    assert said.startswith("The architecture odd does not work: ") and "division by zero" in said


def test_other_groups_and_files_that_are_none_are_passed_over(tmp_path, monkeypatch):
    package(tmp_path, "others", "vaedash.archs = json", group="console_scripts")
    (tmp_path / "broken-1.dist-info").mkdir()
    for name, data in {"a": b"\xff vaedash.archs", "b": b"vaedash.archs = x\n[", "c": b"[vaedash.archs"}.items():
        (tmp_path / f"{name}-1.dist-info").mkdir()
        (tmp_path / f"{name}-1.dist-info" / "entry_points.txt").write_bytes(data)
    (tmp_path / "file-1.dist-info").write_text("vaedash.archs")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "gone"), str(tmp_path / "others.py")])
    assert installed.brought("vaedash.archs") == []


@pytest.mark.parametrize("count", [0, 3])
def test_to_look_for_them_takes_a_moment(tmp_path, count):
    for number in range(count):
        package(tmp_path, f"nets_{number}", f"shallow_{number} = nets_{number}")
    program = (
        # What the rooms beside it load anyway is there.
        "import time\nfrom vaedash import errors, places, settings, storage\n"
        "begin = time.perf_counter()\nfrom vaedash import installed\n"
        "found = installed.brought('vaedash.archs')\ntook = time.perf_counter() - begin\n"
        "print(json.dumps([len(found), 'importlib.metadata' in sys.modules, took]))"
    )
    found, slow, took = told(tmp_path, program)
    assert (found, slow) == (count, False)
    print(f"looking for entry points took {1000 * took:.1f} ms, of {1000 * MOST_SECONDS:.0f} that it may")
