"""HTTP: routes, and how errors are answered."""
