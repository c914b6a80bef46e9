"""TorchScript programs as such: recorded, assembled from trees, written to bytes, their state."""
