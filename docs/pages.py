"""Writes docs/language.md from the JSON Schema of scenarios, and docs/commands.md from the commands' help."""

import json
import re
import subprocess
import sys
from pathlib import Path

BINARY, INTO = sys.argv[1], Path(sys.argv[2])
# What patterns of the schema stand for, by an example that the schema gives or by their form.
WORDS = {"1m30s": "duration", "500/s": "rate", "256B": "size", "10%": "share"}
# More words of a kind than these are counted, and named where they are listed.
FEW = 12


def said(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=True).stdout


def shape(schema):
    """What a value looks like, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        words = [f"`{word}`" for word in schema["enum"]]
        return " · ".join(words) if len(words) <= FEW else f"one of {len(words)}, such as {', '.join(words[:3])}"
    for many in ("anyOf", "oneOf"):
        if many in schema:
            shapes = [shape(each) for each in schema[many]]
            return " or ".join(dict.fromkeys(shapes))
    kind = schema.get("type")
    if kind == "array":
        return f"list of {shape(schema.get('items', {}))}"
    if kind == "object":
        each = schema.get("additionalProperties")
        return f"mapping of names to {shape(each)}" if isinstance(each, dict) else "mapping"
    if kind == "string" and schema.get("examples"):
        example = str(schema["examples"][0])
        return f"{WORDS.get(example, 'text')}, as `{example}`"
    if kind in ("integer", "number"):
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None and low == high:
            return f"`{low}`"
        bounds = f" {low} to {high}" if low is not None and high is not None else f" from {low}" if low is not None else ""
        return f"{'whole number' if kind == 'integer' else 'number'}{bounds}"
    return {"string": "text", "boolean": "true · false"}.get(kind, "any")


def cell(text):
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def table(schema):
    required = set(schema.get("required", []))
    yield "| key | value | meaning (default) |"
    yield "|---|---|---|"
    alike = {}
    for key, value in schema["properties"].items():
        if not value.get("description"):
            alike.setdefault(shape(value), []).append(f"`{key}`")
    for value, names in alike.items():
        yield f"| {', '.join(names)} | {cell(value)} | |"
    for key, value in schema["properties"].items():
        if not value.get("description"):
            continue
        name = f"**`{key}`**" if key in required else f"`{key}`"
        yield f"| {name} | {cell(shape(value))} | {cell(value.get('description', ''))} |"


def language():
    schema = json.loads(said("schema", "scenario"))
    lines = [
        "# The scenario language",
        "",
        "Made by `docs/make pages` from `keystorm schema`. Keys in bold must be there. Editors read",
        "[the schema](scenario.schema.json) itself; `keystorm check FILE` names every problem of a file at once.",
        "",
        "## A scenario",
        "",
        *table(schema),
    ]
    for name, part in sorted(schema["$defs"].items()):
        lines += ["", f"## {name}", ""]
        if part.get("description"):
            lines += [part["description"], ""]
        if "properties" in part:
            lines += table(part)
        else:
            lines += [f"{shape(part)}."]
    return "\n".join(lines) + "\n"


def commands(*path):
    """The help of a command and of those below it, in the order the program lists them."""
    text = said(*path, "--help").rstrip()
    title = " ".join(["keystorm", *path])
    yield from ["", f"## {title}", "", "```text", text, "```"]
    listed = re.search(r"^Commands:\n((?:  .*\n?)+)", text, re.M)
    for name in re.findall(r"^  (\S+)", listed.group(1), re.M) if listed else []:
        if name != "help":
            yield from commands(*path, name)


def main():
    (INTO / "language.md").write_text(language())
    head = ["# Commands", "", "Made by `docs/make pages` from each command's `--help`."]
    exits = ["", "## Exit codes", "", "```text", said("help", "exit-codes").rstrip(), "```"]
    (INTO / "commands.md").write_text("\n".join([*head, *commands(), *exits]) + "\n")


main()
