"""The words of this trade in plain language: one text for each, listed on Start and said beside whatever uses the word."""

from collections.abc import Mapping

# For people who have never heard of a VAE; the README's table says the same for those who have.
WORDS: Mapping[str, str] = {
    "VAE": "a variational autoencoder: it squeezes a picture into a few numbers and draws it again from them.",
    "encoder, decoder": "the half that squeezes, and the half that draws.",
    "z": "the few numbers. Random numbers in their place make the decoder draw something new.",
    "latent size": "how many numbers z has; each of them is a latent. More can say more about a picture, and cost more.",
    "μ and σ": "the encoder does not answer with one z but with a cloud of them: its centre μ and its width σ.",
    "loss": "how bad it still is: the error of the redrawn picture, plus the price of the numbers. Lower is better.",
    "recon": "the first part: how far the redrawn picture is from the original.",
    "KL": "the second part: how much the cloud says about this one picture, in nats (1 nat is 1.44 bits).",
    "beta": "what the second part counts for: loss = recon + beta * KL. Above 1, the numbers are tidier and the pictures "
    "blurrier.",
    "active": "a latent that is in use: its KL, averaged over the test pictures, is above 0.01 nats.",
    "epoch": "one look at every training picture.",
    "train, test": "pictures it learned from, and pictures it has never seen. Only the second are an honest exam.",
    "val": "training pictures that a run may hold back, to decide by them when to stop.",
    "early stopping": "a run ends by itself once its loss has hardly fallen for some epochs in a row (its patience).",
    "batch size": "how many pictures it looks at before it corrects itself a little.",
    "learning rate": "how large each of these corrections is. Too small is slow; too large never settles.",
    "PCA line": "the loss of the best linear VAE, which follows from the pictures by a formula, without training (PCA). A "
    "network that stays above it has learned less than a formula knows.",
    "seed": "the number that all chance follows from: the same one gives the same again, another one shows how much was "
    "luck.",
    "prior sample": "a picture drawn from random z: made up, not remembered.",
    "interpolation": "what lies between two pictures, drawn on the way from the z of one to the z of the other.",
}


def about(*words: str) -> str:
    """What these words mean, a line each, as Markdown for a tooltip."""
    return "\n\n".join(f"**{word}**: {WORDS[word]}" for word in words)
