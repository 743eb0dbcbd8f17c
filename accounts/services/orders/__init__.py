"""Orders from draft to issue, cancellation and correction; their answers are in `accounts.services.answers`."""
