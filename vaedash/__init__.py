"""vaedash: does architecture matter in a variational autoencoder? Train a fully connected and a convolutional one, and see.

The house; each room imports only from floors below, or from rooms named before it on its own floor:

    floor 0   errors, config, storage, images, losses, datasets
    floor 1   runs, models, luck, measures
    floor 2   compare, lesson, charts, launch, team, hardware, latent, checkpoints, analysis, learner, pca, quality, fid
    floor 3   aftermath, train, forecast, bench, report, export, doctor, worker, cluster, cli
    floor 4   ui
"""
