"""Architectures of somebody's own, as small as they can be, and what is wrong with others."""

from pathlib import Path

from vaedash import config
from vaedash.models import own

SOURCE = '''"""One layer there, one back."""
import math
from torch import nn

def encoder(latent_dim, activation, shape):
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 2 * latent_dim))

def decoder(latent_dim, activation, shape):
    return nn.Sequential(nn.Linear(latent_dim, math.prod(shape)), nn.Sigmoid(), nn.Unflatten(1, shape))
'''


def written(folder: Path, name: str = "shallow", source: str = SOURCE) -> Path:
    """A file with such an architecture."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.py"
    file.write_text(source)
    return file


def kept(folder: Path, name: str = "shallow", source: str = SOURCE) -> str:
    """An architecture that is trusted here, as a config.json says it."""
    file = written(folder, name, source)
    arch = own.named(file, own.read(file))
    own.trust(arch, own.read(file))
    return arch


def forgotten(arch: str) -> str:
    """It is trusted no more."""
    assert config.is_own(arch)
    own.kept_at(arch).unlink()
    return arch
