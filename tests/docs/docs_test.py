#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The documents say what the programs, the schema and the sources say.

Programs are taken from the folder $MQTTCAN_BIN, else from the build folders that the presets make.
"""
import functools
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MARKDOWN = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(ROOT.glob("docs/*.md"))
PAGES = sorted((ROOT / "docs" / "man").iterdir())
OF_OTHERS = {"--now"}  # systemctl's, in help and pages
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def binary(name):
    folders = [os.environ["MQTTCAN_BIN"]] if os.environ.get("MQTTCAN_BIN") else [
        ROOT / "build" / preset for preset in ("ci", "dev", "release")]
    for folder in map(pathlib.Path, folders):
        path = (folder if folder.is_absolute() else ROOT / folder) / name
        if os.access(path, os.X_OK):
            return str(path)
    raise AssertionError(f"no {name} in {', '.join(map(str, folders))}: build it, or set MQTTCAN_BIN to its folder")


@functools.cache
def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def run(*command, **more):
    return subprocess.run([binary(command[0]), *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=20, check=False, **more)


def plain(roff):
    """The words of a man page's source: no comments, macros, fonts and examples of other programs; escapes resolved."""
    lines = [line for line in roff.splitlines() if not line.startswith(r'.\"')]
    lines = "\n".join(lines)
    lines = re.sub(r"^\.EX\n(?!\{|mqttcan).*?^\.EE$", "", lines, flags=re.DOTALL | re.MULTILINE).splitlines()
    words = "\n".join(re.sub(r"^\.[A-Z]+ ?", "", line) for line in lines)
    for escape, character in ((r"\-", "-"), (r"\~", " "), (r"\(aq", "'"), (r"\(dq", '"'), (r"\|", "")):
        words = words.replace(escape, character)
    return re.sub(r"\\f[A-Z]", "", words)


def options_in(words):
    return set(re.findall(r"(?<![\w*<\[{/-])--?[A-Za-z][a-z0-9-]*|(?<=\[)--?[A-Za-z][a-z0-9-]*", words))


def configurations():
    """(where, text) of every whole configuration in the documents."""
    for path in MARKDOWN:
        for number, (language, block) in enumerate(FENCE.findall(text(path))):
            if language == "json" and '"buses"' in block:
                yield f"{path.name}, block {number + 1}", block
    for path in PAGES:
        for number, block in enumerate(re.findall(r"^\.EX\n(.*?)^\.EE$", text(path), re.DOTALL | re.MULTILINE)):
            if block.startswith("{") and '"buses"' in block:
                yield f"{path.name}, example {number + 1}", plain(block)


def schema_keys():
    """Section and dotted name of every key -> its schema; "#/$defs" resolved one level deep, as defaults need it."""
    schema = json.loads(text("config/mqttcan.schema.json"))

    def keys(definition, prefix=""):
        for name, what in definition["properties"].items():
            yield prefix + name, what
            for one in what.get("anyOf", [what]):
                if one.get("type") == "object" and "properties" in one:
                    yield from keys(one, f"{prefix}{name}.")

    return {"top": {name: what for name, what in schema["properties"].items()},
            "broker": dict(keys(schema["$defs"]["broker"])), "bus": dict(keys(schema["$defs"]["bus"]))}


class Configurations(unittest.TestCase):
    def test_every_whole_configuration_is_good(self):
        found = list(configurations())
        self.assertGreaterEqual(len(found), 4)
        with tempfile.TemporaryDirectory() as folder:
            for where, block in found:
                for path in re.findall(r'"(/etc/mqttcan/[^"]+)"', block):
                    stand_in = pathlib.Path(folder) / pathlib.Path(path).name
                    stand_in.touch()
                    block = block.replace(f'"{path}"', f'"{stand_in}"')
                with self.subTest(where):
                    checked = run("mqttcan", "check", "-", input=block)
                    self.assertEqual(checked.returncode, 0, checked.stdout)


