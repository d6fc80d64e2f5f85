"""Architectures of one's own: what is kept, what is executed, and what a person is told where it is not."""

import re

import pytest
import torch
from own_arch import SOURCE, forgotten, kept, written

from vaedash import config, runs, storage
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.models import archs, own
from vaedash.training import launch


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def complaint(work, *args) -> str:
    with pytest.raises((RunError, UsageError)) as caught:
        work(*args)
    return str(caught.value)


# ---- what is kept ----------------------------------------------------------------------------------------------


def test_it_is_called_as_its_file_and_its_source_and_kept_by_that(tmp_path, data):
    arch = kept(tmp_path)
    digest = storage.sha256(SOURCE.encode())
    assert arch == f"shallow@{digest}" and config.is_own(arch)
    assert (data / "archs" / f"{digest}.py").read_text() == SOURCE
    assert (config.spoken(arch), config.usual_widths(arch, 32)) == ("shallow", ())
    assert RunConfig.build(arch=arch).title == "shallow on shapes"


@pytest.mark.parametrize("name", ["Residual", "my-net", "1st", "a" * 31, "x y", "ä", ".x", "_x"])
def test_a_file_whose_name_is_no_name_is_to_be_renamed(tmp_path, name):
    assert "another name, my_architecture.py" in complaint(kept, tmp_path, name)


@pytest.mark.parametrize("name", ["fc", "conv", "local"])
def test_the_name_of_one_that_comes_along_is_taken(tmp_path, name):
    assert f"There is an architecture {name} already" in complaint(kept, tmp_path, name)
    assert not config.is_own(f"{name}@{'0' * 64}")


@pytest.mark.parametrize(
    "arch",
    [
        "../../x@" + "0" * 64,
        "a/b@" + "0" * 64,
        "x@" + "0" * 63,
        "x@" + "A" * 64,
        "x@../" + "0" * 61,
        "x@" + "0" * 64 + "\n",
        "@" + "0" * 64,
        "conv@" + "0" * 64,
    ],
)
def test_what_is_no_name_and_no_hash_never_becomes_a_path(arch):
    assert (
        complaint(lambda: RunConfig(arch=arch))
        == f"arch must be one of fc, conv, local, or the path of a .py file with one of your own; got {arch!r}."
    )
    if not config.OWN.fullmatch(arch):
        assert "is no architecture of somebody's own" in complaint(own.kept_at, arch)


def test_widths_are_refused_by_its_name_alone(tmp_path):
    assert complaint(lambda: RunConfig(arch=kept(tmp_path), widths="8")).startswith("shallow has no widths to choose")


@pytest.mark.parametrize(
    ("source", "reason"), [("def f(:\n", "line 1: invalid syntax"), ("x = 1\n\ty", "line 2"), ("a\0b", "null byte")]
)
def test_what_is_no_python_is_told_its_line(tmp_path, source, reason):
    said = complaint(own.read, written(tmp_path, source=source))
    assert said.startswith("shallow.py is not Python (") and reason in said


def test_what_is_no_ordinary_file_is_not_read(tmp_path):
    huge = written(tmp_path, "huge", source="#" * (own.MOST + 1))
    assert "is larger than 1 MB" in complaint(own.read, huge)
    assert "is not an ordinary file" in complaint(own.read, tmp_path)
    assert "There is no file" in complaint(own.read, tmp_path / "none.py")


# ---- what is executed ------------------------------------------------------------------------------------------


def test_it_builds_and_runs_as_a_model_in_a_name_space_of_its_own(tmp_path):
    arch = kept(tmp_path)
    model = archs.build(RunConfig(arch=arch, latent_dim=4))
    assert model.decode(model.encode(torch.rand(3, 3, 32, 32))[0]).shape == (3, 3, 32, 32)
    assert archs.memory_format(arch) is torch.contiguous_format and archs.muon_rate(arch) == 2.0
    other = kept(tmp_path, "shallow", SOURCE + "\nMUON_RATE = 7.0\nMEMORY_FORMAT = __import__('torch').channels_last\n")
    assert own.load(arch) is not own.load(other)
    assert (archs.muon_rate(other), archs.memory_format(other)) == (7.0, torch.channels_last)


