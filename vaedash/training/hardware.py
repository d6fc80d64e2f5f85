"""Where and how a run computes: its device, its share of the processor's cores, and the faster precision."""

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

import vaedash
from vaedash import places, storage
from vaedash.config import PAIR, USUAL_FRAME, RunConfig
from vaedash.errors import UsageError
from vaedash.models import archs
from vaedash.models.vae import VAE
from vaedash.runs.schema import Start
from vaedash.training import kernels, provenance
from vaedash.training.kernels import Apart
from vaedash.training.pace import THREADS, Pace, Room
from vaedash.training.team import ALONE, Team

_Dtype = torch.dtype  # within `Hardware`, torch is a version
BF16_GAIN = 1.1  # bf16 is taken where a training step is at least this much faster


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """What a run computes on; recorded at its start and used again when it resumes.

    Two runs with equal hardware, versions, settings and images give the same numbers, bit for bit. On a processor `threads` is a
    run's share of the cores: a process that trains alone chooses how many it uses as it goes (`pace`), which changes no
    number. For the processes of a team it is how many threads each has, and it is part of what makes their numbers.
    """

    device: str
    precision: str
    threads: int
    processor: str  # or the GPU
    torch: str  # version
    processes: int = 1  # that train together, each with as many threads
    backend: str = "none"  # of torch.distributed, by which they do
    numpy: str = ""  # version
    vaedash: str = ""  # version
    source: str = ""  # digest of vaedash's own code (`provenance.source`); empty where that was not recorded

    def apply(self) -> None:
        """Set this process up accordingly; once, before the first tensor is computed."""
        torch.set_num_threads(self.threads)
        torch.backends.cudnn.benchmark = False
        # What use_deterministic_algorithms(True) does, but that loads torch's compiler too: a second of each start.
        torch.set_deterministic_debug_mode("error")
        # Every tensor here is written before it is read; filling each one first cost FC an eighth of its speed.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # missing in its stubs
        if self.device == "cuda":
            # Steps are recorded as CUDA graphs, which the default stream does not allow.
            torch.cuda.set_stream(torch.cuda.Stream())

    def facts(self) -> Start:
        """As it is recorded at a start."""
        return cast(Start, asdict(self))

    @property
    def dtype(self) -> _Dtype:
        """What the forward and the backward pass compute in; weights learn in fp32 whatever it is."""
        return torch.bfloat16 if self.precision == "bf16" else torch.float32


def choose(settings: RunConfig, *, sharing: int, data_dir: Path, team: Team = ALONE) -> Hardware:
    """The hardware for a run that starts now, one of `sharing` runs on this machine.

    Raises UsageError if the settings ask for a device that is not here, or `team` needs more of them than there are.
    """
    chosen = available(settings.device)
    precision = settings.precision
    if precision == "auto":
        precision = "bf16" if _faster_in_bf16(chosen, data_dir / "cache") else "fp32"
    return _here(chosen, precision, _threads(sharing, team), team)


def as_recorded(facts: Start, settings: RunConfig, *, sharing: int = 1, team: Team = ALONE) -> tuple[Hardware, str]:
    """The hardware of a run's first start (an entry of facts.json), for its resume; and, if this machine differs, a sentence that says how.

    The device is chosen anew where the recorded one is not here; precision stays, and the threads of a team do unless another
    number of processes trains now.
    """
    known = {key: value for key, value in facts.items() if key in Hardware.__dataclass_fields__}
    recorded = Hardware(**cast(dict[str, Any], known))
    try:
        chosen = available(recorded.device)
    except UsageError:
        chosen = available(settings.device if settings.device != recorded.device else "auto")
    together = team.size == recorded.processes > 1
    here = _here(chosen, recorded.precision, recorded.threads if together else _threads(sharing, team), team)
    before, after = asdict(recorded), asdict(here)
    if team.size == recorded.processes == 1:
        before["threads"] = after["threads"]  # changes no number
    changes = [f"{key} was {before[key]}, is {after[key]}" for key in before if before[key] not in ("", after[key])]
    if changes:
        return here, f"Continues, but not bit-exact: {'; '.join(changes)}."
    if not recorded.source:
        return here, "Continues; which vaedash it began with was not recorded, so it may not be bit-exact."
    return here, ""


def sharing(cpus: int) -> int:
    """How many runs share this machine where each may have that many of its cores, and none more."""
    return math.ceil(places.cores() / cpus)


