#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The JSON Schema and the loader judge the files of tests/golden/config alike.

valid/                  both accept
invalid/                both refuse
invalid-beyond-schema/  only the loader refuses: a schema cannot say why
Usage: schema_test.py PATH-OF-config_check
"""
import json
import pathlib
import subprocess
import sys

from jsonschema import Draft202012Validator

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "golden" / "config"


def loader_verdicts(program, files):
    out = subprocess.run([program, *map(str, files)], stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = [line for line in out.splitlines() if not line.startswith("    ")]
    return {name: verdict == "valid" for name, verdict in (line.rsplit(" ", 1) for line in lines)}


def main():
    schema = json.loads((ROOT / "config" / "mqttcan.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    expected = {"valid": (True, True), "invalid": (False, False), "invalid-beyond-schema": (True, False)}
    failures = []
    for folder, verdicts in expected.items():
        files = sorted((CORPUS / folder).glob("*.json"))
        assert files, f"no files in {CORPUS / folder}"
        by_loader = loader_verdicts(sys.argv[1], files)
        for file in files:
            found = (validator.is_valid(json.loads(file.read_text())), by_loader[str(file)])
            if found != verdicts:
                failures.append(f"{folder}/{file.name}: schema, loader accept: {found}, expected {verdicts}")
        print(f"{folder}: {len(files)} files")
    print("\n".join(failures) or "schema and loader agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
