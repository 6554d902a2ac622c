"""
One rule engine on one table: runs in the environment of the peers, started by `bench_rules.py`.

Reads {"engine", "columns", "rows", "facts", "collect", "seconds"} on standard input, prints {"answers", "per_second"}
(answers of every fact; evaluations of one fact per second of CPU).
"""

import json
import sys
import time


def zen(table, *, trace):
    import zen as engine

    keys = {name: f"c{i}" for i, name in enumerate(table["columns"])}
    content = {
        "hitPolicy": "collect" if table["collect"] else "first",
        "inputs": [{"id": key, "name": name, "field": name} for name, key in keys.items()],
        "outputs": [{"id": "o", "name": "o", "field": "answer"}],
        "rules": [
            {"_id": row["id"], "o": json.dumps(row["answer"])}
            | {keys[name]: unary(test) for name, test in row["tests"].items()}
            for row in table["rows"]
        ],
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "i", "type": "inputNode", "name": "i", "position": place},
        {"id": "t", "type": "decisionTableNode", "name": "t", "position": place, "content": content},
        {"id": "o", "type": "outputNode", "name": "o", "position": place},
    ]
    edges = [{"id": a + b, "sourceId": a, "targetId": b, "type": "edge"} for a, b in ("it", "to")]
    decision = engine.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def ask(fact):
        result = decision.evaluate(fact, {"trace": trace})["result"]
        return [found["answer"] for found in result] if table["collect"] else [result["answer"]]

    return ask


def unary(test):
    if "any" in test:
        return ", ".join(json.dumps(value) for value in test["any"])
    low, high = test.get("low"), test.get("high")
    if low is None:
        return f"< {high}"
    return f">= {low}" if high is None else f"[{low}..{high})"


def cel(table):
    import cel as engine

    programs = [(engine.compile(expression(row["tests"])), row["answer"]) for row in table["rows"]]

    def ask(fact):
        if table["collect"]:
            return [answer for program, answer in programs if program.execute(fact)]
        for program, answer in programs:
            if program.execute(fact):
                return [answer]
        return []

    return ask


def expression(tests):
    parts = []
    for name, test in tests.items():
        if "any" in test:
            parts.append(f"{name} in {json.dumps(test['any'])}")
        if test.get("low") is not None:
            parts.append(f"{name} >= {test['low']}")
        if test.get("high") is not None:
            parts.append(f"{name} < {test['high']}")
    return " && ".join(parts) or "true"


def clips(table):
    import clips as engine

    environment = engine.Environment()
    slots = " ".join(f"(slot {name})" for name in table["columns"])
    environment.build(f"(deftemplate request {slots})")
    hits = []
    environment.define_function(lambda place: hits.append(int(place)), name="hit")
    for place, row in enumerate(table["rows"]):
        patterns = " ".join(pattern(i, name, test) for i, (name, test) in enumerate(row["tests"].items()))
        then = f"(hit {place})" if table["collect"] else f"(hit {place}) (halt)"
        salience = f"(declare (salience {-place}))"
        environment.build(f"(defrule r{place} {salience} (request {patterns}) => {then})")
    template = environment.find_template("request")

    def ask(fact):
        hits.clear()
        asserted = template.assert_fact(**fact)
        environment.run()
        asserted.retract()
        return [table["rows"][place]["answer"] for place in hits]

    return ask


def pattern(place, name, test):
    if "any" in test:
        return f"({name} {'|'.join(json.dumps(value) for value in test['any'])})"
    bounds = [(">=", test.get("low")), ("<", test.get("high"))]
    checks = "".join(f"&:({sign} ?v{place} {limit})" for sign, limit in bounds if limit is not None)
    return f"({name} ?v{place}{checks})"


ENGINES = {
    "zen-engine with trace": lambda table: zen(table, trace=True),
    "zen-engine without trace": lambda table: zen(table, trace=False),
    "CEL": cel,
    "clipspy": clips,
}


def measured(ask, facts, seconds):
    """Evaluations per second of CPU, the best of three stretches."""
    best, place = 0.0, 0
    for _ in range(3):
        count, started = 0, time.process_time()
        while time.process_time() - started < seconds / 3:
            for _ in range(10):
                ask(facts[place % len(facts)])
                place += 1
            count += 10
        best = max(best, count / (time.process_time() - started))
    return best


def main():
    table = json.load(sys.stdin)
    ask = ENGINES[table["engine"]](table)
    answers = [ask(fact) for fact in table["facts"]]
    print(json.dumps({"answers": answers, "per_second": measured(ask, table["facts"], table["seconds"])}))


if __name__ == "__main__":
    main()
