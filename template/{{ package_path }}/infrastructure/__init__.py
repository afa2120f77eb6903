"""What reaches outside the process."""
