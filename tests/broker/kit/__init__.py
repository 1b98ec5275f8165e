# SPDX-License-Identifier: MIT
"""The harness's parts; tests import harness, which hands on what they need."""
