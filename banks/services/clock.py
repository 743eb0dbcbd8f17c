"""What kind of database this is: the owner marks a new one as a drill, whose legal clock can be moved."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from antifraud import db
from antifraud.errors import Conflict
from banks.models import AppClock, Institution

DRILL, MOVABLE = "drill", ("drill", "test")


def clock_make_drill() -> bool:
    """Mark this database as a drill; True where it was none before. For the command that the owner's role runs.

    Raises Conflict where an institution other than the platform takes part: no real installation becomes
    a drill (docs/adr/0008). The database itself refuses every role but its owner's.
    """
    db.require_unit_of_work()
    clock = AppClock.objects.select_for_update().get()
    if clock.mode in MOVABLE:
        return False
    if Institution.objects.exclude(kind=Institution.Kind.PLATFORM).exists():
        raise Conflict(_("Institutions take part here already. Only a new database can become a drill."))
    AppClock.objects.update(mode=DRILL)
    return True
