"""Tensors in, tensors out: one VAE, an architecture a file, the loss, and what a latent space holds."""
