"""What can be wrong with an answer: codes and English texts (field, rule, next step)."""

from __future__ import annotations

from antifraud import money

MESSAGES: dict[str, str] = {
    "amount_out_of_range": money.MESSAGES["amount_out_of_range"],
    "outcome_required": "The outcome is missing. Choose what was done.",
    "outcome_unknown": "The outcome is not one of the known words. Choose one from the list.",
    "outcome_not_for_kind": "This outcome does not exist for this kind of order. Choose one from the list.",
    "field_not_for_kind": "This field does not belong to the answer of this kind of order. Leave it empty.",
    "field_not_for_outcome": "Nothing was executed with this outcome. Leave this field empty or "
    "choose another outcome.",
    "reason_required": "The reason is missing. Choose one from the list.",
    "reason_unknown": "The reason is not in the vocabulary. Choose one from the list.",
    "reason_not_for_outcome": "This reason does not go with this outcome. Choose another reason or outcome.",
    "reason_not_for_kind": "This reason does not go with this kind of order. Choose another reason.",
    "reason_not_executed": "An executed order needs no reason. Remove it or choose another outcome.",
    "stop_is_no_refusal": "A stop is never a reason to refuse a freeze: the freeze takes its place "
    "or joins the "
    "waiting list. Execute the freeze or give the true reason.",
    "reason_untrue_expiry": "The order reached you before the hold expired, so this reason is not true. "
    "Choose another reason.",
    "reason_text_required": "The explanation is missing. Say in a sentence what the other reason is.",
    "institution_required": "The suggested institution is missing. Name the institution that the account belongs to.",
    "mismatch_field_required": "The field that differs is missing. Choose number, name, amount or time.",
    "mismatch_field_unknown": "This kind of order is not matched by that field. Choose one of: {fields}.",
    "mismatch_field_not_reason": "The reason says that another field differs. Choose the same field in both places.",
    "handled_by_required": "The handling person is missing. Enter the name of the person who acted.",
    "second_person_same": "The second person is the handling person. Name another person.",
    "effective_required": "The effective time is missing. Enter when it took effect in your system.",
    "effective_in_future": "The effective time lies in the future. Enter when it took effect in your system.",
    "effective_before_issue": "The effective time lies before the order was issued. Check date and time.",
    "effective_while_waiting": "A waiting freeze has no effective time yet. Leave it empty or remove the rank.",
    "expires_while_waiting": "A waiting freeze has no expiry yet. Leave it empty or remove the rank.",
    "time_without_zone": "The time has no time zone. Add it, as in 2026-11-20T13:05:00+08:00.",
    "expires_before_effective": "The expiry is not later than the effective time. Check both.",
    "expires_not_extended": "The new expiry is not later than the present one. Check the date.",
    "expires_beyond_legal": "The expiry is later than the law allows for this hold. Enter the legal expiry.",
    "extended_after_expiry": "The hold had expired when the extension took effect. "
    "Refuse it with the reason that it arrived after expiry, or check the time.",
    "amount_negative": "The amount is negative. Enter zero or more.",
    "executed_required": "The executed amount is missing. Enter the amount that is held now.",
    "executed_unknown": "The executed amount is missing. Enter the amount that is held now if you know it.",
    "executed_not_positive": "The executed amount is zero. Enter what was held, or refuse the order with a reason.",
    "executed_above_asked": "The executed amount is higher than the amount asked for. "
    "Hold the asked amount only and correct the answer.",
    "executed_below_asked": "The executed amount is lower than the amount asked for. "
    "Choose the outcome for a partly executed order.",
    "partial_not_below_asked": "The whole amount asked for was held. Choose the outcome for an executed order.",
    "partial_without_limit": "The order asks for the whole account, which cannot be held in part. "
    "Choose another outcome.",
    "executed_above_balance": "The executed amount is higher than the balance. Check both amounts.",
    "free_inconsistent": "The free amount is not the balance less what was frozen before. Check the three amounts.",
    "currency_differs": "The currency differs from the order's, which is {currency}. Answer in the order's currency.",
    "mode_unknown": "The mode is not one of the known words. Choose one from the list.",
    "mode_differs": "The mode differs from the one asked for. Check that the hold is not broader than the order.",
    "results_incomplete": "Sub-account {position} lacks its number or amount. Complete the line or remove it.",
    "results_do_not_add_up": "The amounts of the sub-accounts do not add up to the executed amount. Correct them.",
    "waiting_rank_bad": "The rank in the waiting list must be 1 or higher. Correct the rank.",
    "waiting_without_prior": "A waiting freeze needs the freezes that rank before it. Add them.",
    "prior_freeze_incomplete": "Prior freeze {position} lacks the body that froze. Complete the line or remove it.",
    "hop_institution_required": "Next hop {position}: the institution is missing. Name where the money went.",
    "hop_number_required": "Next hop {position}: the account number is missing. Enter it.",
    "hop_number_bad": "Next hop {position}: the account number must be 4 to 34 letters and digits. Correct it.",
    "hop_amount_required": "Next hop {position}: the amount is missing. Enter the amount that moved on.",
    "hop_amount_not_positive": "Next hop {position}: the amount must be more than zero. Correct it.",
    "hop_time_required": "Next hop {position}: the time is missing. Enter when the money moved on.",
    "hop_time_in_future": "Next hop {position}: the time lies in the future. Check date and time.",
    "hop_name_missing": "Next hop {position}: the account name is missing. Enter it if you know it.",
    "file_required": "The file with the transactions is missing. Attach it.",
    "holder_required": "The holder record is missing. Fill it in or attach a file.",
}
