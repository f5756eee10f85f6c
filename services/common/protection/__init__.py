"""Who may watch: tokens, access rules and allowed origins. Pure; api makes tokens and origins check them."""