class Options(unittest.TestCase):
    def compare(self, page, *commands):
        helps = [run(*command) for command in commands]
        self.assertTrue(all(one.returncode == 0 for one in helps), helps)
        offered = set().union(*(options_in(one.stdout) for one in helps)) - OF_OTHERS
        documented = options_in(plain(text(f"docs/man/{page}"))) - OF_OTHERS
        self.assertGreaterEqual(len(offered), 5)
        self.assertEqual(offered - documented, set(), f"in --help, not in {page}")
        self.assertEqual(documented - offered, set(), f"in {page}, not in --help")

    def test_of_the_tool_stand_in_its_page_and_no_others(self):
        self.compare("mqttcan.1", ("mqttcan", "--help"), ("mqttcan", "tunnel", "--help"), ("mqttcan", "check", "--help"),
                     *(("mqttcan", command, "--help") for command in (
                         "attach", "detach", "down", "log-level", "monitor", "reload", "status", "up", "wait")))

    def test_of_the_daemon_stand_in_its_page_and_no_others(self):
        self.compare("mqttcand.8", ("mqttcand", "--help"))

    def test_of_pymqtt2can_are_all_in_the_table_of_the_readme(self):
        section = text("README.md").split("## Coming from PyMQTT2CAN")[1].split("\n## ")[0]
        rows = "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
        for flag in "bisuptHPS":
            self.assertIn(f"`-{flag}`", rows)

    def test_that_the_readme_names_exist(self):
        offered = set().union(*(options_in(run(*command).stdout) for command in (
            ("mqttcan", "tunnel", "--help"), ("mqttcan", "attach", "--help"), ("mqttcan", "status", "--help"),
            ("mqttcan", "wait", "--help"), ("mqttcand", "--help"))))
        for block in [block for language, block in FENCE.findall(text("README.md")) if language == "sh"]:
            for line in block.splitlines():
                if re.match(r"\s*(sudo )?mqttcand? ", line):
                    ours = re.sub(r'"\$\(.*\)"', "", line.partition("#")[0])
                    self.assertEqual(options_in(ours) - offered, set(), line)

    def test_of_the_hook_in_the_readme_are_those_of_attach(self):
        (hook,) = [json.loads(block) for language, block in FENCE.findall(text("README.md"))
                   if language == "json" and '"hook"' in block]
        self.assertEqual(set(hook), {"version", "hook", "when", "stages"})
        self.assertEqual(hook["version"], "1.0.0")
        self.assertLessEqual(set(hook["stages"]), {"prestart", "createRuntime", "poststart"}, "those with a process")
        program, command, *rest = hook["hook"]["args"]
        self.assertEqual(pathlib.Path(hook["hook"]["path"]).name, program)
        self.assertEqual(options_in(" ".join(rest)) - options_in(run(program, command, "--help").stdout), set())
        self.assertEqual(rest[rest.index("--pid") + 1], "-", "the state comes on standard input")
        pattern, value = dict(hook["when"]["annotations"]).popitem()
        self.assertRegex("mqttcan.bus", pattern)
        self.assertRegex(rest[0], value)


class ConfigurationReference(unittest.TestCase):
    def test_of_the_readme_has_every_key_with_its_default_and_no_other(self):
        section = text("README.md").split("## Configuration reference")[1].split("\n## ")[0]
        tables = {"top": {}, "broker": {}, "bus": {}}
        heads = {"Top level": "top", "`brokers.*`": "broker", "`buses.*`": "bus"}
        table = None
        for line in section.splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if cells and cells[0] in heads:
                table = tables[heads[cells[0]]]
            elif cells and cells[0].startswith("`"):
                table[cells[0].strip("`")] = cells[2]
        for name, keys in schema_keys().items():
            keys = {key: what for key, what in keys.items() if key not in ("to_bus", "from_bus")}  # prefixes here
            self.assertEqual(set(tables[name]), set(keys), name)
            for key, what in keys.items():
                if "default" in what:
                    self.assertTrue(tables[name][key].startswith(f"`{json.dumps(what['default'])}`"),
                                    f"{key}: {tables[name][key]}, the schema says {what['default']}")
                else:
                    self.assertFalse(re.match(r'`("|true|false|\d)', tables[name][key]), f"{key} has no default")

    def test_of_the_man_page_has_every_key_with_its_default_and_no_other(self):
        page = text("docs/man/mqttcan.json.5")
        for section, name in (("TOP LEVEL", "top"), ("BROKERS", "broker"), ("BUSES", "bus")):
            part = page.split(f".SH {section}\n")[1].split("\n.SH ")[0]
            entries = dict(re.findall(r"^\.TP\n\.B (\S+)\n(.*?)(?=^\.TP|\Z)", part + "\n", re.DOTALL | re.MULTILINE))
            keys = schema_keys()[name]
            self.assertEqual(set(entries), set(keys), section)
            for key, what in keys.items():
                stated = re.search(r"^(?:.*; )?default (\S+)\.$", entries[key], re.MULTILINE)
                wanted = what.get("default")
                wanted = wanted if wanted is None or isinstance(wanted, str) else json.dumps(wanted)
                self.assertEqual(stated and stated[1].strip('"'), wanted, key)


