"""Floor 1: who takes part. Institutions, their people and machine clients, lanes, deliveries, profiles, calendars."""
