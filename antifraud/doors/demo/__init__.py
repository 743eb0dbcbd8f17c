"""A believable city for `make run`: thirty days of cases, played through the product's own services with a moved clock.

Everything is invented: persons by a seeded generator, numbers in ranges that hold no real ones. Nothing here is used
by the product itself.
"""
