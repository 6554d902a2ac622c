"""
Documents cannot rot: what they show is run, what they name exists.

`python tests/test_docs.py` renews docs/commands.md and the numbers in the README's examples.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
README = ROOT / "README.md"
COMMANDS = ROOT / "docs" / "commands.md"
DOCUMENTS = sorted([README, ROOT / "CONTRIBUTING.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").glob("*.md"),
                    *(ROOT / "examples").rglob("*.md")])  # fmt: skip
BLOCK = re.compile(r"```console( exact)?\n(.*?)```", re.DOTALL)
# What differs from run to run, and frames whose width follows what they hold.
VARIES = (
    (re.compile(r"decisions/[0-9a-f-]{36}"), "decisions/ID"),
    (re.compile(r"sha256:[0-9a-f]+"), "DIGEST"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\d+(\.\d+)? s\b"), "SECONDS"),
    (re.compile(r"[┏┳┓┡╇┩└┴┘┘┌┬┐├┼┤━─│┃]+"), " "),
)
NUMBER = re.compile(r"\d[\d,]*(\.\d+)?")


def blocks():
    """(whether numbers must be equal, [(command, lines of output)]) of every console block of the README."""
    for match in BLOCK.finditer(README.read_text()):
        steps = []
        for line in match.group(2).splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
        yield bool(match.group(1)), steps


def plain(line, *, is_exact):
    """A line without what varies."""
    for pattern, name in VARIES:
        line = pattern.sub(name, line)
    return " ".join((line if is_exact else NUMBER.sub("#", line)).split())


def workplace(folder):
    """A folder that looks like a checkout to the commands of the README."""
    work = folder / "checkout"
    work.mkdir()
    for name in ("policies", "examples"):
        (work / name).symlink_to(ROOT / name)
    if SHARED.is_dir():
        (folder / "shared").symlink_to(SHARED)
    return work


def run(command, work):
    """What a command prints; `make run` is its recipe, since the environment is set up already."""
    recipe = re.search(r"^run:.*\n\t\$\(BIN\)/(.*)", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1)
    line = recipe if command == "make run" else command
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=work,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout


def matched(shown, printed, *, is_exact):
    """For every shown line the printed line that it stands for, in order; None where there is none."""
    lines, at = [plain(line, is_exact=is_exact) for line in printed.splitlines()], 0
    for line in shown:
        wanted = plain(line, is_exact=is_exact)
        if wanted in ("", "..."):
            yield line, line
        elif wanted in lines[at:]:
            at = lines.index(wanted, at) + 1
            yield line, printed.splitlines()[at - 1]
        else:
            yield line, None


def needs_data(command):
    return "../shared/data" in command or "aw.json" in command


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_readme_runs_as_it_says(tmp_path):
    """
    Every command of the README succeeds, and every line of output it shows is printed, in order.
    """
    work, missing = workplace(tmp_path), []
    for is_exact, steps in blocks():
        for command, shown in steps:
            if needs_data(command) and not SHARED.is_dir():
                continue
            code, printed = run(command, work)
            assert 0 == code, f"{command}\n{printed[-3000:]}"
            missing += [
                f"{command}: {line}"
                for line, found in matched(shown, printed, is_exact=is_exact)
                if found is None
            ]

    assert [] == missing


def tree(group, path=("decisionctl",)):
    """Every command below a group, with its path."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from tree(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def reference():
    """The command reference, from the commands themselves."""
    from decision_service.cli import load

    cli = load()

    options_of = [{p.name: p for p in c.params if isinstance(p, click.Option)} for _, c in tree(cli)]
    common = set.intersection(*(set(o) for o in options_of))
    lines = ["# `decisionctl`", "", "Every command takes these:", ""]
    lines += [f"- `{'`, `'.join(o.opts)}`: {o.help}" for n, o in options_of[0].items() if n in common]
    lines += ["", "Exit codes: 0 it holds; 1 what was checked does not hold; 2 bad input or usage; 3 service unavailable.", ""]  # fmt: skip
    for path, command in tree(cli):
        arguments = " ".join(
            p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)
        )
        lines += [f"## `{' '.join(filter(None, (path, arguments)))}`", "", command.help or "", ""]
        options = [p for p in command.params if isinstance(p, click.Option) and p.name not in common]
        lines += [f"- `{'`, `'.join(o.opts)}`" + (f": {o.help}" if o.help else "") for o in options]
        lines += [""] if options else []
    return "\n".join(lines).rstrip() + "\n"


def test_every_command_is_documented():
    """
    docs/commands.md is what the commands say of themselves (`make generate` renews it).
    """
    assert reference() == COMMANDS.read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_documents_name_commands_that_exist(document):
    """
    `decisionctl a b` and `make target` in a document exist.
    """
    from decision_service.cli import load

    cli = load()

    known = {path.removeprefix("decisionctl ") for path, _ in tree(cli)}
    groups = {" ".join(path.split()[:n]) for path in known for n in range(1, len(path.split()))}
    text = document.read_text()
    named = {m.group(1) for m in re.finditer(r"decisionctl ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", text)}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert [] == [n for n in sorted(named) if n not in known | groups and n.split()[0] not in known]
    assert [] == [t for t in sorted(set(re.findall(r"`make ([a-z]+)", text))) if t not in targets]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document):
    """
    Relative links of a document name files of the checkout.
    """
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())

    assert [] == [link for link in links if not (document.parent / link).exists()]


def renew():
    """Write the command reference, and the README's examples as they print today."""
    import tempfile

    COMMANDS.write_text(reference())
    text = README.read_text()
    with tempfile.TemporaryDirectory() as folder:
        work = workplace(Path(folder))
        for _, steps in blocks():
            for command, shown in steps:
                code, printed = run(command, work)
                print(f"{command}: exit code {code}")
                for line, found in matched(shown, printed, is_exact=False):
                    if found is None:
                        print(f"  not printed: {line}\n{printed}" if code else f"  not printed: {line}")
                    elif found != line:
                        text = text.replace(f"\n{line}\n", f"\n{found.rstrip()}\n", 1)
    README.write_text(text)


if __name__ == "__main__":
    if "--commands" in sys.argv:
        COMMANDS.write_text(reference())
    else:
        renew()
