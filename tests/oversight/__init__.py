"""How well it went: figures computed by hand, their rows, and who sees which."""
