"""Applications that rendered services are compared with."""
