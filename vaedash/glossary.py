"""The words of this trade: for each one text in plain language, which pages show, and where there is one an expert's.

`python -m vaedash.glossary > docs/words.md` prints all of it anew after a word has changed; a test compares the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vaedash.languages import say, to_say


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """`plain` is for people who have never heard of a VAE, `exact` for those who have; code and files say `code`."""

    plain: str = ""
    exact: str = ""
    code: tuple[str, ...] = ()


MEANINGS: Mapping[str, Meaning] = {
    to_say("VAE"): Meaning(
        plain=to_say(
            "a variational autoencoder: it squeezes a picture into a few numbers and draws it again from them."
        ),
        exact="an encoder that turns an image into a small cloud of points, and a decoder that turns a point into an image",
    ),
    to_say("encoder, decoder"): Meaning(plain=to_say("the half that squeezes, and the half that draws.")),
    to_say("z"): Meaning(
        plain=to_say("the few numbers. Random numbers in their place make the decoder draw something new."),
        exact="one point in the cloud",
    ),
    to_say("latent size"): Meaning(
        plain=to_say(
            "how many numbers z has; each of them is a latent. More can say more about a picture, and cost more."
        ),
        exact="how many numbers the cloud has",
        code=("latent_dim",),
    ),
    to_say("μ and σ"): Meaning(
        plain=to_say("the encoder does not answer with one z but with a cloud of them: its centre μ and its width σ."),
        exact="the cloud's centre and the logarithm of its variance, for each latent",
        code=("mu", "logvar"),
    ),
    to_say("loss"): Meaning(
        plain=to_say(
            "how bad it still is: the error of the redrawn picture, plus the price of the numbers. Lower is better."
        ),
        exact="recon + beta * kl, in nats per image, for train and test alike",
    ),
    to_say("recon"): Meaning(
        plain=to_say("the first part: how far the redrawn picture is from the original."),
        exact="how far the decoded image is from the original",
    ),
    to_say("KL"): Meaning(
        plain=to_say("the second part: how much the cloud says about this one picture, in nats (1 nat is 1.44 bits)."),
        exact="how much the cloud says about the image, in nats; the price of being specific",
        code=("kl",),
    ),
    to_say("beta"): Meaning(
        plain=to_say(
            "what the second part counts for: loss = recon + beta * KL. Above 1, the numbers are tidier and the pictures "
            "blurrier."
        ),
        exact="weight of kl in the loss",
    ),
    to_say("active"): Meaning(
        plain=to_say("a latent that is in use: its KL, averaged over the test pictures, is above 0.01 nats."),
        exact="an active unit: a latent whose mean KL over the test images is above 0.01 nats: one that is used",
        code=("active_units",),
    ),
    to_say("epoch"): Meaning(
        plain=to_say("one look at every training picture."), exact="one pass over all training images"
    ),
    to_say("train, test"): Meaning(
        plain=to_say("pictures it learned from, and pictures it has never seen. Only the second are an honest exam."),
        exact="learned from, and only ever reported",
    ),
    to_say("val"): Meaning(
        plain=to_say("training pictures that a run may hold back, to decide by them when to stop."),
        exact="held back to decide when to stop",
    ),
    to_say("optimizer"): Meaning(
        plain=to_say("what decides how each weight is changed after a look at a few pictures."),
        exact="Adam, which scales each weight's step by its own gradients; or Muon, which makes the step of a whole matrix equally "
        "long in all its directions",
    ),
    to_say("early stopping"): Meaning(
        plain=to_say("a run ends by itself once its loss has hardly fallen for some epochs in a row (its patience)."),
        code=("patience", "min_delta"),
    ),
    to_say("batch size"): Meaning(
        plain=to_say("how many pictures it looks at before it corrects itself a little."), code=("batch_size",)
    ),
    to_say("learning rate"): Meaning(
        plain=to_say("how large each of these corrections is. Too small is slow; too large never settles."),
        code=("lr",),
    ),
    to_say("PCA line"): Meaning(
        plain=to_say(
            "the loss of the best linear VAE, which follows from the pictures by a formula, without training (PCA). A "
            "network that stays above it has learned less than a formula knows."
        ),
        exact="the loss of the best *linear* VAE: a formula gives it, no training does better without being nonlinear",
        code=("pca",),
    ),
    to_say("seed"): Meaning(
        plain=to_say(
            "the number that all chance follows from: the same one gives the same again, another one shows how much was "
            "luck."
        ),
        exact="the number all randomness of a run follows from",
    ),
    to_say("prior sample"): Meaning(
        plain=to_say("a picture drawn from random z: made up, not remembered."),
        exact="an image decoded from a random z: something the model makes up",
        code=("prior",),
    ),
    to_say("interpolation"): Meaning(
        plain=to_say("what lies between two pictures, drawn on the way from the z of one to the z of the other."),
        exact="an interpolation path: the images between two points",
    ),
    # What pages do not explain by a word of its own; for the measures see `measures.MEASURES`.
    "architecture": Meaning(
        exact="`fc` connects every pixel with every unit, `conv` looks at small patches, everywhere alike, `local` at the same ones, with "
        "weights of its own at each place",
        code=("arch",),
    ),
    "reconstruction": Meaning(exact="a test image, encoded and decoded again"),
    "PSNR, SSIM": Meaning(
        exact="how close reconstructions are: pixel by pixel on a logarithmic scale; in the structure of small neighbourhoods"
    ),
    "IWAE bound": Meaning(
        exact="the loss with 64 draws of z weighed against each other: closer to -ln p(x) than the loss"
    ),
    "SWD": Meaning(
        exact="how far patches of made-up images are from patches of real ones (sliced Wasserstein distance)"
    ),
}

WORDS: Mapping[str, str] = {word: meaning.plain for word, meaning in MEANINGS.items() if meaning.plain}
"""Those that pages explain, in the order in which Start lists them."""

_HEAD = """# Words

Pages explain their words in plain language, on Start and beside whatever uses them; the last column is for those who know
the trade. This page is printed by `python -m vaedash.glossary`, from `vaedash/glossary.py`."""


def about(*words: str) -> str:
    """What these words mean, a line each, as Markdown for a tooltip."""
    return "\n\n".join(f"**{say(word)}**: {say(WORDS[word])}" for word in words)


def page() -> str:
    """docs/words.md: what pages explain, then what only tables and files say."""
    explained = [(_named(word), plain, MEANINGS[word].exact) for word, plain in WORDS.items()]
    others = [(_named(word), meaning.exact) for word, meaning in MEANINGS.items() if word not in WORDS]
    parts = (
        _HEAD,
        _table(("word", "in plain words", "exactly"), explained),
        "Words of tables and files that pages do not explain in this way:",
        _table(("word", "meaning"), others),
    )
    return "\n\n".join(parts) + "\n"


def _named(word: str) -> str:
    """A word, and what code and files say for it where that is another one."""
    code = ", ".join(f"`{name}`" for name in MEANINGS[word].code)
    return f"{word} ({code})" if code else word


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (heading, ["---"] * len(heading), *rows))


if __name__ == "__main__":
    print(page(), end="")
