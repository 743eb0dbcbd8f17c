"""The pages of floor 1: administration, powers, lanes, one's own preferences and notifications."""
