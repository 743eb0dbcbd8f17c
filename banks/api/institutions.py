"""Institutions in the API: read only; they are made and changed on the administrator's pages."""

from __future__ import annotations

from rest_framework import serializers

from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin
from banks.models import Institution
from banks.policy import Action


class InstitutionSerializer(serializers.ModelSerializer[Institution]):
    """What every participant may know of another."""

    class Meta:
        model = Institution
        fields = ["id", "code", "kind", "name", "name_zh", "bank_code", "parent", "connected", "time_zone", "phone"]
        read_only_fields = fields


class InstitutionViewSet(ListMixin, RetrieveMixin, PolicyViewSet[Institution]):
    """Participants, for choosing an addressee and for the codes in orders and answers."""

    queryset = Institution.objects.filter(is_active=True)
    serializer_class = InstitutionSerializer
    policy_actions = {"list": Action.INSTITUTION_VIEW, "retrieve": Action.INSTITUTION_VIEW}
    keyset = ("code", "id")
    filterset_fields = ["kind", "code", "bank_code"]
