"""Comparisons that invite to claim too much, and what is claimed."""

import awkward
import pytest

from vaedash.comparing import verdict

BEGINS = {
    "40 epochs against 2, stopped by hand": "No fair comparison yet: FC has had 40 epochs, conv 2",
    "one of them diverged": "No fair comparison: the training of conv broke down",
    "one limit far below the other": "No fair comparison yet: FC has had 21 epochs, conv 5",
    "both by early stopping, after 3 and 19 epochs": "FC leads conv by 0.4",
    "within a KL warm-up": "So far, within the KL warm-up, conv is 5.0",
    "three test images": "No clear leader",
    "a lead of a tenth": "No clear leader",
    "the best of twelve against one": "FC leads conv by 0.6",
    "other batches, rates and latents too": "conv leads FC by 5.2",
    "three seeds, of which one got stuck": "conv leads FC by 6.7",
    "seeds that disagree": "No clear leader",
    "seed 0 twice, and one that was stopped": "No clear leader",
    "no price on the numbers (beta 0)": "conv leads FC by 6.0 units of squared error",
}
BESIDE = {
    "both by early stopping, after 3 and 19 epochs": "perhaps too soon for conv",
    "the best of twelve against one": "that favours FC",
    "other batches, rates and latents too": "is not known",
    "three seeds, of which one got stuck": "is not to be trusted",
    "no price on the numbers (beta 0)": "says nothing of pictures that are made up",
}


@pytest.fixture
def comparisons(tmp_path):
    for part in ("warm", "few", "tenth"):
        (tmp_path / part).mkdir()
    return awkward.comparisons(tmp_path)


def test_every_comparison_is_looked_at(comparisons):
    assert list(comparisons) == list(BEGINS) and BESIDE.keys() <= BEGINS.keys()


@pytest.mark.parametrize("what", BEGINS)
def test_no_more_is_claimed_than_can_be(comparisons, what):
    judged = verdict.judged(comparisons[what])
    assert judged.headline.startswith(BEGINS[what]) and BESIDE.get(what, "") in judged.grounds
    assert bool(judged.leader) == ("leads" in judged.headline)


def test_they_can_be_read_out():
    lines = []
    awkward.read_out(lines.append)
    assert len([line for line in lines if not line.startswith("  [")]) == len(BEGINS)
