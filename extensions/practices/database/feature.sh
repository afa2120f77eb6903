uv run poe migrate
uv run poe revision -m "add orders"
uv run poe migrate
