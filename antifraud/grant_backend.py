"""guardian's back end for `user.has_perm`, asking the policy so that expired and revoked grants do not count."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from guardian.backends import ObjectPermissionBackend

from antifraud.policy import granted, grants_of


class GrantBackend(ObjectPermissionBackend):
    """`view_<model>` on an object is the only permission that grants carry; everything else is no."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """True where a live grant lets the user's institution see `obj`."""
        if obj is None or not user_obj.is_active or perm.split(".")[-1] != f"view_{obj._meta.model_name}":
            return False
        try:
            grants_of(type(obj))
        except LookupError:
            return False
        return granted()(user_obj, type(obj)._base_manager.all()).filter(pk=obj.pk).exists()

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Permissions are asked one by one; there is no list of all."""
        return set()