def test_its_weights_come_from_the_seed_alone_however_often_it_was_tried(tmp_path):
    def weights(latent_dim):
        torch.manual_seed(3)
        return torch.cat([part.flatten() for part in archs.build(settings(latent_dim)).parameters()])

    def settings(latent_dim):
        return RunConfig(arch=arch, latent_dim=latent_dim)

    with torch.random.fork_rng():
        arch = kept(tmp_path)
        assert torch.equal(weights(4), weights(4))  # the first one is tried before it is built


def test_only_what_somebody_here_asked_for_is_executed(tmp_path):
    mark = tmp_path / "executed"
    arch = forgotten(kept(tmp_path, source=f"open({str(mark)!r}, 'w')\n{SOURCE}"))
    assert not own.is_trusted(arch)
    said = complaint(archs.build, RunConfig(arch=arch))
    assert "nobody has asked to execute it" in said and "python -m vaedash trust RUN" in said
    assert not mark.exists()


@pytest.mark.parametrize("change", ["# more\n", ""])
def test_a_kept_source_that_was_changed_is_not_executed(tmp_path, change):
    mark = tmp_path / "executed"
    arch = kept(tmp_path)
    own.kept_at(arch).write_text(change and f"{SOURCE}{change}open({str(mark)!r}, 'w')\n")
    assert "its SHA-256 is another one" in complaint(archs.build, RunConfig(arch=arch, latent_dim=5))
    assert not mark.exists()


def test_a_link_in_place_of_a_kept_source_is_not_followed(tmp_path):
    arch = kept(tmp_path)
    elsewhere = written(tmp_path / "elsewhere")
    own.kept_at(arch).unlink()
    own.kept_at(arch).symlink_to(elsewhere)
    assert "is a link that leads out of its folder" in complaint(own.load, arch)


def test_another_source_cannot_be_trusted_as_this_one(tmp_path):
    arch = forgotten(kept(tmp_path))
    assert "is not the source of shallow" in complaint(own.trust, arch, b"x = 1")
    assert not own.is_trusted(arch)


# ---- what does not work ----------------------------------------------------------------------------------------


