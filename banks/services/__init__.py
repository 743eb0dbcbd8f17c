"""What can be done on floor 1: one verb, one function; who may is asked first, transactions are the callers'."""
