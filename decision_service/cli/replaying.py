"""`audit replay`: replay as a habit, on a sample or on everything, several at a time."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import click
import grpc

from decision_service.cli.audit import audit
from decision_service.cli.command import command, console, message_json, print_json, progress, table
from decision_service.cli.decisions import SERVICE
from decision_service.cli.failure import DOES_NOT_HOLD, Failure
from decision_service.cli.names import release_name
from decision_service.cli.session import Options, Session, session
from decision_service.v1 import decision_service_pb2 as pb

SAMPLE = 20
_TRIES, _PAUSE = 8, 0.25  # when the service is full: waits a quarter, a half, ... 32 seconds
_OUTCOMES = ("IDENTICAL", "EQUIVALENT", "DIVERGED", "FAILED")


@command(audit, "replay")
@click.option(
    "--sample", type=click.IntRange(min=1), help=f"So many decisions, drawn at random. Default: {SAMPLE}."
)
@click.option("--all", "is_all", is_flag=True, help="Every decision.")
@click.option(
    "--seed", type=int, default=None, help="Draw the same sample again. Default: another each time."
)
@click.option(
    "--parallel", type=click.IntRange(1, 64), default=2, show_default=True, help="How many at a time."
)
@click.option("--release", default="", help="Only decisions under this release.")
@click.option("--since", type=click.DateTime(), help="Only decisions recorded at or after.")
@click.option("--until", type=click.DateTime(), help="Only decisions recorded before.")
def replay(options: Options, sample: int | None, parallel: int, **given: Any) -> None:
    """Decide again from recorded inputs, on a sample or all; exit code 1 if any decision comes out otherwise."""
    if sample and given["is_all"]:
        raise Failure("--sample, --all: give one of the two")
    seed = random.SystemRandom().randrange(2**32) if given["seed"] is None else given["seed"]
    with session(options, workers=parallel) as service:
        names = list(_names(service, given))
        chosen = names if given["is_all"] else _draw(names, sample or SAMPLE, seed)
        with progress(options, "replaying", len(chosen)) as advance:
            results = _replay_all(service, chosen, parallel, advance)
    found = _summary(results, len(names)) | ({} if given["is_all"] else {"seed": seed})
    if options.is_json:
        print_json(found)
    else:
        _show(found)
    if found["diverged"] or found["failed"]:
        raise SystemExit(DOES_NOT_HOLD)


def _names(service: Session, given: dict[str, Any]) -> Iterator[str]:
    request = pb.ListDecisionsRequest(page_size=1000, release=release_name(given["release"]))
    for name in ("since", "until"):
        if given[name]:
            getattr(request, name).FromDatetime(given[name])
    while True:
        answer = service.call(SERVICE, "ListDecisions", request)
        yield from (decision.name for decision in answer.decisions)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def _draw(names: list[str], count: int, seed: int) -> list[str]:
    return random.Random(seed).sample(names, min(count, len(names)))  # noqa: S311 - a sample, not a secret


def _replay_all(
    service: Session, names: list[str], parallel: int, advance: Callable[[int], None]
) -> list[dict[str, Any]]:
    results = []
    with ThreadPoolExecutor(parallel) as pool:
        for done in as_completed([pool.submit(_replay, service, name) for name in names]):
            results.append(done.result())
            advance(len(results))
    return sorted(results, key=lambda result: result["name"])


def _replay(service: Session, name: str) -> dict[str, Any]:
    """One decision; a failure is a finding, not the end of the others."""
    blank: dict[str, Any] = {"name": name, "outcome": "FAILED", "differences": [], "engine_differences": []}
    for attempt in range(_TRIES):
        try:
            return blank | message_json(
                service.call(SERVICE, "ReplayDecision", pb.ReplayDecisionRequest(name=name))
            )
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED or attempt == _TRIES - 1:
                return blank | {"error": error.details()}
            time.sleep(_PAUSE * 2**attempt)
    return blank


def _summary(results: list[dict[str, Any]], total: int) -> dict[str, Any]:
    counts = Counter(result["outcome"] for result in results)
    named = {outcome.lower(): counts[outcome] for outcome in _OUTCOMES}
    other = sum(bool(result["engine_differences"]) for result in results)
    return {"decisions": total, "replayed": len(results), **named, "other_engine": other, "results": results}


def _show(found: dict[str, Any]) -> None:
    odd = [r for r in found["results"] if r["outcome"] != "IDENTICAL"]
    if odd:
        table("Not identical", ("decision", "outcome", "first difference"),
              [(r["name"], r["outcome"], r.get("error") or next(iter(r["differences"]), "")) for r in odd])  # fmt: skip
    engines = Counter(line for r in found["results"] for line in r["engine_differences"])
    for line, count in engines.items():
        console.print(f"{count} decisions were made by another engine: {line}", markup=False)
    counts = ", ".join(
        f"{found[outcome.lower()]} {outcome}" for outcome in _OUTCOMES if found[outcome.lower()]
    )
    console.print(
        f"audit replay: {found['replayed']} of {found['decisions']} decisions: {counts or 'none there'}"
    )
    if "seed" in found:
        console.print(f"the same sample again: --seed {found['seed']}")
