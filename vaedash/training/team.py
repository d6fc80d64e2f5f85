"""Who trains a run: nearly always one process; else those that torchrun started, each with a device and its share of every batch."""

import contextlib
import datetime
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from vaedash.errors import VaedashError

# A run may wait for its turn, or for its images, as long as it likes: that a worker is gone is noticed without a clock.
_PATIENCE = datetime.timedelta(days=30)
_FAREWELL = 600  # bytes
_NEWS_SECONDS = 5.0  # within which it is known whether an error came of a worker that is gone
_PARTING_SECONDS = 60.0  # for a farewell, on a busy machine


class Team:
    """A team of one: its share of a batch is the batch, its sum is the sum, and there is nobody to lead."""

    size = 1
    local_size = 1  # of its members, those on this machine
    records_steps = True  # whether a step on a GPU may be recorded and replayed
    backends: Mapping[str, str] = {}  # for a device, what carries gradients from one member to another

    def share_of(self, count: int) -> slice:
        """Which of a batch's `count` images are this member's."""
        return slice(count)

    def averaging(self, model: nn.Module, nothing: Sequence[Tensor]) -> nn.Module:  # noqa: ARG002
        """`model` as training calls it: a backward pass leaves each gradient as the mean over all members.

        `nothing` is a batch for it without an image.
        """
        return model

    def sum(self, values: Tensor) -> Tensor:
        """`values` summed over all members, for the leader; what the others get means nothing."""
        return values

    def begin(self, start: Any) -> None:
        """Give the others what they need to take part in a run; they wait for it in `begun`."""

    def call_step(self, *, beta: float, lr: float) -> None:
        """Let the others take the step that begins here; they wait for it in `called_step`."""

    def called_step(self) -> dict[str, float] | None:
        """`beta` and `lr` of the step that the leader takes next; None once it takes no more, or where there is no leader."""
        return None


ALONE = Team()


class TorchrunTeam(Team):
    """The processes of one `torchrun`. Number 0 leads: it decides, measures and writes, and the others take its steps.

    From each of the others to the leader, and back, a message is under way for as long as both live: a farewell, empty
    or with what went wrong. It is the last thing a member says; of one that was killed, the connection breaks at once.
    """

    records_steps = False
    backends: Mapping[str, str] = {"cpu": "gloo", "cuda": "nccl"}

    def __init__(self) -> None:
        device, self.local_size = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
        if device < torch.cuda.device_count():
            torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.leads = self.rank == 0
        self._training = self._left = False
        self._if_lost: Callable[[str], object] = lambda sentence: print(sentence, file=sys.stderr, flush=True)
        self._lost = threading.Lock()
        # Every member is in it, so it is a group, not the number that stands for none.
        self._farewells = cast(dist.ProcessGroup, dist.new_group(backend="gloo", timeout=_PATIENCE))
        self._others = range(1, self.size) if self.leads else [0]
        self._watches = [threading.Thread(target=self._watch, args=[other], daemon=True) for other in self._others]
        for watch in self._watches:
            watch.start()

    def __enter__(self) -> "TorchrunTeam":
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if error is None:
            self.leave()
        else:
            self.await_news()
            self.leave(str(error) if isinstance(error, VaedashError) else f"{type(error).__name__}: {error}")

    # ---- what all of them do -------------------------------------------------------------------------------

    def share_of(self, count: int) -> slice:
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def averaging(self, model: nn.Module, nothing: Sequence[Tensor]) -> nn.Module:
        averaging = DistributedDataParallel(model)
        # After its first backward pass it lays the gradients out anew, and those of three or more members are then summed
        # in another order. Here that pass comes before the first step, of a run that begins or one that goes on.
        sum(part.sum() for part in averaging(*nothing)).backward()
        return averaging

    def sum(self, values: Tensor) -> Tensor:
        dist.reduce(values, dst=0)
        return values

    # ---- what the leader says, and the others hear ------------------------------------------------------------

    def begin(self, start: Any) -> None:
        if self._training:
            self._say_step(0.0, 0.0, 0.0)
        dist.broadcast_object_list([start], src=0, device=torch.device("cpu"))
        self._training = start is not None

    def begun(self) -> Any:
        """What the leader gives for the next run; None once there is no further one."""
        start = [None]
        dist.broadcast_object_list(start, src=0, device=torch.device("cpu"))
        return start[0]

    def call_step(self, *, beta: float, lr: float) -> None:
        if self.leads:
            self._say_step(1.0, beta, lr)

    def called_step(self) -> dict[str, float] | None:
        """`beta` and `lr` of the step that the leader takes next; None once it takes no more in this run."""
        go_on, beta, lr = self._say_step(0.0, 0.0, 0.0)
        return {"beta": beta, "lr": lr} if go_on else None

    def _say_step(self, *message: float) -> list[float]:
        said = torch.tensor(message, dtype=torch.float64)
        dist.broadcast(said, src=0)
        return said.tolist()

    # ---- how it ends ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def if_lost(self, end: Callable[[str], object]) -> Iterator[None]:
        """While it lasts, a member that ends too early ends this process, with `end` as its last act; it is given a sentence."""
        before, self._if_lost = self._if_lost, end
        try:
            yield
        finally:
            with self._lost:
                self._if_lost = before

    def await_news(self) -> None:
        """To be called with any error in hand: it may be that another member is gone, and then this process ends here."""
        for watch in self._watches:
            watch.join(_NEWS_SECONDS / len(self._watches))

    def leave(self, reason: str = "") -> None:
        """Say farewell and wait for that of the others; with a `reason`, which they are told, they end too."""
        with self._lost:
            if self._left:
                return
            self._left = True
        # torchrun ends all processes once one has failed; this one has yet to say why.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        farewell = torch.tensor(list(reason.encode()[:_FAREWELL].ljust(_FAREWELL, b"\0")), dtype=torch.uint8)
        gone = contextlib.suppress(RuntimeError)  # who is gone needs no farewell
        if self.leads and not reason:
            with gone:
                self.begin(None)
        for other in self._others:
            with gone:
                dist.send(farewell, dst=other, group=self._farewells)
        for watch in self._watches:
            watch.join(_PARTING_SECONDS)
        if not reason:
            dist.destroy_process_group()

    def _watch(self, other: int) -> None:
        farewell = torch.zeros(_FAREWELL, dtype=torch.uint8)
        try:
            dist.recv(farewell, src=other, group=self._farewells)
            reason = bytes(farewell.tolist()).rstrip(b"\0").decode(errors="ignore")
            ending = f"failed ({reason})" if reason else ""
        except RuntimeError:
            ending = "ended without a word (killed, or its machine is gone)"
        with self._lost:
            if not ending or self._left:
                return
            try:
                self._if_lost(
                    f"Worker {other} of {self.size} {ending}; what was saved is whole: "
                    "resume the run, with torchrun or without."
                )
            finally:
                # The main thread may wait for the one that is gone, in a place where no exception reaches it.
                os._exit(1)