# An encoder that first does something with the images.
LAYER = SOURCE + (
    "\nclass First(nn.Module):\n    def __init__(self, rest):\n        super().__init__()\n        self.rest = rest\n"
    "    def forward(self, images):\n        return self.rest(self.first(images))\n"
    "    def first(self, images):\n        {}\n"
    "_encoder = encoder\ndef encoder(*asked):\n    return First(_encoder(*asked))\n"
)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import torch\n\n1 / 0\n", "in line 3, `1 / 0`: ZeroDivisionError: division by zero"),
        ("raise SystemExit('no')\n", "in line 1"),
        ("def encoder(latent_dim, activation, shape):\n    pass\n", "it has no function decoder("),
        (SOURCE.replace("activation, shape", "activation", 1), "TypeError"),
        (SOURCE.replace("2 * latent_dim", "latent_dim", 1), "its encoder makes (2, 128) of 2, and must make (2, 256)"),
        (SOURCE.replace("nn.Unflatten(1, shape)", "nn.Identity()"), "its decoder makes (2, 3072)"),
        (SOURCE.replace("nn.Sigmoid()", "nn.Identity()"), "let it end with nn.Sigmoid()"),
        (SOURCE.replace("nn.Sigmoid()", "nn.Dropout(), nn.Sigmoid()"), "nn.Dropout"),
        (SOURCE.replace("nn.Flatten(), ", "nn.BatchNorm2d(3), nn.Flatten(), "), "nn.BatchNorm2d"),
        (
            SOURCE + "\nclass Idle(nn.Identity):\n    def __init__(self):\n        super().__init__()\n"
            "        self.weight = nn.Parameter(__import__('torch').ones(1))\n"
            "_encoder = encoder\ndef encoder(*asked):\n    return _encoder(*asked).append(Idle())\n",
            "nothing depends on its weights encoder.2.weight",
        ),
        (
            SOURCE + "\nclass Plain(nn.Identity):\n    def forward(self, images):\n        return images.float()\n"
            "_decoder = decoder\ndef decoder(*asked):\n    return _decoder(*asked).append(Plain())\n",
            "in bf16 its decoder does not draw bf16",
        ),
        (
            SOURCE.replace("nn.Flatten(), nn.Linear(math.prod(shape)", "nn.Flatten(), nn.Linear(12288"),
            "its encoder cannot compute with (2, 3, 32, 32): mat1",
        ),
        (LAYER.format("return images * float('nan')"), "its encoder makes numbers that are not finite"),
        (LAYER.format("images += 1; return images"), "its encoder changes the images that it is given"),
        (LAYER.format("return images + __import__('torch').randn_like(images)"), "it computes something else each time"),
        (
            LAYER.replace("return self.rest(self.first(images))", "return images, images").format("pass"),
            "its encoder makes tuple, and must make one tensor",
        ),
        (
            SOURCE + "\n_encoder = encoder\ndef encoder(*asked):\n    made = _encoder(*asked)\n    return lambda images: made(images)\n"
            "_decoder = decoder\ndef decoder(*asked):\n    made = _decoder(*asked)\n    return lambda z: made(z)\n",
            "whose layers are attributes of it",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_told_why_in_one_sentence_with_a_remedy(tmp_path, source, reason):
    said = complaint(archs.build, RunConfig(arch=kept(tmp_path, source=source)))
    assert said.startswith("The architecture shallow does not work: ") and reason in said
    assert said.endswith("Change its file, then give it again.") and "\n" not in said


def test_what_it_prints_is_no_answer_of_a_command(tmp_path, capsys):
    archs.build(RunConfig(arch=kept(tmp_path, source="print('hello')\n" + SOURCE)))
    assert capsys.readouterr() == ("", "hello\n")


def test_an_error_in_a_layer_names_the_last_line_of_the_file(tmp_path):
    wrong = SOURCE.replace("nn.Flatten(), ", "").replace("return nn", "odd = 3\n    return nn", 1)
    layer = "\nclass Layer(nn.Module):\n    def forward(self, images):\n        return images.view(7, 7)\n"
    wrong = wrong.replace(
        "nn.Sequential(nn.Linear(math.prod(shape), 2", "nn.Sequential(Layer(), nn.Linear(math.prod(shape), 2"
    )
    said = complaint(archs.build, RunConfig(arch=kept(tmp_path, source=wrong + layer)))
    assert re.search(r"in line \d+, `return images\.view\(7, 7\)`: RuntimeError: ", said)


# ---- with a run ------------------------------------------------------------------------------------------------


def test_a_run_keeps_its_source_and_none_is_made_of_what_is_not_trusted(tmp_path):
    arch = kept(tmp_path)
    run = runs.create(tmp_path / "runs", RunConfig(arch=arch))
    assert (run.path / "arch.py").read_text() == SOURCE and run.source() == SOURCE.encode()
    assert not (runs.create(tmp_path / "runs", RunConfig()).path / "arch.py").exists()
    forgotten(arch)
    assert "python -m vaedash trust" in complaint(runs.create, tmp_path / "none", RunConfig(arch=arch))
    assert not (tmp_path / "none").exists()
    assert "python -m vaedash trust" in complaint(
        launch.new_runs, tmp_path / "none", [RunConfig(arch="fc"), RunConfig(arch=arch)]
    )
    assert not (tmp_path / "none").exists()
    assert run.reread().status == "queued" and run.reread().config.arch == arch
