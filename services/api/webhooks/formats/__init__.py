"""How each product says what has happened: one file a product, pure, and one table of them."""
