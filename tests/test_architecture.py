"""The page on an architecture of one's own: its file and its commands are executed as they stand there."""

import contextlib
import re
import shlex

import pytest
from own_arch import kept

from vaedash import cli, config, images, runs, storage
from vaedash.config import RunConfig
from vaedash.datasets import shapes
from vaedash.models import archs
from vaedash.places import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
[SOURCE] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)[3:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
# In place of what the page has for a person with ten minutes.
QUICK = shlex.split("--fraction 1.0 --epochs 1 --latent-dim 4 --precision fp32 --device cpu --dataset few_shapes")

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A folder with the file of the page, in which a person types."""
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path / "runs"))
    (tmp_path / "residual.py").write_text(SOURCE)
    few = shapes.make(n_train=48, n_test=12)
    for part, tiles in (("train", few.train), ("test", few.test)):
        (tmp_path / "few_shapes" / part).mkdir(parents=True)
        for number, tile in enumerate(tiles):
            picture = images.encode_png(images.grid(tile[None], columns=1))
            (tmp_path / "few_shapes" / part / f"{number:02}.png").write_bytes(picture)
    with contextlib.chdir(tmp_path):  # which is left before it goes
        yield tmp_path


@pytest.mark.usefixtures("in_process")
def test_the_commands_of_the_page_train_the_file_of_the_page_and_all_that_follows_works(written, capsys):
    train, *others, trust = COMMANDS
    assert train[:3] == ["train", "--arch", "fc,conv,residual.py"] and trust[:1] == ["trust"]
    assert cli.main([*train, *QUICK]) == 0, capsys.readouterr().err
    assert "residual" in capsys.readouterr().out
    run = runs.find(written / "runs", "latest:residual")
    assert run.status == "finished" and run.config.arch == f"residual@{storage.sha256(SOURCE.encode())}"
    assert {config.spoken(other.config.arch) for other in runs.list_runs(written / "runs")} == {
        "FC",
        "conv",
        "residual",
    }
    assert {words[0] for words in others} == {"generate", "evaluate", "report"}
    for words in others:
        assert cli.main(words) == 0, capsys.readouterr().err
    report = (written / "report.html").read_text()
    assert "residual" in report and "--arch arch.py" in report and str(written) not in report
    assert cli.main([*trust, "--yes"]) == 0 and "Trusted already" in capsys.readouterr().out


@pytest.mark.parametrize("activation", config.ACTIVATIONS)
@pytest.mark.parametrize("side", config.IMAGE_SIZES)
def test_the_file_of_the_page_builds_for_each_size_and_activation(written, side, activation):
    settings = RunConfig(arch=kept(written, "residual", SOURCE), image_size=side, activation=activation)
    assert archs.parameter_count(archs.build(settings)) > archs.parameter_count(
        archs.build(RunConfig(arch="conv", image_size=side))
    )


def test_what_the_page_says_of_names_files_and_entry_points_is_so(written):
    assert f'"{config.ARCH_GROUP}"' in PAGE and "`archs/` of the data folder" in PAGE
    assert all(config.is_arch_name(name) for name in ("residual", "a" * 30)) and not config.is_arch_name("a" * 31)
