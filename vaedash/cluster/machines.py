"""The machines of a Ray cluster: whether one answers, what there is, and what each run's share of it is."""

import argparse
import logging
import os
import secrets
import socket
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import vaedash
from vaedash import config, installed, places
from vaedash.errors import RunError
from vaedash.training import launch

_PATIENCE = 40.0  # seconds in which a cluster must have answered; Ray itself would ask for minutes


@dataclass(frozen=True, kw_only=True)
class Machines:
    """What a cluster has: the CPUs of each machine that has any, and the GPUs of all together."""

    cpus: tuple[int, ...]
    gpus: int

    def __str__(self) -> str:
        machines = "1 machine" if len(self.cpus) == 1 else f"{len(self.cpus)} machines"
        cpus = "1 CPU" if sum(self.cpus) == 1 else f"{sum(self.cpus)} CPUs"
        gpus = f"{self.gpus} GPUs" if self.gpus > 1 else f"{self.gpus or 'no'} GPU"
        return f"{machines} with {cpus}, {gpus}"

    def share(self, runs: int, *, device: str) -> dict[str, float]:
        """What Ray is to set aside for each of so many runs: CPUs, as many as if all trained at once, and half a GPU.

        At least one CPU, and never more than the smallest machine has; a GPU where there is one that `device` allows.
        """
        cpus = max(1, min(sum(self.cpus) // runs, *self.cpus)) if self.cpus else 1
        on_gpu = self.gpus and device in ("auto", "cuda")
        return {"num_cpus": cpus, "num_gpus": 1 / config.SLOTS if on_gpu else 0}


def look(on: str) -> str:
    """What cluster `on` (`ray` or `ray://HOST:PORT`) means, in words.

    Raises RunError, which says what to do, where Ray is not installed or no cluster answers that this machine is part of.
    """
    if find_spec("ray") is None:
        raise RunError(
            f"Training on other machines needs Ray, which is not installed: {installed.extra('ray')}. Without --on it trains here."
        )
    address = places.ray_address(on)
    if address is None:
        return "A Ray cluster of this machine alone, for these runs only"
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError):
        raise RunError(
            f"Nothing answers at {address}. Start a cluster (ray start --head), or give the address that it has named."
        ) from None
    return f"The Ray cluster at {address}: {_described(address)}"


def _described(address: str) -> str:
    """The machines of the cluster at an address, in words. Raises RunError if it is none that this machine is part of."""
    # Where Ray cannot serve a process it waits for minutes, or ends it; so another one asks.
    command = [sys.executable, "-m", "vaedash.cluster.machines", address]
    try:
        asked = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, env=launch.environment(), check=False
        )
        served, answer = asked.returncode == 0, asked.stdout.strip()
    except subprocess.TimeoutExpired:
        served, answer = False, ""
    if served:
        return answer
    reason = f" ({answer})" if answer else ""
    raise RunError(
        f"What answers at {address} is no cluster of Ray {version('ray')} that this machine is part of{reason}. "
        f"Give the address that `ray start` has named, and let this machine join "
        f"(ray start --address={address} --num-cpus=0)."
    )


def connect(on: str) -> Machines:
    """Make this process one that has Ray train; with a cluster of its own where `on` names none.

    What is sent to the other machines from then on finds this package there, as it is here.
    """
    address = places.ray_address(on)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    if address is None and "RAY_AUTH_MODE" not in os.environ:
        # Ray listens on all networks. Who does not know this is not let in. It looks for it when it is imported.
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    import ray

    ray.init(
        address=address or "local",
        runtime_env={"py_modules": list(vaedash.__path__), "env_vars": launch.COMPUTING},
        log_to_driver=False,
        logging_level=logging.ERROR,
        include_dashboard=False if address is None else None,  # of one's own cluster, there is none
    )
    return _machines()


def _machines() -> Machines:
    import ray

    resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cpus = (int(machine.get("CPU", 0)) for machine in resources)
    gpus = sum(machine.get("GPU", 0) for machine in resources)
    return Machines(cpus=tuple(filter(None, cpus)), gpus=int(gpus))


def _main() -> int:
    """The process that asks: an address as its argument; the answer, or the reason why there is none, on stdout."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.cluster.machines", description=__doc__)
    parser.add_argument("address")
    address = parser.parse_args().address
    import ray

    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        print(str(error).partition("\n")[0].removesuffix("."))
        return 1
    print(_machines())
    return 0


if __name__ == "__main__":
    sys.exit(_main())
