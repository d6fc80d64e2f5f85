"""Where a run computes: chosen once, measured once, and the same again when it resumes."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import vaedash
from vaedash import places
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.training import hardware, provenance
from vaedash.training.hardware import Hardware


@pytest.fixture
def only_cpu(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def machine(monkeypatch, only_cpu):
    """A machine of 8 cores whose steps take as long as the test says; `asked` is what was measured."""

    class Machine:
        def __init__(self) -> None:
            self.seconds = {"fp32": 1.0, "bf16": 1.0}
            self.asked: list[str] = []

        def step_seconds(self, precision: str) -> float:
            self.asked.append(precision)
            return self.seconds[precision]

    this = Machine()
    monkeypatch.setattr(hardware, "_step_seconds", this.step_seconds)
    monkeypatch.setattr(places, "cores", lambda: 8)
    monkeypatch.setattr(hardware, "name_of", lambda device: f"a {device}")
    return this


def chosen(tmp_path: Path, *, sharing: int = 1, **settings) -> Hardware:
    return hardware.choose(RunConfig(**settings), sharing=sharing, data_dir=tmp_path)


# ---- a run that starts now ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cuda", "mps", "device"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_device_there_is(monkeypatch, machine, tmp_path, cuda, mps, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert chosen(tmp_path, precision="fp32").device == device
    assert chosen(tmp_path, device="cpu").device == "cpu"


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_here_is_refused_with_those_that_are(machine, tmp_path, device):
    with pytest.raises(UsageError) as caught:
        chosen(tmp_path, device=device)
    assert str(caught.value) == f"device {device} is not available to torch {torch.__version__} here. Available: cpu."


@pytest.mark.parametrize(("sharing", "threads"), [(1, 8), (2, 4), (3, 2), (20, 1)])
def test_runs_that_share_a_machine_share_its_cores(machine, tmp_path, sharing, threads):
    assert chosen(tmp_path, sharing=sharing).threads == threads


def test_what_was_chosen_is_recorded_in_full(machine, tmp_path):
    expected = Hardware(
        device="cpu",
        precision="fp32",
        threads=8,
        processor="a cpu",
        torch=torch.__version__,
        numpy=np.__version__,
        vaedash=vaedash.__version__,
        source=provenance.source(),
    )
    assert chosen(tmp_path) == expected
    assert json.loads(json.dumps(expected.facts())) == dataclasses.asdict(expected)


def test_another_source_of_vaedash_is_another_digest(tmp_path, monkeypatch):
    copy = Path(shutil.copytree(Path(vaedash.__file__).parent, tmp_path / "vaedash"))
    monkeypatch.setattr(vaedash, "__file__", str(copy / "__init__.py"))
    digest = provenance.source.__wrapped__
    assert digest() == provenance.source()
    (copy / "ui" / "race.py").write_text("# pages change no figure")
    assert digest() == provenance.source()
    (copy / "models" / "losses.py").write_text("# the loss does")
    assert digest() != provenance.source()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, ""),
        ({"vaedash": "0.0.9"}, f"Continues, but not bit-exact: vaedash was 0.0.9, is {vaedash.__version__}."),
        ({"numpy": "1.25.0"}, f"Continues, but not bit-exact: numpy was 1.25.0, is {np.__version__}."),
        (
            {"source": ""},
            "Continues; which vaedash it began with was not recorded, so it may not be bit-exact.",
        ),
    ],
)
def test_a_resume_under_another_vaedash_says_that_it_is_not_bit_exact(machine, tmp_path, changes, sentence):
    facts = chosen(tmp_path).facts() | changes
    assert hardware.as_recorded(facts, RunConfig(device="cpu"))[1] == sentence


# ---- the precision is measured once -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gain", "precision"), [(2.0, "bf16"), (1.2, "bf16"), (1.05, "fp32"), (1.0, "fp32"), (0.5, "fp32")]
)
def test_auto_takes_half_precision_only_where_it_is_clearly_faster(machine, tmp_path, gain, precision):
    machine.seconds = {"fp32": gain, "bf16": 1.0}
    assert chosen(tmp_path).precision == precision


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_precision_that_was_asked_for_is_not_measured(machine, tmp_path, precision):
    assert chosen(tmp_path, precision=precision).precision == precision
    assert machine.asked == []


def test_two_runs_never_choose_differently_though_the_machines_speed_varies(machine, tmp_path):
    machine.seconds = {"fp32": 2.0, "bf16": 1.0}
    assert chosen(tmp_path).precision == "bf16"
    assert machine.asked == ["fp32", "bf16"]
    machine.seconds = {"fp32": 1.0, "bf16": 2.0}
    assert chosen(tmp_path).precision == "bf16"
    assert len(machine.asked) == 2  # read back


def test_another_torch_or_another_machine_is_measured_anew_and_the_old_figure_is_kept(monkeypatch, machine, tmp_path):
    machine.seconds = {"fp32": 2.0, "bf16": 1.0}
    chosen(tmp_path)
    before = torch.__version__
    monkeypatch.setattr(torch, "__version__", "99.0")
    machine.seconds = {"fp32": 1.0, "bf16": 1.0}
    assert chosen(tmp_path).precision == "fp32"
    monkeypatch.setattr(torch, "__version__", before)
    assert chosen(tmp_path).precision == "bf16"
    monkeypatch.setattr(hardware, "name_of", lambda device: "another")
    assert chosen(tmp_path).precision == "fp32"
    assert len(machine.asked) == 6
    assert len(json.loads((tmp_path / "cache" / "precision.json").read_text())) == 3


@pytest.mark.parametrize("damage", ["", "{", "[]", "7", "null", '"x"', "[1]", '{"a cpu torch KEY": "fast"}'])
def test_a_damaged_cache_is_measured_anew(machine, tmp_path, damage):
    file = tmp_path / "cache" / "precision.json"
    file.parent.mkdir()
    file.write_text(damage.replace("KEY", torch.__version__))
    machine.seconds = {"fp32": 2.0, "bf16": 1.0}
    for _ in range(2):
        assert chosen(tmp_path).precision == "bf16"
    assert len(machine.asked) == 2


def test_apples_gpu_computes_in_single_precision(monkeypatch, machine, tmp_path):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    machine.seconds = {"fp32": 9.0, "bf16": 1.0}
    assert chosen(tmp_path).precision == "fp32" and machine.asked == []


@pytest.mark.parametrize(("of_its_own", "precision"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_computes_in_half_precision_where_that_is_its_own(monkeypatch, machine, tmp_path, of_its_own, precision):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation or of_its_own)
    assert chosen(tmp_path).precision == precision and machine.asked == []


def test_the_measurement_takes_time_and_leaves_the_threads_as_they_were():
    before = torch.get_num_threads()
    assert hardware._step_seconds("fp32") > 0
    assert torch.get_num_threads() == before


# ---- set up -------------------------------------------------------------------------------------------------


def test_applying_fixes_threads_and_asks_for_the_same_sums_every_time(torch_as_it_was):
    Hardware(device="cpu", precision="fp32", threads=3, processor="a cpu", torch="1.0").apply()
    assert torch.get_num_threads() == 3
    assert torch.are_deterministic_algorithms_enabled() and not torch.backends.cudnn.benchmark


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_the_forward_pass_is_computed_in_the_precision_of_the_run(machine, tmp_path, precision, dtype):
    assert chosen(tmp_path, precision=precision).dtype == dtype


# ---- a run that resumes -------------------------------------------------------------------------------------


def test_a_resume_on_the_same_machine_has_nothing_to_say(machine, tmp_path):
    machine.seconds = {"fp32": 2.0, "bf16": 1.0}
    before = chosen(tmp_path, sharing=2)
    machine.seconds = {"fp32": 1.0, "bf16": 2.0}
    facts = dataclasses.asdict(before) | {"started": "then", "dataset": {}}
    assert hardware.as_recorded(facts, RunConfig(), sharing=2) == (before, "")
    # With all of the machine for itself now: that changes how fast it is, and no number.
    assert hardware.as_recorded(facts, RunConfig()) == (dataclasses.replace(before, threads=8), "")


def test_a_resume_elsewhere_keeps_the_precision_and_says_what_differs(monkeypatch, machine, tmp_path):
    before = dataclasses.replace(chosen(tmp_path), threads=5, precision="bf16", torch="1.0", processor="an abacus")
    after, said = hardware.as_recorded(dataclasses.asdict(before), RunConfig())
    assert (after.device, after.threads, after.precision) == ("cpu", 8, "bf16")
    assert (after.processor, after.torch) == ("a cpu", torch.__version__)
    assert said == (
        f"Continues, but not bit-exact: processor was an abacus, is a cpu; torch was 1.0, is {torch.__version__}."
    )


@pytest.mark.parametrize("wanted", ["auto", "cuda"])
def test_a_resume_without_the_recorded_gpu_goes_on_without_it_and_says_so(machine, tmp_path, wanted):
    before = dataclasses.replace(chosen(tmp_path), device="cuda", processor="a cuda")
    after, said = hardware.as_recorded(dataclasses.asdict(before), RunConfig(device=wanted))
    assert after.device == "cpu"
    assert said == "Continues, but not bit-exact: device was cuda, is cpu; processor was a cuda, is a cpu."


def test_a_resume_stays_on_the_recorded_device_though_a_faster_one_is_here_now(monkeypatch, machine, tmp_path):
    before = chosen(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert hardware.as_recorded(dataclasses.asdict(before), RunConfig()) == (before, "")
