"""FID and KID of prior samples, by torch-fidelity (an optional extra) on the weights of Inception that every published figure rests on."""

import warnings
from collections.abc import Callable
from pathlib import Path

import torch

from vaedash import installed, storage
from vaedash.datasets import Dataset
from vaedash.errors import UsageError, VaedashError
from vaedash.images import Pixels
from vaedash.measuring import quality
from vaedash.models import latent
from vaedash.models.vae import VAE
from vaedash.runs.schema import Figure

FEWEST = 10  # images, for a figure to mean anything
# The weights of the original TensorFlow model, as torch-fidelity converted them (95 MB).
URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
DIGEST = "6726825d"  # how their SHA-256 begins
_KID_SUBSET = 1000


def measure(model: VAE, dataset: Dataset, *, count: int, data_dir: Path) -> dict[str, Figure]:
    """`fid` and `kid` (times 1000) of `count` prior samples against as many test images, each with `floor`: training against test images.

    FID falls as n grows, whatever the model (Binkowski et al. 2018), so a figure without its n and its floor means nothing;
    KID does not. Takes about a second for every 10 images on a processor's core. UsageError where torch-fidelity is not
    installed, VaedashError where the weights are not here and cannot be fetched.
    """
    score = _scorer(data_dir)
    count = min(count, len(dataset.test), len(dataset.train))
    if count < FEWEST:
        raise UsageError(f"FID takes at least {FEWEST} training and {FEWEST} test images, got {count}.")
    real = quality.some(dataset.test, count)
    made = score(latent.decode(model, latent.prior(count, model.latent_dim)), real)
    floor = score(quality.some(dataset.train, count), real)
    return {
        name: Figure(value=made[name], n=count, floor=floor[name], split="test", weights=Path(URL).stem)
        for name in ("fid", "kid")
    }


def weights(data_dir: Path) -> Path:
    """The file with Inception's weights in `data_dir`, fetched if it is not there; VaedashError if it is another, or cannot be had."""
    file = data_dir / Path(URL).name

    def fetch() -> Path:
        try:
            torch.hub.download_url_to_file(URL, str(file), hash_prefix=DIGEST)
            return file
        except (OSError, RuntimeError) as error:
            raise VaedashError(
                f"FID needs the weights of Inception, and they cannot be fetched ({error}). Download {URL} on another "
                f"machine and put the file at {file}."
            ) from None

    storage.once(lambda: file if file.exists() else None, fetch, lock=file.with_suffix(".lock"))
    # torch-fidelity reads the file without asking what is in it, so only the very bytes that are meant may get there.
    with open(file, "rb") as opened:
        digest = storage.sha256_of(opened)
    if not digest.startswith(DIGEST):
        raise VaedashError(f"{file} is not the file it should be: delete it, and download {URL} anew.")
    return file


def _scorer(data_dir: Path) -> Callable[[Pixels, Pixels], dict[str, float]]:
    """A function of two sets of uint8 images `(N, 3, side, side)` that gives their `fid` and `kid`; the weights are in `data_dir`."""
    try:
        import torch_fidelity
    except ImportError:
        raise UsageError(
            f"FID needs torch-fidelity, an optional extra. Add it with: {installed.extra('fid')}."
        ) from None
    file = weights(data_dir)

    def score(made: Pixels, real: Pixels) -> dict[str, float]:
        with warnings.catch_warnings():
            # It takes four processes to hand over images that lie in memory, however few cores there are.
            warnings.filterwarnings("ignore", message="This DataLoader will create")
            metrics = torch_fidelity.calculate_metrics(
                input1=_Images(made),
                input2=_Images(real),
                cuda=torch.cuda.is_available(),
                fid=True,
                kid=True,
                kid_subset_size=min(_KID_SUBSET, len(made)),
                feature_extractor_weights_path=str(file),
                cache=False,
                verbose=False,
            )
        return {
            "fid": float(metrics["frechet_inception_distance"]),
            "kid": 1000 * float(metrics["kernel_inception_distance_mean"]),
        }

    return score


class _Images(torch.utils.data.Dataset[torch.Tensor]):
    """uint8 images as torch-fidelity takes them."""

    def __init__(self, images: Pixels) -> None:
        self._images = torch.from_numpy(images)

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self._images[index]
