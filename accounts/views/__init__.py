"""The pages of involved accounts, orders, the bank queue and holds."""
