"""What operators see of the running service."""
