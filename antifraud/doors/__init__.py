"""The processes above all floors: the relay, the scheduler and the Celery tasks; what they do is in `deliveries` and `schedule`."""
