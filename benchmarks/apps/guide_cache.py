"""A BAD EXAMPLE to measure, not to copy: the decorators of chapters 2.3 and 8.1 of the guide.

Filled in is how the address of Redis is given.
"""

# This is quoted code, with the faults that the rules below would find.
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202
# mypy: ignore-errors

import json
import time
from functools import wraps


# 2.3
def cache_with_ttl(ttl: int):
    def decorator(func):
        cache = {}
        cache_times = {}

        @wraps(func)
        def wrapper(*args):
            now = time.time()
            if args in cache and now - cache_times[args] < ttl:
                return cache[args]

            result = func(*args)
            cache[args] = result
            cache_times[args] = now
            return result

        return wrapper

    return decorator


# 8.1
def cached(redis_client, key_prefix: str, ttl: int = 3600):
    def decorator(func):
        async def wrapper(*args, **kwargs):
            cache_key = f"{key_prefix}:{args}:{kwargs}"

            cached_value = await redis_client.get(cache_key)
            if cached_value:
                return json.loads(cached_value)

            result = await func(*args, **kwargs)

            await redis_client.setex(cache_key, ttl, json.dumps(result, default=str))

            return result

        return wrapper

    return decorator
