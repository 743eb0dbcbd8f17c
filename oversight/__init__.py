"""Floor 4: how well it went. Assessment of both sides; it looks down on every floor and changes none of their rows."""
