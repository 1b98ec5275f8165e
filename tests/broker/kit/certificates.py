# SPDX-License-Identifier: MIT
"""Certificates for TLS tests."""
from kit.waiting import run


class Authority:
    """A certificate authority in a folder, by way of openssl."""

    def __init__(self, folder, name):
        self._folder = folder / f"ca-{name}"
        self._folder.mkdir()
        self.certificate = self._folder / "ca.pem"
        self._key = self._folder / "ca.key"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", f"/CN=test authority {name}", "-keyout", str(self._key), "-out", str(self.certificate))

    def issue(self, name, alternative_names, start=None, end=None):
        """(certificate, key) of a server. `start` and `end` like 20200131000000Z; 30 days from now without them."""
        key, request, certificate = (self._folder / f"{name}.{suffix}" for suffix in ("key", "csr", "pem"))
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", str(key), "-out", str(request))
        (self._folder / "index.txt").write_text("")
        config = self._folder / f"{name}.cnf"
        config.write_text(
            "[ca]\ndefault_ca=here\n[here]\n"
            f"database={self._folder}/index.txt\nnew_certs_dir={self._folder}\nrand_serial=yes\ndefault_md=sha256\n"
            "default_days=30\npolicy=any\nunique_subject=no\nx509_extensions=server\n[any]\ncommonName=supplied\n"
            f"[server]\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName={alternative_names}\n")
        dates = ["-startdate", start] if start else []
        dates += ["-enddate", end] if end else []
        run("openssl", "ca", "-batch", "-notext", "-config", str(config), "-cert", str(self.certificate),
            "-keyfile", str(self._key), "-in", str(request), "-out", str(certificate), *dates)
        return certificate, key
