"""Widths at which one architecture costs as much as another one."""

from dataclasses import replace

import pytest
import torch

from vaedash import config
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.models import archs, matching

P1 = {arch: RunConfig.build(arch=arch, preset="p1") for arch in config.ARCHS}


@pytest.mark.parametrize("cost", [matching.weights, matching.flops])
@pytest.mark.parametrize(
    ("arch", "to"), [("fc", "conv"), ("conv", "fc"), ("local", "fc"), ("local", "conv"), ("conv", "local")]
)
def test_what_is_matched_costs_as_much_within_a_few_percent(arch, to, cost):
    found = matching.matched(P1[arch], P1[to], matching.by(cost))
    assert cost(found) == pytest.approx(cost(P1[to]), rel=0.04)
    assert replace(found, widths="") == P1[arch]  # nothing else changes


def test_weights_are_those_of_the_model_that_is_built():
    for arch in config.ARCHS:
        assert matching.weights(P1[arch]) == archs.parameter_count(archs.build(P1[arch]))


def test_operations_are_two_for_each_multiplication_forward_and_twice_as_many_backward_but_for_the_pixels():
    """By hand, for FC: of the first layer no gradient of what it sees is needed."""
    layers = [3072 * 512, 512 * 256, 256 * 256, 128 * 256, 256 * 512, 512 * 3072]
    assert matching.flops(P1["fc"]) == 2 * (3 * sum(layers) - layers[0])


def test_conv_and_local_of_the_same_widths_are_the_same_arithmetic():
    assert matching.flops(P1["conv"]) == matching.flops(P1["local"])
    assert matching.matched(P1["local"], P1["conv"], matching.by(matching.flops)) == P1["local"]


def test_shuffled_pixels_cost_what_others_do():
    for cost in (matching.weights, matching.flops):
        assert cost(replace(P1["conv"], pixel_order="shuffled")) == cost(P1["conv"])


def test_what_is_matched_to_the_usual_widths_has_the_usual_widths():
    named = replace(P1["fc"], preset=None, widths="512-256")
    assert matching.matched(replace(P1["fc"], preset=None), named, matching.by(matching.weights)).widths == ""


def test_no_layer_of_fc_becomes_narrower_than_z():
    found = matching.matched(P1["fc"], P1["conv"], matching.by(matching.weights))
    assert min(found.layer_widths) == found.latent_dim == 128


def test_an_architecture_matches_itself_in_its_widths():
    wide = replace(P1["conv"], preset=None, widths="40-80-160")
    assert matching.matched(P1["conv"], wide, matching.by(matching.weights)).widths == "40-80-160"


def test_what_cannot_be_matched_is_refused_in_a_sentence():
    tiny = RunConfig(arch="conv", widths="1-1-1", latent_dim=512)
    with pytest.raises(
        UsageError, match=r"No widths of fc cost as much as conv: the nearest, 512-512, make [0-9.]+ times as much"
    ):
        matching.matched(RunConfig(arch="fc", latent_dim=512), tiny, matching.by(matching.weights))


def test_counting_needs_no_memory_for_the_weights():
    wide = RunConfig(arch="fc", widths="8192-8192")
    before = torch.get_default_device()
    assert matching.weights(wide) > 1e8 and torch.get_default_device() == before
