"""Every acknowledged order is there, exactly once."""

from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.entries import OrdersSeen
from chaos.history import History


def judge_orders(history: History) -> Finding:
    """Compare what was acknowledged with what was found after the load."""
    seen = history.of(OrdersSeen)
    if not seen:
        return unknown("the orders were not asked for after the load")
    last = seen[-1]
    evidence = (last.line,)
    wrong = [
        f"{len(ids)}{'+' if len(ids) >= 50 else ''} {what} ({', '.join(ids[:3])})"
        for what, ids in (
            ("lost", last.lost),
            ("doubled", last.doubled),
            ("not what was acknowledged", last.different),
        )
        if ids
    ]
    if wrong:
        return failed(f"of {last.acknowledged} acknowledged orders: {'; '.join(wrong)}", evidence)
    if last.acknowledged == 0:
        return unknown("no order was acknowledged: nothing to look for")
    if last.unanswered:
        return unknown(f"{last.unanswered} of {last.acknowledged} orders could not be asked for")
    if not last.doubled_known:
        return unknown("the orders could not be listed: doubled ones are not observable here")
    return passed(f"all {last.acknowledged} acknowledged orders are there exactly once", evidence)


ORDERS = Check("every acknowledged order exactly once", judge_orders)
