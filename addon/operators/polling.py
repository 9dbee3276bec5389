"""Why a button is grey."""

import bpy


def allows(operator: type[bpy.types.Operator], reason: str | None) -> bool:
    """Whether an operator can run: nothing stands in the way. Else its tooltip says what does."""
    if reason:
        operator.poll_message_set(reason)
    return reason is None
