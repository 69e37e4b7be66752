"""Image steps at the network's size: used in training, and exported inside the model file.

A recipe lists them under ``image.steps``; ``registry.build`` makes them. They come after geometry and augmentation and
before normalisation.
"""
