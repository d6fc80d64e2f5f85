"""What is held out, and what it costs to know nothing of it."""

import numpy as np
import pytest
import torch

from vaedash.measuring import heldout
from vaedash.measuring.heldout import HeldOut


def level(*values: int) -> np.ndarray:
    """An image of each grey level, `(N, 3, 32, 32)`."""
    return np.array(values, np.uint8)[:, None, None, None].repeat(3, 1).repeat(32, 2).repeat(32, 3)


@pytest.mark.parametrize(
    ("train", "test", "squared"),
    [
        ((51,), (255,), 0.64),  # 0.2 against 1
        ((0, 255), (0, 255, 255), 0.25),
        ((0, 102, 0, 102), (51,), 0.0),
        ((255, 0, 0), (0, 255), (1 / 9 + 4 / 9) / 2),
    ],
)
def test_the_mean_picture_costs_its_squared_distance_summed_over_an_images_values(train, test, squared):
    found = heldout.mean_picture(torch.from_numpy(level(*train)), HeldOut.of(level(*test), 2))
    assert found == pytest.approx(3072 * squared, rel=1e-6, abs=1e-9)


def test_the_mean_picture_depends_on_neither_order_nor_layout_nor_how_many_are_added_up_at_once(monkeypatch):
    train, test = np.random.default_rng(0).integers(0, 256, (2, 1200, 3, 32, 32), dtype=np.uint8)
    exact = np.square(test / 255 - train.mean(0) / 255).sum((1, 2, 3)).mean()
    found = heldout.mean_picture(torch.from_numpy(train), HeldOut.of(test, 2))
    assert found == pytest.approx(exact, rel=1e-6)
    backwards = torch.from_numpy(train[::-1].copy())
    assert heldout.mean_picture(backwards, HeldOut.of(test, 2, layout=torch.channels_last)) == found
    monkeypatch.setattr(heldout, "_CHUNK", 7)
    assert heldout.mean_picture(backwards, HeldOut.of(test, 2)) == found
