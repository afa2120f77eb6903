"""The routes, one module a resource; every router carries its full prefix."""
