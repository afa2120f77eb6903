"""Example commands; `example: false` in the answers removes them."""
