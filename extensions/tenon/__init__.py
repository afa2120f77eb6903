"""Tools of the Tenon template. Rendering needs none of them."""
