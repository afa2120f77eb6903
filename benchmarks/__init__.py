"""What the rendered services cost, measured against bare FastAPI."""
