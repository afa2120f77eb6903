"""What data costs in the rendered services, measured against the guide's own form."""
