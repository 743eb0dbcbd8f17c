"""Returns of money: drafted with a worksheet, announced, objected to, decided, paid by the bank; a module for each."""
