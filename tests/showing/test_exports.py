"""Runs as files of other tools: weights whose card says what the run's files say and means nothing else, and graphs."""

import html.parser
import json
import re

import own_arch
import pytest
import yaml
from hostile import NAMES

from vaedash import cli, config, runs
from vaedash.config import RunConfig
from vaedash.models import archs, exported
from vaedash.runs import weights
from vaedash.showing import cards, exports

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


def card_of(run, **how) -> str:
    return cards.card(run, epoch=1, parameters=3, **how)


def front_matter(card: str) -> dict:
    _, matter, _ = card.split("---\n", 2)
    return yaml.safe_load(matter)


def test_weights_of_several_runs_are_written_with_their_cards_and_the_figures_of_these(pair, tmp_path, capsys):
    where = ["--runs-dir", str(pair.folder), "--out", str(tmp_path)]
    assert cli.main(["export", "safetensors", "latest:fc", "latest:conv", *where]) == 0
    said = capsys.readouterr().out
    for arch in ("fc", "conv"):
        run = runs.find(pair.folder, f"latest:{arch}")
        folder = tmp_path / run.id
        assert {file.name for file in folder.iterdir()} == {"README.md", "made-up.png", "model.safetensors"}
        assert f"vaedash.load('{folder}')" in said
        card = (folder / "README.md").read_text()
        assert front_matter(card)["library_name"] == "vaedash" and arch in front_matter(card)["tags"]
        assert f"{run.test_loss:.2f}".replace(".", "\\.") in card and "licen" not in card.split("---")[1]
        model, origin = exported.read(folder / exported.FILE)
        assert (origin.run, origin.epoch) == (run.id, run.best_epoch)
        assert f"{archs.parameter_count(model):,} numbers, of epoch {run.best_epoch}" in card


def test_the_card_has_the_interval_of_a_measure_where_the_run_has_one():
    run = runs.find(examples(), "p2xhuw")
    told = run.quality["told_class"]
    assert f"{told['value']:.1f}% \\(95%\\: {told['low']:.1f} to {told['high']:.1f}\\)".replace(".", "\\.") in card_of(
        run
    )
    assert "| a guess gets 10" not in card_of(run) and "; a guess gets 10\\.0%" in card_of(run)


def examples():
    from vaedash import places

    return places.PROJECT_ROOT / "runs"


def test_a_licence_is_on_the_card_where_somebody_names_one(tmp_path):
    run = runs.create(tmp_path, RunConfig())
    assert front_matter(card_of(run, licence="mit"))["license"] == "mit"
    assert "license" not in front_matter(card_of(run)) and "None was named" in card_of(run)


class Tags(html.parser.HTMLParser):
    """The elements that a browser would make of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


def test_hostile_names_and_places_mean_nothing_on_a_card(tmp_path, promise):
    plain = None
    for name in NAMES:
        run = runs.create(tmp_path / "runs", RunConfig(dataset=f"/home/mary/{name.replace('/', '')}.zip"))
        run.write_notes(name=name)
        run = run.reread()
        card = card_of(run)
        assert front_matter(card) == (plain := plain or front_matter(card)), name
        assert card.count("\n#") == 7 and "mary" not in card, name
        # Outside of code, nothing is left that means anything to Markdown or to HTML.
        words = "\n".join(line for line in card.split("```")[0].splitlines() if not line.startswith("    "))
        words = re.sub(r"\\.", "", words).replace("![Pictures that it made up](made-up.png)", "")
        assert not re.search(r"[<`]|\]\(|https?://", words), name
        assert Tags(re.sub(r"\\.", "", words)).seen == [], name
        promise("R11")


def test_an_architecture_of_ones_own_goes_along_as_its_source(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "data"))
    arch = own_arch.kept(tmp_path)
    run = runs.create(tmp_path / "runs", RunConfig(arch=arch, latent_dim=2))
    (run.path / "arch.py").write_text(own_arch.SOURCE)
    weights.save_best(run, 1, archs.untrained(run.config))
    written = exports.weights(run.reread(), out=tmp_path / "out")
    assert (written.folder / "shallow.py").read_text() == own_arch.SOURCE
    card = (written.folder / "README.md").read_text()
    assert 'arch="shallow.py"' in card and "--arch shallow.py" in card and config.arch_name(arch) == "shallow"


def test_graphs_are_written_and_it_is_said_how_far_they_are_from_torch(pair, tmp_path, capsys):
    pytest.importorskip("onnxscript", reason="ONNX is not installed")
    command = ["export", "onnx", "latest:conv", "--runs-dir", str(pair.folder), "--out", str(tmp_path), "--json"]
    assert cli.main(command) == 0
    said = json.loads(capsys.readouterr().out)
    [(run, apart)] = said["apart"].items()
    assert {file.name for file in (tmp_path / run).iterdir()} == {"encoder.onnx", "decoder.onnx"}
    assert {*apart} == {"encoder", "decoder"} and all(0 <= most < 1e-4 for most in apart.values())
