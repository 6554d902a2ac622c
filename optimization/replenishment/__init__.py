"""
Replenishment orders under capacity: what to order, on which lane, how much and when.

Sets: stages i, lanes l (lane l supplies stage i(l)), order buckets t < H, buckets t < T, resources r,
stores k, order groups g. a(l,t) is the bucket in which an order of bucket t arrives.

    q[l,t] = q n[l,t] + m w[l,t]   quantity: lots n of size q, or w exactly the smallest quantity m
    y[l,t]                         whether there is an order of lots
    s, b, e, z [i,t]               stock, backlog, lost sales, write-offs at the end of a bucket
    f, x [i,t]                     shortfall below the target, excess above the corridor
    k[r,t], o[r,t], o[k,t], u[g,t] whole units (trucks), overloads, whether a group orders

    min   sum c q + K (y + w) + F k + h s + p b + p e + v z + P f + P x + M o
          - w (stock left at the end - what would be left without any order)

    s[i,t] - b[i,t] = s[i,t-1] - b[i,t-1] + receipts + sum_{a(l,u)=t} q[l,u] - demand[i,t]
                      + e[i,t] - z[i,t] - sum_l r[l,i] q[l,t]                        (balance)
    b[i,t] <= b[i,t-1] + demand[i,t]            stages that orders consume           (lateness)
    m y <= n <= N y,  y + w <= 1                N tight, derived                     (order)
    f >= target - (s - b)                                                            (target)
    x >= s - ceiling                                                                 (ceiling)
    s[i,t] <= what arrived within its shelf life                                     (life)
    sum_l use q + set-up (y + w) - o <= C       or <= size k, k - o <= C             (capacity)
    sum_i volume s - o <= S                                                          (room)
    sum_{l in g} q >= minimum u,  y <= u                                             (pooled)

Whole lots are integer. To order nothing is always allowed, so every rule but those with a slack can
be kept: demand may be late (b) or lost (e), targets missed (f, x), and where firm orders leave no
choice a capacity or a room is overloaded (o). Tiers price these so that hard rules go before
demand, and demand before targets (`prices`).
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from optimization.replenishment.explain import (
        Alternative,
        Change,
        OrderExplanation,
        ServedDemand,
        explain_order,
    )
    from optimization.replenishment.plan import plan_replenishment
else:  # what plans takes as long to load as all else: whoever only judges never waits for it
    __getattr__, __dir__, _ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "explain": ["Alternative", "Change", "OrderExplanation", "ServedDemand", "explain_order"],
            "plan": ["plan_replenishment"],
        },
    )

__all__ = ["Alternative", "Change", "OrderExplanation", "ServedDemand", "explain_order", "plan_replenishment"]
