"""The exchange on its worst day: real processes, real signals, and a checker that stands outside of the platform."""
