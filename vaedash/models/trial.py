"""Whether an architecture that did not come with vaedash can be trained and kept: tried on two images before anything rests on it."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from vaedash.config import RunConfig
from vaedash.languages import say, to_say
from vaedash.models import own
from vaedash.models.vae import VAE

_COUNT = 2  # images
_UNKNOWN = to_say(
    "some of its weights are not known to it: let encoder and decoder return an nn.Module, whose layers are attributes of it or stand "
    "in nn.Sequential or nn.ModuleList"
)


def require_working(settings: RunConfig, make: Callable[[], VAE]) -> None:
    """RunError, which says why, where the model that `make` makes of these settings is none that training and pages could use.

    torch's global generator is left as it was.
    """
    # Whoever only counts weights builds models that have none; here there must be numbers.
    with torch.device("cpu"), torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        if reason := own.running(settings.arch, lambda: _objection(settings, make())):
            raise own.unfit(settings.arch, reason)


def _objection(settings: RunConfig, model: VAE) -> str:
    """What is wrong with a model, as the end of a sentence; empty where nothing is."""
    images = torch.rand(_COUNT, *settings.frame.shape)
    given = images.clone()
    seen = _made(settings.arch, "encoder", model.encoder, images)
    drawn = _made(settings.arch, "decoder", model.decoder, torch.randn(_COUNT, settings.latent_dim))
    if next(model.parameters(), None) is None:
        return say(_UNKNOWN)
    return (
        _of_input(images, given)
        or _of_shape(
            seen, (_COUNT, 2 * settings.latent_dim), "encoder", to_say("mu and logvar of each image, side by side")
        )
        or _of_shape(drawn, (_COUNT, *settings.frame.shape), "decoder", to_say("an image for each z"))
        or _of_numbers(seen, "encoder")
        or _of_numbers(drawn, "decoder")
        or _of_values(drawn)
        or _of_modes(model, images)
        or _of_gradients(model, images)
        or _of_precision(model, images)
    )


def _made(arch: str, part: str, half: Callable[[Tensor], object], what: Tensor) -> Tensor:
    """What a half makes; RunError, whose sentence names it, where that is no tensor, or where it fails within torch."""
    try:
        made = half(what)
    except RuntimeError as error:
        if own.lines(arch, error):
            raise
        words = own.in_short(error).removesuffix(".")
        reason = say("its {part} cannot compute with {shape}: {words}", part=part, shape=tuple(what.shape), words=words)
        raise own.unfit(arch, reason) from error
    if not isinstance(made, Tensor):
        reason = say(
            "its {part} makes {got}, and must make one tensor: an encoder mu and logvar side by side, as by torch.cat",
            part=part,
            got=type(made).__name__,
        )
        raise own.unfit(arch, reason)
    return made


def _of_input(images: Tensor, given: Tensor) -> str:
    if torch.equal(images, given):
        return ""
    return say("its encoder changes the images that it is given: let it compute in place nowhere, as by x += 1")


def _of_numbers(made: Tensor, part: str) -> str:
    if made.isfinite().all():
        return ""
    return say(
        "its {part} makes numbers that are not finite (NaN or infinite): look for a division by 0, a root or a logarithm",
        part=part,
    )


def _of_shape(made: Tensor, wanted: tuple[int, ...], part: str, what: str) -> str:
    if tuple(made.shape) == wanted:
        return ""
    return say(
        "its {part} makes {shape} of {n}, and must make {wanted}: {what}",
        part=part,
        shape=tuple(made.shape),
        n=_COUNT,
        wanted=wanted,
        what=say(what),
    )


def _of_values(drawn: Tensor) -> str:
    low, high = drawn.min().item(), drawn.max().item()
    if low >= 0 and high <= 1:
        return ""
    return say(
        "its decoder draws from {low:.3g} to {high:.3g}, and must draw from 0 to 1: let it end with nn.Sigmoid()",
        low=low,
        high=high,
    )


def _of_modes(model: VAE, images: Tensor) -> str:
    learning, kept, again = (model.train(mode).decode(model.encode(images)[0]) for mode in (True, False, False))
    model.train()
    if not torch.equal(kept, again):
        return say(
            "it computes something else each time: let it draw no random numbers, since z has the noise of training"
        )
    if torch.equal(learning, kept):
        return ""
    return say(
        "it computes something else while it learns, as nn.Dropout and nn.BatchNorm2d do: take nn.GroupNorm for that"
    )


def _of_gradients(model: VAE, images: Tensor) -> str:
    mu, logvar = model.encode(images)
    model.decode(mu + logvar).sum().backward()
    idle = [name for name, weight in model.named_parameters() if weight.grad is None]
    return say("nothing depends on its weights {names}", names=", ".join(idle[:3])) if idle else ""


def _of_precision(model: VAE, images: Tensor) -> str:
    low = copy.deepcopy(model).to(torch.bfloat16)
    try:
        drawn = low.decode(low.encode(images)[0])
    except RuntimeError as error:
        if "type" not in str(error):  # as in "must have the same dtype", "input type and weight type"
            raise
        return say(_UNKNOWN)
    if drawn.dtype is torch.bfloat16:
        return ""
    return say("in bf16 its decoder does not draw bf16: let it compute in the type of what comes in")
