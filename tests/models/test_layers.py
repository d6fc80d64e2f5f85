"""What the pages draw of the architectures is what the models are."""

import re

from vaedash import config
from vaedash.config import RunConfig
from vaedash.languages import Speech, spoken
from vaedash.models import archs, layers
from vaedash.ui import diagram

GERMAN = Speech(language="de", region="de")


def test_the_recorded_layers_are_those_of_the_models():
    assert layers.known() == {arch: layers.read_off(arch) for arch in config.BUILT_IN_ARCHS}


def test_every_weight_is_in_the_drawing():
    for arch, steps in layers.known().items():
        assert diagram.weights(steps) == archs.parameter_count(
            archs.build(RunConfig(arch=arch, latent_dim=layers.LATENT_DIM))
        )
        for step in (*steps["encoder"], *steps["decoder"]):
            if step["weights"]:
                assert diagram._thousands(step["weights"]) in diagram.svg(arch, steps)


def test_the_drawing_writes_weights_as_in_the_region():
    assert (diagram._thousands(1_573_376), diagram._thousands(1_536)) == ("1.6M", "1.5k")
    with spoken(GERMAN):
        assert (diagram._thousands(1_573_376), diagram._thousands(1_536)) == ("1,6M", "1,5k")


def test_the_drawing_says_the_shapes():
    drawn = {arch: diagram.svg(arch, steps) for arch, steps in layers.known().items()}
    spans = {arch: re.findall(r"<tspan[^>]*>([^<]*)</tspan>", svg) for arch, svg in drawn.items()}
    assert spans["fc"][:3] == ["3072", "512", "256"]
    assert spans["conv"][:8] == ["3 of", "32×32", "32 of", "16×16", "64 of", "8×8", "128 of", "4×4"]
    assert "z" in spans["fc"]
    assert "z" in spans["conv"]
    assert "32 by 16 by 16" in diagram.in_words("conv", layers.known()["conv"])
