"""
Planning when demand is uncertain: what to order now, given distributions instead of numbers.

State the network (`UncertainProblem`), the forecast and what a shortage costs; plan on a priced
quantile path (`plan_on_path`) or on sampled demand (`plan_on_samples`); carry out the orders of
period 0 and plan again. Without a forecast, `DemandFilter` learns one from what was observed.
"""

from optimization.uncertain.demand_filter import DemandFilter, DemandPrior
from optimization.uncertain.forecast import Forecast, NormalForecast, PoissonForecast, SampledForecast
from optimization.uncertain.plan import Sampling, UncertainPlan, plan_on_path, plan_on_samples
from optimization.uncertain.problem import OUTSIDE, Market, Route, StockPoint, UncertainProblem
from optimization.uncertain.response import ServiceResponse

__all__ = [
    "OUTSIDE",
    "DemandFilter",
    "DemandPrior",
    "Forecast",
    "Market",
    "NormalForecast",
    "PoissonForecast",
    "Route",
    "SampledForecast",
    "Sampling",
    "ServiceResponse",
    "StockPoint",
    "UncertainPlan",
    "UncertainProblem",
    "plan_on_path",
    "plan_on_samples",
]
