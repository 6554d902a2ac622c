"""
A plan within milliseconds, in two passes: what planners do by hand, and always feasible.

Requirements (material requirements planning): stages from customers to suppliers; what a stage
lacks in a bucket below its target is wanted on its preferred lane, in the bucket whose order
arrives in time, rounded by the lane's lots; what that order consumes is wanted upstream.

Release: bucket by bucket, suppliers first; each wanted order is placed as far as components,
capacity, room and maximum allow, the rest waits for the next bucket.
"""

import numpy as np

from optimization.replenishment.problem import Floats, OrderProblem
from optimization.replenishment.release import release
from optimization.replenishment.requirements import plan_requirements
from optimization.replenishment.state import State, evaluate


def construct(problem: OrderProblem) -> State:
    """The better of the constructed plan and no order at all."""
    wanted = plan_requirements(problem)
    state = evaluate(problem, release(problem, wanted))
    idle = evaluate(problem, np.zeros_like(wanted))
    return state if state.cost <= idle.cost else idle


def nothing(problem: OrderProblem) -> Floats:
    """No order."""
    return np.zeros(problem.lanes.is_open.shape)
