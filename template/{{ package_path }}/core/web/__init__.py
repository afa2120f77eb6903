"""HTTP: middleware, routes, limits and errors."""
