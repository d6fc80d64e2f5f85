"""Training speed beside its peers: the same images, architecture, batch and loss, one process after another, in turns."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from vaedash import config, places
from vaedash.bench import costs, machine
from vaedash.config import RunConfig
from vaedash.datasets import Dataset
from vaedash.training import launch

EPOCHS = 3  # of each process: as many as the held-out losses are compared after
IMAGES = 12_800
ROUNDS = 3
TARGET = 74.7  # nats per image: what the study reports of conv p1 on CIFAR-10
_MOST_EPOCHS = 30  # after which a contestant that has not reached its target gives up


def measure(*, dataset: str, data_dir: Path, images: int = IMAGES, rounds: int = ROUNDS) -> dict[str, Any]:
    """Images a second of each contestant, medians over all epochs of `rounds` turns, and what they have learned by then.

    Every contestant trains preset p1 with all cores, in a process of its own. The losses are vaedash's, measured
    alike on all held-out images: nats per image. pythae takes part where it is installed.
    """
    contestants = ["notebook", *(["pythae"] if find_spec("pythae") else []), "vaedash"]
    results: dict[str, Any] = {"machine": machine.described(*contestants[1:-1], "torchvision", "numpy")}
    for arch in config.ARCHS:
        turns: dict[str, list[dict[str, Any]]] = {name: [] for name in contestants}
        for _ in range(rounds):
            for name in contestants:
                turns[name].append(_turn(name, arch, dataset, images, data_dir))
        ours = _speed(turns["vaedash"])
        results[f"{arch} p1"] = {
            name: {
                "images/s": _speed(taken),
                "vaedash is faster by": ours / _speed(taken),
                f"held-out loss after {EPOCHS} epochs": statistics.median(one["loss"] for one in taken),
            }
            for name, taken in turns.items()
        } | {
            "arithmetic": costs.arithmetic(arch, turns["vaedash"][0]["precision"], ours),
            "where a step's time goes, one thread": costs.operations(arch, data_dir),
        }
    results["a pair at once"] = costs.pair(dataset, data_dir)
    results |= costs.whole_run(dataset, data_dir)
    return results


def recipe(*, dataset: str, data_dir: Path, target: float = TARGET) -> dict[str, Any]:
    """Seconds to a held-out loss of `target` nats with conv: preset p1 the notebook's way, and preset `fast` here.

    For the notebook, its epochs alone, until the first after which the loss is there; for vaedash a whole run, from
    launch to end, which is as long as its schedule says.
    """
    notebook = _turn("notebook", "conv", dataset, None, data_dir, until=target)
    seconds = sum(notebook["images"] / speed for speed in notebook["speeds"])
    settings = RunConfig.build(preset="fast", arch="conv", dataset=dataset)
    with tempfile.TemporaryDirectory() as folder:
        run = launch.new_runs(Path(folder), [settings])[0]
        begin = time.perf_counter()
        launch.start([run], data_dir=data_dir)[0].wait()
        ours, last = time.perf_counter() - begin, run.reread().epochs[-1]
    return {
        "machine": machine.described("torchvision", "numpy"),
        "held-out loss to reach": target,
        "notebook, p1": {"epochs": len(notebook["speeds"]), "seconds": seconds, "loss": notebook["loss"]},
        "vaedash, fast": {"epochs": last["epoch"], "seconds": ours, "loss": last["test_loss"]},
        "vaedash is faster by": seconds / ours,
    }


def _speed(turns: list[dict[str, Any]]) -> float:
    return statistics.median(speed for turn in turns for speed in turn["speeds"])


def _turn(
    contestant: str, arch: str, dataset: str, images: int | None, data_dir: Path, *, until: float | None = None
) -> dict[str, Any]:
    command = [sys.executable, "-m", "vaedash.bench.train", contestant, arch, dataset, str(data_dir)]
    command += [f"--images={images}"] * (images is not None) + [f"--until={until}"] * (until is not None)
    # The peers run as anybody would start them, vaedash as it starts itself.
    environment = (
        launch.environment() if contestant == "vaedash" else {**os.environ, "PYTHONPATH": str(places.PROJECT_ROOT)}
    )
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _notebook(settings: RunConfig, images: np.ndarray, _: Path) -> Iterator[Any]:
    """As notebooks do: PIL images through torchvision's ToTensor, DataLoader, Adam, fp32, whatever threads torch takes."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader
    from torchvision.transforms import ToTensor

    from vaedash.models import archs, losses

    class Pictures(torch.utils.data.Dataset):
        def __init__(self) -> None:
            self.pixels, self.transform = images.transpose(0, 2, 3, 1), ToTensor()

        def __len__(self) -> int:
            return len(self.pixels)

        def __getitem__(self, index: int) -> torch.Tensor:
            return self.transform(Image.fromarray(self.pixels[index]))

    torch.manual_seed(settings.seed)
    model = archs.build(settings).to(memory_format=torch.contiguous_format)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    loader = DataLoader(Pictures(), batch_size=settings.batch_size, shuffle=True)
    while True:
        for batch in loader:
            mu, logvar = model.encode(batch)
            decoded = model.decode(losses.reparameterize(mu, logvar, torch.randn_like(mu)))
            loss = (losses.recon_per_image(decoded, batch) + losses.kl_per_image(mu, logvar)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield model


def _pythae(settings: RunConfig, images: np.ndarray, data_dir: Path) -> Iterator[Any]:
    """pythae's trainer with its defaults, on the same layers and, for the losses to be comparable, the same loss."""
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    from vaedash.models import archs, losses

    torch.manual_seed(settings.seed)
    inner = archs.build(settings).to(memory_format=torch.contiguous_format)

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = inner.encoder

        def forward(self, pixels: torch.Tensor) -> ModelOutput:
            mu, logvar = self.layers(pixels).chunk(2, dim=1)
            return ModelOutput(embedding=mu, log_covariance=logvar)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = inner.decoder

        def forward(self, z: torch.Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.layers(z))

    class SameLoss(VAE):
        def loss_function(self, decoded: Any, pixels: Any, mu: Any, logvar: Any, _: Any) -> tuple[Any, Any, Any]:
            recon, kl = losses.recon_per_image(decoded, pixels), losses.kl_per_image(mu, logvar)
            return (recon + kl).mean(), recon.mean(), kl.mean()

    shape = VAEConfig(input_dim=config.IMAGE_SHAPE, latent_dim=settings.latent_dim)
    model = SameLoss(model_config=shape, encoder=Encoder(), decoder=Decoder())
    pixels = torch.from_numpy(images).float() / 255
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        choices = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=1,
            learning_rate=settings.lr,
            per_device_train_batch_size=settings.batch_size,
            no_cuda=True,
        )
        trainer = BaseTrainer(
            model=model,
            train_dataset=BaseDataset(pixels, torch.zeros(len(pixels))),
            training_config=choices,
            callbacks=[TrainingCallback()],
        )
        trainer.prepare_training()
        epoch = 0
        while True:
            epoch += 1
            trainer.train_step(epoch)
            yield inner


