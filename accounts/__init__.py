"""Floor 3: where the money went and the orders to stop it. `accounts` are involved bank accounts; people are in `banks`."""
