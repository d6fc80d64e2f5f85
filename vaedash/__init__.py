"""vaedash: does architecture matter in a variational autoencoder? Train a fully connected and a convolutional one, and see.

The house; a family imports only from floors below (on floor 0, a room from those named before it), and no two rooms of a
family need each other:

    floor 0   errors, glossary, places, storage, settings, installed, config, images, text
    floor 1   datasets
    floor 2   models
    floor 3   runs, browser
    floor 4   measuring
    floor 5   comparing
    floor 6   training
    floor 7   showing
    floor 8   cluster, bench, doctor
    floor 9   ui, cli
"""

__version__ = "0.1.0"
