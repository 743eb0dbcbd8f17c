"""Series: `links` follows what cases have, `components` keeps the labels, `decisions` and `stops` are people's, `checks` the night's."""