def _vaedash(settings: RunConfig, images: np.ndarray, data_dir: Path) -> Iterator[Any]:
    from vaedash.training import hardware
    from vaedash.training.loop import Split, batches
    from vaedash.training.step import Learner

    machine = hardware.choose(settings, sharing=1, data_dir=data_dir)
    machine.apply()
    learner = Learner(settings, machine)
    dataset = Dataset(name="", train=images, test=images[:1], fingerprint="")
    data = Split.of(dataset, settings, machine.device)
    epoch = 0
    while True:
        epoch += 1
        for pixels, noise in batches(data.train, settings, epoch):
            learner.step(pixels, noise, beta=settings.beta, lr=settings.lr)
        yield learner.model


CONTESTANTS: dict[str, Callable[[RunConfig, np.ndarray, Path], Iterator[Any]]] = {
    "notebook": _notebook,
    "pythae": _pythae,
    "vaedash": _vaedash,
}


def _contest() -> None:
    """One turn of one contestant; its speeds in each epoch and its loss at the end go to stdout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("arch")
    parser.add_argument("dataset")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--images", type=int)
    parser.add_argument("--until", type=float)
    asked = parser.parse_args()

    from vaedash import datasets
    from vaedash.measuring import heldout
    from vaedash.measuring.heldout import HeldOut
    from vaedash.training import hardware

    data = datasets.load(asked.dataset, data_dir=asked.data_dir)
    images = np.array(data.train[: asked.images])
    settings = RunConfig.build(preset="p1", arch=asked.arch)
    held_out = HeldOut.of(data.test, settings.latent_dim)
    epochs = CONTESTANTS[asked.contestant](settings, images, asked.data_dir)
    speeds: list[float] = []
    loss = float("inf")
    while len(speeds) < EPOCHS if asked.until is None else loss > asked.until and len(speeds) < _MOST_EPOCHS:
        start = time.perf_counter()
        model = next(epochs)
        speeds.append(len(images) / (time.perf_counter() - start))
        loss = heldout.evaluate(model, held_out).losses(beta=settings.beta).loss
    precision = hardware.choose(settings, sharing=1, data_dir=asked.data_dir).precision
    print(json.dumps({"speeds": speeds, "loss": loss, "precision": precision, "images": len(images)}))


if __name__ == "__main__":
    _contest()
