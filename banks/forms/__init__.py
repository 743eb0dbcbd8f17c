"""Forms of floor 1, and what all floors need to show a refusal on a form."""