def use(threads: int) -> None:
    """Compute with so many threads from here on, in this thread of the program."""
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def apart(settings: RunConfig, machine: Hardware, *, bounded: bool, cache: Path, find: bool = True) -> Apart:
    """What a run does with each number of threads that it may choose (`kernels.divided`): those of the cores that it may have, all
    of the machine's unless it is `bounded` to its share. Empty where nothing is chosen: on a GPU, in a team. What is not known is
    not found out where `find` says so, and for a run whose share is one core, which will hardly need it.
    """
    if machine.device != "cpu" or machine.processes > 1:
        return {}
    most = machine.threads if bounded else places.cores()
    counts = [count for count in THREADS if 1 < count <= most]
    return kernels.divided(settings, machine.dtype, counts, cache, find=find and machine.threads > 1)


def pace(settings: RunConfig, machine: Hardware, apart: Apart) -> Pace:
    """How such a run chooses."""
    if machine.device != "cpu" or machine.processes > 1:
        return Pace.fixed(machine.threads)
    return Pace(machine.threads, [*apart], batch=settings.batch_size, room=Room())


def wait_for(device: str) -> None:
    """Until a device has done all that it was told to; a GPU works on while the program goes on."""
    if device == "cuda":
        torch.cuda.synchronize()


def _here(device: str, precision: str, threads: int, team: Team) -> Hardware:
    if device != "cpu" and team.local_size > (gpus := max(1, torch.cuda.device_count())):
        raise UsageError(
            f"Each process on {device} needs a GPU of its own: {team.local_size} were started on this machine, which "
            f"has {gpus}. Start no more than that, or give --device cpu."
        )
    return Hardware(
        device=device,
        precision=precision,
        threads=threads,
        processor=name_of(device),
        torch=torch.__version__,
        processes=team.size,
        backend=team.backends.get(device, "none"),
        numpy=np.__version__,
        vaedash=vaedash.__version__,
        source=provenance.source(),
    )


def _threads(sharing: int, team: Team) -> int:
    return max(1, places.cores() // (sharing * team.local_size))


def available(wanted: str) -> str:
    """The device of that name; for `auto` the fastest kind that is here. Raises UsageError if it is not here."""
    devices = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    here = [device for device, there in devices.items() if there]
    if wanted == "auto":
        return here[0]
    if wanted not in here:
        raise UsageError(
            f"device {wanted} is not available to torch {torch.__version__} here. Available: {', '.join(here)}."
        )
    return wanted


def name_of(device: str) -> str:
    """What a device is called: the GPU, or the processor."""
    return torch.cuda.get_device_name() if device == "cuda" else places.processor()


def _faster_in_bf16(device: str, cache: Path) -> bool:
    """Whether to train in bf16 there.

    On a processor, where a step was measured to be faster by enough to be worth it. On a GPU, where bf16 is its own: single
    steps of models this small say how fast a GPU is told what to do, and of two alike ones such a probe chose bf16 on one
    and fp32 on the other; recorded steps of conv, those that runs take, were 1.6 times as fast in bf16.
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device == "cpu" and _bf16_gain(cache) >= BF16_GAIN  # nobody has measured bf16 on mps yet


def _bf16_gain(cache: Path) -> float:
    """Speed of a training step in bf16 over fp32 on this processor; measured once, then read from a file.

    Were it measured at each start, two runs that should be equal could choose differently by a hair.
    """
    key = f"{name_of('cpu')} torch {torch.__version__}"
    file = precision_file(cache)

    def gain() -> float:
        seconds = {precision: _step_seconds(precision) for precision in ("fp32", "bf16")}
        return seconds["fp32"] / seconds["bf16"]

    return storage.answered(file, key, gain, kind=float)


def precision_file(cache: Path) -> Path:
    """Where it is kept how much faster bf16 is, for each processor and version of torch."""
    return cache / "precision.json"


def _step_seconds(precision: str) -> float:
    """The fastest of a few steps of FC and of conv, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    images = torch.rand(64, *USUAL_FRAME.shape)
    total = 0.0
    for arch in PAIR:
        model = archs.build(RunConfig(arch=arch)).to(dtype)
        total += min(_seconds_of_step(model, images) for _ in range(4))
    torch.set_num_threads(threads)
    return total


def _seconds_of_step(model: VAE, images: torch.Tensor) -> float:
    start = time.perf_counter()
    mu, logvar = model.encode(images)
    decoded = model.decode(mu + logvar)
    decoded.float().sum().backward()
    return time.perf_counter() - start
