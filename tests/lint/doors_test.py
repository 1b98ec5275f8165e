# SPDX-License-Identifier: MIT
"""scripts/check-doors notices what it is there for: each wrong line in a small house of its own gets one message."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts" / "check-doors"
SPDX = "// SPDX-License-Identifier: MIT\n"
HOUSE = {
    "base/error.hpp": "#pragma once\n",
    "config/model.hpp": '#pragma once\n#include "base/error.hpp"\n',
    "config/load.hpp": '#pragma once\n#include "config/model.hpp"\n',
    "config/load.cpp": '#include <nlohmann/json.hpp>\n#include "config/load.hpp"\n',
    "daemon/can/frame.hpp": "#pragma once\n#include <linux/can.h>\n",
    "daemon/can/socket.hpp": "#pragma once\n",
    "daemon/codec/savvycan.cpp": '#include "daemon/can/frame.hpp"\n',
    "daemon/cli/run.cpp": '#include <systemd/sd-id128.h>\n#include "config/load.hpp"\n',
    "tests/unit/load_test.cpp": '#include <gtest/gtest.h>\n#include "config/load.hpp"\n',
}


def check(changes):
    """Exit code and output of the check, for a house with these files added or replaced."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**HOUSE, **changes}.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text if path in changes else SPDX + text)
        done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


class Doors(unittest.TestCase):
    def notices(self, path, text, *words):
        code, output = check({path: SPDX + text})
        self.assertEqual(code, 1, output)
        self.assertEqual(output.count("\n"), 2, output)  # the message and the count
        for word in (path, *words):
            self.assertIn(word, output)

    def test_a_sound_house_passes(self):
        self.assertEqual(check({}), (0, f"check-doors: {len(HOUSE)} files, all right\n"))

    def test_a_room_enters_only_where_its_door_leads(self):
        self.notices("base/wrong.cpp", '#include "config/model.hpp"\n', ":2:", "base may not include config/model.hpp")
        self.notices("config/wrong.cpp", '\n# include "daemon/can/frame.hpp"\n', ":3:", "config may not include")

    def test_a_door_for_one_header_is_for_that_header(self):
        self.notices("daemon/codec/wrong.cpp", '#include "daemon/can/socket.hpp"\n', "daemon/codec may not include")
        self.notices("daemon/bridge/wrong.cpp", '#include "config/load.hpp"\n', "daemon/bridge may not include")

    def test_a_path_beside_the_file_leads_through_the_same_doors(self):
        self.notices("daemon/codec/wrong.cpp", '#include "../can/socket.hpp"\n', "../can/socket.hpp")

    def test_a_foreign_library_enters_by_its_rooms(self):
        for path, header in [("config/wrong.cpp", "systemd/sd-event.h"), ("daemon/cli/wrong.cpp", "systemd/sd-event.h"),
                             ("daemon/can/wrong.cpp", "systemd/sd-id128.h"), ("daemon/bridge/wrong.cpp", "MQTTAsync.h"),
                             ("daemon/bridge/wrong.cpp", "mqtt/async_client.h"), ("base/wrong.cpp", "openssl/ssl.h"),
                             ("daemon/supervisor/wrong.cpp", "netlink/route/link.h"), ("base/wrong.cpp", "gtest/gtest.h"),
                             ("daemon/bridge/wrong.cpp", "nlohmann/json.hpp")]:
            with self.subTest(path=path, header=header):
                self.notices(path, f"#include <{header}>\n", ":2:", f"<{header}> may only be included in")

    def test_a_foreign_library_stays_out_of_headers_where_that_is_the_rule(self):
        self.notices("config/wrong.hpp", "#pragma once\n#include <nlohmann/json.hpp>\n", "config/*.cpp")

    def test_what_is_commented_out_is_not_included(self):
        self.assertEqual(check({"base/note.cpp": SPDX + '/*\n#include <mqtt/client.h>\n*/\n// #include "config/model.hpp"\n'})[0], 0)

    def test_the_line_is_right_behind_a_comment(self):
        self.notices("base/wrong.cpp", "/* two\nlines */\n#include <openssl/ssl.h>\n", "base/wrong.cpp:4:")

    def test_headers_are_headers(self):
        self.notices("base/wrong.hpp", "int x;\n", "no #pragma once")
        self.notices("base/wrong.h", "int x;\n", "headers in .hpp")
        code, output = check({"base/wrong.cpp": "int x;\n"})
        self.assertEqual(code, 1)
        self.assertIn("base/wrong.cpp:1: does not open with // SPDX", output)

    def test_a_file_outside_all_rooms_is_noticed(self):
        self.notices("daemon/attic/wrong.cpp", "int x;\n", "is in no room")

    def test_a_long_file_is_only_warned_about(self):
        code, output = check({"base/long.cpp": SPDX + "\n" * 400})
        self.assertEqual(code, 0, output)
        self.assertIn("base/long.cpp: warning: 401 lines", output)


if __name__ == "__main__":
    unittest.main()