class WireFormat(unittest.TestCase):
    def test_names_every_drop_reason_and_no_other(self):
        source = text("daemon/codec/counters.hpp")
        names = re.findall(r'"(\w+)"', source.split("kNames")[1].split("};")[0])
        self.assertGreaterEqual(len(names), 15)
        section = text("docs/wire-format.md").split("### Drop reasons")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
        self.assertEqual(sorted(rows), sorted(names))

    def test_names_every_member_of_a_status(self):
        section = text("docs/wire-format.md").split("\n## Status\n")[1].split("\n## ")[0]
        for member in set(re.findall(r'\{"(\w+)", ', text("daemon/codec/status.cpp"))):
            self.assertRegex(section, rf"`(\w+\.)?{member}`", member)

    def test_shows_vectors_that_are_in_the_golden_file(self):
        vectors = json.loads(text("tests/golden/savvycan/vectors.json"))["vectors"]
        known = {(vector["topic"], vector["payload"]): vector for vector in vectors}
        section = text("docs/wire-format.md").split("\n## Test vectors\n")[1]
        rows = re.findall(r"^\| `([^`]+)` \| `([0-9a-f]+)` \| (.*) \|$", section, re.MULTILINE)
        self.assertEqual(len(rows), 5)
        for topic, payload, meaning in rows:
            vector = known[topic, payload]
            refused = re.match(r"refused: `(\w+)`", meaning)
            self.assertEqual(refused and refused[1], vector.get("refused"), topic)

    def test_names_every_reason_for_which_a_stream_message_is_refused_and_no_other(self):
        source = text("daemon/codec/stream.hpp").split("enum class Bad {")[1].split("};")[0]
        names = re.findall(r"^ *(\w+),", source, re.MULTILINE)
        self.assertGreaterEqual(len(names), 10)
        section = text("docs/wire-format.md").split("## Format `stream`")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `(\w+)`", section.split("| Reason |")[1].split("\n\n")[0], re.MULTILINE)
        self.assertEqual(rows, names)

    def test_shows_a_stream_message_that_is_in_the_golden_file(self):
        section = text("docs/wire-format.md").split("## Format `stream`")[1].split("\n## ")[0]
        shown = re.findall(r"^    ([0-9a-f][0-9a-f ]*[0-9a-f])  +\S", section, re.MULTILINE)
        self.assertEqual(len(shown), 7)
        vectors = json.loads(text("tests/golden/stream/vectors.json"))["vectors"]
        self.assertIn(shown, [vector["message"] for vector in vectors])


class Readme(unittest.TestCase):
    def test_starts_only_scripts_that_exist(self):
        for path in MARKDOWN:
            for language, block in FENCE.findall(text(path)):
                for script in re.findall(r"^(scripts/\S+)", block, re.MULTILINE):
                    self.assertTrue(os.access(ROOT / script, os.X_OK), f"{path.name}: {script}")

    def test_quotes_messages_that_the_programs_can_say(self):
        # Adjacent literals and variables between literals vanish; "..." in the document stands for a variable.
        paths = [path for room in ("base", "config", "netlink", "daemon") for path in sorted(ROOT.glob(f"{room}/**/*.cpp"))]
        literals = "\n".join("".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', text(path))) for path in paths)
        literals = literals.replace('\\"', '"')
        section = text("README.md").split("## Troubleshooting")[1].split("\n## ")[0]
        cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
        self.assertGreaterEqual(len(cells), 10)
        for message in re.findall(r"`([^`]+)`", "".join(cells)):
            for part in re.split(r"\.\.\.|\bcan0\b|: ", message):
                self.assertTrue(part.strip() in literals, f"nothing says {part.strip()!r} of {message!r}")


class Links(unittest.TestCase):
    @staticmethod
    def anchors(path):
        heads = re.findall(r"^#+ (.*)$", FENCE.sub("", text(path)), re.MULTILINE)
        return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}

    def test_lead_to_files_and_headings_that_exist(self):
        for path in MARKDOWN:
            for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text(path))):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                file = (path.parent / name).resolve() if name else path
                with self.subTest(f"{path.name}: {target}"):
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, self.anchors(file))


if __name__ == "__main__":
    unittest.main()
