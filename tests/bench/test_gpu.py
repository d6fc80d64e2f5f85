"""What a GPU is measured by. Beside itself, a processor differs in nothing."""

import pytest
import torch
from gpu import ON_GPU

from vaedash import config
from vaedash.bench import agreement, costs, gpu
from vaedash.errors import UsageError


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_without_a_gpu_it_says_so():
    with pytest.raises(UsageError, match=r"device cuda is not available to torch \S+ here\. Available: "):
        gpu.require()


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cpu", ON_GPU])
def test_a_device_is_set_beside_the_processor(photos, data_dir, device):
    beside = agreement.measure("fc", str(photos), data_dir, device)
    assert beside.pop("recorded steps equal plain ones") == "bit for bit"
    exact, as_it_trains, bf16 = beside.values()
    assert exact < 1e-3 and as_it_trains < 1e-2 and 0 < bf16 < 5e-2
    assert device == "cuda" or exact == as_it_trains == 0


@pytest.mark.slow
def test_a_study_is_timed_until_its_runs_are_over_and_until_they_are_measured(photos, data_dir):
    study = costs.of_the_study(str(photos), data_dir, presets=["p1"])
    assert list(study)[3:] == [f"p1 {arch}" for arch in config.PAIR] and study["runs"] == len(config.PAIR)
    assert 0 < study["until all are trained, s"] < study["until all are measured, s"]
    for arch in config.PAIR:
        how = study[f"p1 {arch}"]
        assert how["status"] in ("finished", "early-stopped") and how["epochs"] > 0 and how["test loss"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("device", [ON_GPU])
def test_everything_is_measured_in_one_go(photos, data_dir, device):
    figures = dict(gpu.measure(dataset=str(photos), data_dir=data_dir, rounds=1))
    whole_runs = ["loading the cached images, s", "images, train and test", *(f"{arch} run" for arch in config.PAIR)]
    assert {"machine", "the study", "a pair at once", *whole_runs} < figures.keys()
    for arch in config.PAIR:
        assert figures[f"{arch} p1"] and figures[f"{arch} p1 beside the processor"]
        assert all(figures[f"{arch} p1, 50,000 images in {precision}, s"] > 0 for precision in ("fp32", "bf16"))
