"""What a cached read costs, against none and against the guide's own forms."""
