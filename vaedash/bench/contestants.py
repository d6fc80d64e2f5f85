"""Who trains side by side: a notebook's way, pythae's trainer and vaedash; on one device, with the same images, layers and loss."""

import argparse
import dataclasses
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaedash import config, datasets, places
from vaedash.bench import arithmetic, machine, probe
from vaedash.bench.figures import Figure, Figures
from vaedash.config import RunConfig
from vaedash.datasets import Dataset
from vaedash.images import Pixels

if TYPE_CHECKING:
    import pythae.models
    from pythae.trainers import BaseTrainer

    from vaedash.models.vae import VAE

IMAGES = 12_800  # that each learns from, unless told otherwise
EPOCHS = 3  # of each turn: as many as the held-out losses are compared after
_MOST_EPOCHS = 30  # after which a contestant that has not reached its target gives up


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one contestant did in one process: images a second in each epoch, and the held-out loss after the last one."""

    speeds: list[float]
    loss: float  # nats per image
    precision: str  # that vaedash chooses here
    images: int

    @property
    def seconds(self) -> float:
        """Of its training."""
        return sum(self.images / speed for speed in self.speeds)


def present() -> list[str]:
    """Those who can take part here: pythae where it is installed."""
    return [name for name in CONTESTANTS if name != "pythae" or find_spec("pythae")]


def described() -> dict[str, Figure]:
    """The machine, and the versions of all that take part."""
    peers = [name for name in present() if name not in ("notebook", "vaedash")]
    return machine.described(*peers, "torchvision", "numpy")


def turn(
    contestant: str,
    arch: str,
    *,
    dataset: str,
    data_dir: Path,
    images: int | None = None,
    until: float | None = None,
    device: str = "cpu",
    precision: str = "auto",
) -> Turn:
    """One turn, with all cores: EPOCHS on the first `images` (else on all), or as many as a held-out loss of `until` takes.

    The `precision` is vaedash's; its peers compute in fp32.
    """
    arguments = [contestant, arch, dataset, str(data_dir), f"--device={device}", f"--precision={precision}"]
    if images is not None:
        arguments.append(f"--images={images}")
    if until is not None:
        arguments.append(f"--until={until}")
    # The peers run as anybody would start them, vaedash as it starts itself.
    as_anybody = {**os.environ, "PYTHONPATH": str(places.PROJECT_ROOT)}
    environment = None if contestant == "vaedash" else as_anybody
    return Turn(**json.loads(probe.ask("contestants", *arguments, environment=environment)))


def compared(
    arch: str, *, dataset: str, data_dir: Path, rounds: int, images: int = IMAGES, device: str = "cpu"
) -> Figures:
    """How fast each was in so many turns, taken one after the other, and what it has learned; and vaedash's share of the peak."""
    turns: dict[str, list[Turn]] = {name: [] for name in present()}
    for _ in range(rounds):
        for name, taken in turns.items():
            taken.append(turn(name, arch, dataset=dataset, data_dir=data_dir, images=images, device=device))
    ours = turns["vaedash"]
    table = {
        name: {
            "images/s": speed(taken),
            "vaedash is faster by": speed(ours) / speed(taken),
            f"held-out loss after {EPOCHS} epochs": statistics.median(each.loss for each in taken),
        }
        for name, taken in turns.items()
    }
    return {**table, "arithmetic": arithmetic.measure(arch, ours[0].precision, device=device).at(speed(ours))}


def speed(turns: Sequence[Turn]) -> float:
    """Images a second: the median over all epochs."""
    return statistics.median(of_epoch for taken in turns for of_epoch in taken.speeds)


# ---- each yields its model after every epoch of training; the time until then is what is measured ----------------------


def _notebook(settings: RunConfig, images: Pixels, _: Path) -> "Iterator[VAE]":
    """As notebooks do: PIL images through torchvision's ToTensor, DataLoader, Adam, fp32, whatever threads torch takes."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader
    from torchvision.transforms import ToTensor

    from vaedash.models import losses

    class Pictures(torch.utils.data.Dataset[torch.Tensor]):
        def __init__(self) -> None:
            self.pixels, self.transform = images.transpose(0, 2, 3, 1), ToTensor()

        def __len__(self) -> int:
            return len(self.pixels)

        def __getitem__(self, index: int) -> torch.Tensor:
            return self.transform(Image.fromarray(self.pixels[index]))

    model = _fresh_model(settings)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    loader = DataLoader(Pictures(), batch_size=settings.batch_size, shuffle=True)
    while True:
        for batch in loader:
            batch = batch.to(settings.device)
            mu, logvar = model.encode(batch)
            decoded = model.decode(losses.reparameterize(mu, logvar, torch.randn_like(mu)))
            loss = (losses.recon_per_image(decoded, batch) + losses.kl_per_image(mu, logvar)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield model


def _pythae(settings: RunConfig, images: Pixels, data_dir: Path) -> "Iterator[VAE]":
    """pythae's trainer with its defaults, on the same layers and, for the losses to be comparable, the same loss."""
    inner = _fresh_model(settings)
    model = _as_pythaes(inner, settings)
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        trainer = _pythaes_trainer(model, images, settings, folder)
        for epoch in itertools.count(1):
            trainer.train_step(epoch)
            yield inner


