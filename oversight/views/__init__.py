"""The pages of floor 4; they show figures and the rows behind them, never personal data."""
