"""Long work in the background: a row per job, one worker at a time, progress and cancelling; what is done is floors'."""