def _vaedash(settings: RunConfig, images: Pixels, data_dir: Path) -> "Iterator[VAE]":
    """As every run is trained here."""
    from vaedash.training import hardware
    from vaedash.training.batches import Split, batches
    from vaedash.training.step import Learner

    machine = hardware.choose(settings, sharing=1, data_dir=data_dir)
    machine.apply()
    apart = hardware.apart(settings, machine, bounded=False, cache=data_dir / "cache")
    learner = Learner(settings, machine, apart=apart)
    data = Split.of(Dataset(name="", train=images, test=images[:1], fingerprint=""), settings, machine.device)
    pace = hardware.pace(settings, machine, apart)
    for epoch in itertools.count(1):
        for pixels, noise in batches(data.train, settings, epoch):
            with pace.step(len(pixels)) as threads:
                hardware.use(threads)
                learner.step(pixels, noise, beta=settings.beta, lr=settings.lr)
        yield learner.model


CONTESTANTS: "dict[str, Callable[[RunConfig, Pixels, Path], Iterator[VAE]]]" = {
    "notebook": _notebook,
    "pythae": _pythae,
    "vaedash": _vaedash,
}


def _fresh_model(settings: RunConfig) -> "VAE":
    """The layers that all train, as they lie in memory where nobody has thought of it."""
    import torch

    from vaedash.models import archs

    torch.manual_seed(settings.seed)
    return archs.build(settings).to(settings.device).to(memory_format=torch.contiguous_format)


def _as_pythaes(inner: "VAE", settings: RunConfig) -> "pythae.models.VAE":
    """These layers as a model of pythae's, with vaedash's loss."""
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from torch import Tensor

    from vaedash.models import losses

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = inner.encoder

        def forward(self, pixels: Tensor) -> ModelOutput:
            mu, logvar = self.layers(pixels).chunk(2, dim=1)
            return ModelOutput(embedding=mu, log_covariance=logvar)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = inner.decoder

        def forward(self, z: Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.layers(z))

    class SameLoss(VAE):
        def loss_function(
            self, decoded: Tensor, pixels: Tensor, mu: Tensor, logvar: Tensor, _: Tensor
        ) -> tuple[Tensor, Tensor, Tensor]:
            recon, kl = losses.recon_per_image(decoded, pixels), losses.kl_per_image(mu, logvar)
            return (recon + kl).mean(), recon.mean(), kl.mean()

    shape = VAEConfig(input_dim=settings.frame.shape, latent_dim=settings.latent_dim)
    return SameLoss(model_config=shape, encoder=Encoder(), decoder=Decoder())


def _pythaes_trainer(model: "pythae.models.VAE", images: Pixels, settings: RunConfig, folder: str) -> "BaseTrainer":
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    pixels = torch.from_numpy(images).float() / 255
    choices = BaseTrainerConfig(
        output_dir=folder,
        num_epochs=1,
        learning_rate=settings.lr,
        per_device_train_batch_size=settings.batch_size,
        no_cuda=settings.device == "cpu",
    )
    trainer = BaseTrainer(
        model=model,
        train_dataset=BaseDataset(pixels, torch.zeros(len(pixels))),
        training_config=choices,
        callbacks=[TrainingCallback()],
    )
    trainer.prepare_training()
    return trainer


# ---- the process of one turn ------------------------------------------------------------------------------------------


def main() -> None:
    """The process that `turn` asks."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.bench.contestants", description=__doc__)
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("arch", choices=config.ARCHS)
    parser.add_argument("dataset")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--images", type=int)
    parser.add_argument("--until", type=float)
    parser.add_argument("--device")
    parser.add_argument("--precision")
    asked = parser.parse_args()
    settings = RunConfig.build(preset="p1", arch=asked.arch, device=asked.device, precision=asked.precision)
    dataset = datasets.load(asked.dataset, data_dir=asked.data_dir)
    taken = _train(asked.contestant, settings, dataset, asked.data_dir, images=asked.images, until=asked.until)
    print(json.dumps(dataclasses.asdict(taken)))


def _train(
    contestant: str, settings: RunConfig, dataset: Dataset, data_dir: Path, *, images: int | None, until: float | None
) -> Turn:
    from vaedash.measuring import heldout
    from vaedash.measuring.heldout import HeldOut
    from vaedash.training import hardware

    pixels = np.array(dataset.train[:images])
    held_out = HeldOut.of(dataset.test, settings.latent_dim, settings.device)
    epochs = CONTESTANTS[contestant](settings, pixels, data_dir)
    speeds: list[float] = []
    loss = float("inf")
    while len(speeds) < EPOCHS if until is None else loss > until and len(speeds) < _MOST_EPOCHS:
        start = time.perf_counter()
        model = next(epochs)
        hardware.wait_for(settings.device)
        speeds.append(len(pixels) / (time.perf_counter() - start))
        loss = heldout.evaluate(model, held_out).losses(beta=settings.beta).loss
    precision = hardware.choose(settings, sharing=1, data_dir=data_dir).precision
    return Turn(speeds=speeds, loss=loss, precision=precision, images=len(pixels))


if __name__ == "__main__":
    main()
