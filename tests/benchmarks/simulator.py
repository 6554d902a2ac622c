"""
One episode at a time of the simulator `gym-invmgmt`, spoken to over a pipe.

Run with the interpreter of an environment that holds the simulator; it imports nothing of the
product. One JSON object a line: {"reset": {...}} starts an episode and answers with the network
and the true mean demand; {"step": [...]} answers with what an ERP would know afterwards.
"""

import json
import sys

from gym_invmgmt import CoreEnv, DemandEngine


def describe(env, demand):
    """The network and everything a planner may be told before the first period."""
    graph, network = env.network.graph, env.network
    market = network.retail_links[0]
    exogenous = DemandEngine({**demand, "use_goodwill": False})
    return {
        "periods": env.num_periods,
        "points": [{"id": int(j), **number_fields(graph.nodes[j])} for j in network.main_nodes],
        "routes": [
            {"from": int(a), "to": int(b), **number_fields(graph.edges[a, b])}
            for a, b in network.reorder_links
        ],
        "market": {"point": int(market[0]), **number_fields(graph.edges[market])},
        "factories": [int(j) for j in network.factory],
        "sources": [int(j) for j in network.rawmat],
        "mean": [float(exogenous.get_current_mu(t)) for t in range(env.num_periods)],
        "base_mean": float(env.demand_engine.base_mu),
        "response": {
            "growth": env.demand_engine.gw_growth,
            "decay": env.demand_engine.gw_decay,
            "floor": env.demand_engine.gw_floor,
            "cap": env.demand_engine.gw_cap,
        },
    }


def number_fields(attributes):
    return {k: float(v) for k, v in attributes.items() if isinstance(v, int | float)}


def observe(env, reward, done):
    """What the simulator says after a period: demand, shortage, stock, and shipments to come."""
    t, network = env.period, env.network
    due = []
    for link in network.reorder_links:
        lead, row = network.lead_times[link], network.reorder_map[link]
        due.append([float(env.R[t - lead + k, row]) if t - lead + k >= 0 else 0.0 for k in range(lead)])
    return {
        "period": t,
        "reward": reward,
        "done": done,
        "demand": float(env.D[t - 1].sum()) if t else 0.0,
        "short": float(env.U[t - 1].sum()) if t else 0.0,
        "stock": {str(int(j)): float(env.X[t, network.node_map[j]]) for j in network.main_nodes},
        "due": due,
    }


def reset(request):
    """A fresh environment; `series` replaces the demand shapes the simulator knows."""
    demand = request["demand"]
    env = CoreEnv(request["network"], demand_config=demand, num_periods=30, backlog=request["backlog"])
    env.reset(seed=request["seed"])
    return env, describe(env, demand) | {"state": observe(env, 0.0, False)}


def main():
    env = None
    for line in sys.stdin:
        request = json.loads(line)
        if "reset" in request:
            env, answer = reset(request["reset"])
        else:
            _, reward, _, done, _ = env.step(request["step"])
            answer = observe(env, float(reward), bool(done))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
