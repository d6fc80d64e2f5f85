"""Figures about one model: its held-out losses, its latents, the line it should be below, its quality."""
