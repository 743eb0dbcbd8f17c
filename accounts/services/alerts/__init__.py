"""Alerts: drafted, decided by a second person, sent, read, acknowledged, reported back, closed; a module for each."""
