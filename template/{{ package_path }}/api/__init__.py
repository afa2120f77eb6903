"""HTTP: routes, and the bodies of requests and responses."""
