"""Image steps as torch modules: used in training and exported inside the model file."""
