"""Runs as Plotly figures: one hue for each architecture, everywhere; nothing here knows about a page."""

from plotly.graph_objects import Figure

from vaedash.showing.charts.budget import budget
from vaedash.showing.charts.contest import contest
from vaedash.showing.charts.controls import BARE, CONTROLS, TOUCH_JS, controls
from vaedash.showing.charts.costs import quality, rate_distortion
from vaedash.showing.charts.curves import legend, loss_curves
from vaedash.showing.charts.keys import places
from vaedash.showing.charts.labels import scale, shades
from vaedash.showing.charts.latents import (
    LatentMap,
    active_units,
    kl_by_latent,
    kl_over_epochs,
    latent_map,
    moved_along,
    told_by_latent,
)
from vaedash.showing.charts.race import race
from vaedash.showing.charts.staircase import staircase
from vaedash.showing.charts.style import AXES, HUE, PINNED, PLOTLY_JS, TERMS, enlarged, hue, of_arch

__all__ = [
    "AXES",
    "BARE",
    "CONTROLS",
    "HUE",
    "PINNED",
    "PLOTLY_JS",
    "TERMS",
    "TOUCH_JS",
    "Figure",
    "LatentMap",
    "active_units",
    "budget",
    "contest",
    "controls",
    "enlarged",
    "hue",
    "kl_by_latent",
    "kl_over_epochs",
    "latent_map",
    "legend",
    "loss_curves",
    "moved_along",
    "of_arch",
    "places",
    "quality",
    "race",
    "rate_distortion",
    "scale",
    "shades",
    "staircase",
    "told_by_latent",
]
