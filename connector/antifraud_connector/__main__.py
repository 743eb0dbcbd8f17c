"""`python -m antifraud_connector` is the same as `antifraud-connector`."""

from __future__ import annotations

import sys

from antifraud_connector.cli import main

sys.exit(main())
