"""Making a trained network smaller: fewer channels, thinner factors, fewer bits."""
