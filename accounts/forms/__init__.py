"""What people type about accounts, orders and answers."""
