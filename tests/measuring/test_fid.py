"""FID and KID: which weights they need, on how many images they rest, and that the library is fed what it should be."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vaedash import cli, datasets, places, runs, storage
from vaedash.errors import UsageError, VaedashError
from vaedash.measuring import fid

extractor = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3", reason="the extra fid is not installed")


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """A file as torch-fidelity's, with weights that nobody has trained: the real ones are 95 MB from the network."""

    class Untrained(extractor.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):
            pass

    folder = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extractor, "load_state_dict_from_url", lambda *_, **__: {})
        torch.manual_seed(0)
        network = Untrained("inception-v3-compat", ["2048"])
        for layer in network.modules():
            if isinstance(layer, torch.nn.Conv2d):  # or nothing would be left of an image after so many layers
                torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        torch.save(network.state_dict(), folder / fid.URL.rpartition("/")[2])
    return folder


@pytest.fixture
def at_hand(untrained, monkeypatch):
    """That file passes for the one that is needed."""
    [file] = untrained.glob("*.pth")
    with open(file, "rb") as opened:
        monkeypatch.setattr(fid, "DIGEST", storage.sha256_of(opened)[:8])
    return untrained


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_a_set_is_at_no_distance_from_itself_and_far_from_noise(at_hand, data_dir):
    shapes = datasets.load("shapes", data_dir=data_dir)
    score = fid._scorer(at_hand)
    some = shapes.test[:12]
    same = score(some, some)
    far = score(np.random.default_rng(0).integers(0, 256, some.shape, dtype=np.uint8), some)
    assert abs(same["fid"]) < 1e-3 * far["fid"]
    # Without a bias, KID leaves out how like each image is to itself: what is left of a dozen images is not nothing.
    assert abs(same["kid"]) < 0.1 * far["kid"]


@pytest.mark.slow
def test_evaluate_measures_it_on_request_and_keeps_it_with_its_n_and_floor(at_hand, pair, capsys, tmp_path):
    folder = Path(shutil.copytree(pair.folder, tmp_path / "runs"))  # others look at what was measured of the pair
    run = runs.find(folder, "latest:conv")
    [file] = at_hand.glob("*.pth")
    (pair.data_dir / file.name).write_bytes(file.read_bytes())
    places = ["--runs-dir", str(folder), "--data-dir", str(pair.data_dir)]
    assert cli.main(["evaluate", run.id, "--fid", "10", *places]) == 0
    assert "FID: " in capsys.readouterr().out
    found = run.reread().quality
    for name in ("fid", "kid"):
        assert found[name]["n"] == 10 and found[name]["split"] == "test" and "inception" in found[name]["weights"]
        assert np.isfinite([found[name]["value"], found[name]["floor"]]).all()


def test_another_file_in_the_place_of_the_weights_is_not_opened(tmp_path):
    (tmp_path / fid.URL.rpartition("/")[2]).write_bytes(b"something else")
    with pytest.raises(
        VaedashError, match=r"is not the file it should be: delete it, and download https://.*\.pth anew\."
    ):
        fid.weights(tmp_path)


def test_without_the_library_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(UsageError, match=r'pip install -e "\.\[fid\]"'):
        fid._scorer(tmp_path)


def test_the_extra_is_named_as_in_pyproject():
    assert "fid = [" in (places.PROJECT_ROOT / "pyproject.toml").read_text()
