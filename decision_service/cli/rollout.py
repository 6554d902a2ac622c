"""`rollout ...`: bring a release to one wave of business units after another."""

from typing import Any

import click

from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.main_group import cli
from decision_service.cli.names import release_name
from decision_service.cli.session import Options, session
from decision_service.v1 import wave_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["WaveService"]
_REASON = click.option("--reason", required=True, help="For the log.")


@cli.group()
def rollout() -> None:
    """A release in waves: show, open, pause, resume, take back."""


@command(rollout, "show")
@click.argument("release")
def show(options: Options, release: str) -> None:
    """How far it has come, and the gate of the next wave as it stands."""
    _call(options, "GetWaves", pb.GetWavesRequest(name=release_name(release)))


@command(rollout, "open")
@click.argument("release")
@click.argument("wave")
@click.option("--reason", default="", help="For the log.")
def open_wave(options: Options, release: str, wave: str, reason: str) -> None:
    """Let it govern the business units of its next wave; refused where the gate is not reached."""
    request = pb.OpenWaveRequest(name=release_name(release), wave=wave, reason=reason)
    _call(options, "OpenWave", request)


@command(rollout, "pause")
@click.argument("release")
@_REASON
def pause(options: Options, release: str, reason: str) -> None:
    """Keep it where it is: no further wave opens."""
    _call(options, "PauseWaves", pb.PauseWavesRequest(name=release_name(release), reason=reason))


@command(rollout, "resume")
@click.argument("release")
@_REASON
def resume(options: Options, release: str, reason: str) -> None:
    """Let the next wave open again, behind its gate."""
    _call(options, "ResumeWaves", pb.ResumeWavesRequest(name=release_name(release), reason=reason))


@command(rollout, "take-back")
@click.argument("release")
@click.argument("wave")
@_REASON
def take_back(options: Options, release: str, wave: str, reason: str) -> None:
    """Let what governed the newest wave's business units before govern them again."""
    request = pb.TakeBackWaveRequest(name=release_name(release), wave=wave, reason=reason)
    _call(options, "TakeBackWave", request)


def _call(options: Options, method: str, request: Any) -> None:
    with session(options) as service:
        found = message_json(service.call(SERVICE, method, request).waves)
    if options.is_json:
        print_json(found)
        return
    console.print(f"[bold]{found['release']}[/bold]  {found['state']}")
    table("Waves", ("wave", "business units", "", "by", "at"), map(_row, found["waves"]))
    for wave in found["waves"]:
        if wave.get("gate"):
            table(
                f"Gate of {wave['name']}",
                ("measure", "", ">limit", ">is", "holds"),
                map(_condition, wave["gate"]),
            )


def _row(wave: dict[str, Any]) -> tuple[str, ...]:
    stands = "open" if wave.get("is_open") else "closed"
    units = ", ".join(wave["business_units"])
    return wave["name"], units, stands, wave.get("opened_by", ""), wave.get("opened_at", "")


def _condition(gate: dict[str, Any]) -> tuple[Any, ...]:
    side = gate["bound"].lower().replace("_", " ")
    value = gate.get("value", gate.get("note", ""))
    return gate["measure"], side, gate.get("limit", 0.0), value, "yes" if gate.get("holds") else "no"
