"""What polls share: a greyed-out button says why in its tooltip."""

import bpy


def allows(operator: type[bpy.types.Operator], reason: str | None) -> bool:
    """Whether an operator can run: it can without a reason against it. A reason becomes part of its tooltip."""
    if reason:
        operator.poll_message_set(reason)
    return reason is None
