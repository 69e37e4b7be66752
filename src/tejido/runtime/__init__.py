"""Model file to answer. Needs only numpy, Pillow and onnxruntime."""
