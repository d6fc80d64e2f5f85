"""What the files of a run are called, and those of a runs folder: spelt out here and nowhere else."""

import re

CONFIG, FACTS, METRICS, PROGRESS = "config.json", "facts.json", "metrics.json", "progress.json"
OUTCOME, MEASURED, NOTES = "outcome.json", "measured.json", "notes.json"
LOG = "train.log"
SOURCE = "arch.py"  # of an architecture of somebody's own; kept, and never executed from here
STOP, LOCK, NOTES_LOCK = "stop", "lock", "notes.lock"
SAMPLES = "samples"
ASIDE = "aside"  # for what is none of its files, once somebody has it put there
NOW = "now.png"  # in there
TEST_LOSSES, KL_BY_LATENT, TOLD_BY_LATENT = "test_losses.npy", "kl_by_latent.npy", "told_by_latent.npy"
# Weights by what they are called: `previous` is the `last` before it.
LAST, PREVIOUS, BEST = "last", "previous", "best"
WEIGHTS = (LAST, PREVIOUS, BEST)
HASHES = ".sha256"  # what ends the name of a file with the SHA-256 of weights
HALF_WRITTEN = re.compile(r"\..*\.[0-9]+\.tmp")  # as `storage.write_bytes` calls a file until it is whole

# In a runs folder, beside the runs.
QUEUE, SLOTS = ".queue", ".slots"
VIEWS, VIEWS_LOCK = ".views.json", ".views.lock"  # saved views of comparisons
TUNING = ".tuning.lock"  # held by the one command that tunes here
TOGETHER = ".together"  # which runs were launched together, where a webhook is to be told
COPIES = ".aside"  # for copies of runs under another name, once somebody has them put there
EXAMPLES, EXAMPLES_LOCK = ".examples.json", ".examples.lock"  # which of those that come along were brought here
CLUSTER_LOG = ".cluster.log"  # what the processes said that had runs trained elsewhere


def weights_file(name: str) -> str:
    """The file with the weights of that name."""
    return f"{name}.pt"


def hashes_file(name: str) -> str:
    """The file with the SHA-256 of those weights."""
    return weights_file(name) + HASHES


# All that a run may have, but for its pictures.
FILES = (
    *(CONFIG, FACTS, METRICS, PROGRESS, OUTCOME, MEASURED, NOTES),
    *(LOG, SOURCE, STOP, LOCK, NOTES_LOCK, TEST_LOSSES, KL_BY_LATENT, TOLD_BY_LATENT),
    *map(weights_file, WEIGHTS),
    *map(hashes_file, WEIGHTS),
)
