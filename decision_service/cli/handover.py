"""`handover ...`: what the ERP is asked to do, and what it answers."""

import click

from decision_service.cli.approvals import order_ref
from decision_service.cli.command import command, console, message_json, print_json, table
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options, session
from decision_service.v1 import handover_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["HandoverService"]
_ANSWERS = tuple(n.removeprefix("INSTRUCTION_ANSWER_") for n in pb.InstructionAnswer.keys()[1:])


@cli.group()
def handover() -> None:
    """Instructions to the ERP: pull, acknowledge, revive."""


@command(handover, "pull")
@click.option("--size", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--ahead",
    default=0,
    type=click.IntRange(0, 92),
    help="Orders too that are to be placed within so many days.",
)
def pull(options: Options, size: int, ahead: int) -> None:
    """Instructions that are due; each is logged as handed out, and comes again until it is answered."""
    with session(options) as service:
        request = pb.PullInstructionsRequest(size=size, ahead_days=ahead)
        found = message_json(service.call(SERVICE, "PullInstructions", request)).get("instructions", [])
    if options.is_json:
        print_json(found)
        return
    table("Instructions", ("key", "kind", "item", ">quantity", "due", "lane", ">attempt"),
          [(i["key"], i["kind"], i["item"], i["terms"]["quantity"], i["terms"]["due_date"], i["terms"]["lane"], i["attempt"])
           for i in found])  # fmt: skip


@command(handover, "acknowledge")
@click.argument("key")
@click.argument("answer", type=click.Choice(_ANSWERS))
@click.option("--reference", default="", help="The ERP's document number, or its reason.")
def acknowledge(options: Options, key: str, answer: str, reference: str) -> None:
    """Say what became of an instruction; saying it again changes nothing."""
    request = pb.AcknowledgeInstructionRequest(
        key=key,
        answer=f"INSTRUCTION_ANSWER_{answer}",
        reference=reference,
    )
    with session(options) as service:
        found = message_json(service.call(SERVICE, "AcknowledgeInstruction", request))
    if options.is_json:
        print_json(found)
        return
    repeat = " (said before)" if found.get("is_repeat") else ""
    console.print(
        f"{found['order']['decision']}/{found['order']['order']} is {found['order']['state']}{repeat}",
        markup=False,
    )


@command(handover, "revive")
@click.argument("order", metavar="DECISION/ORDER")
def revive(options: Options, order: str) -> None:
    """Hand out a given-up instruction again, under its old key."""
    with session(options) as service:
        request = pb.ReviveInstructionRequest(order=order_ref(order))
        found = message_json(service.call(SERVICE, "ReviveInstruction", request))
    if options.is_json:
        print_json(found)
    else:
        console.print(f"{order} is handed out again", markup=False)
