"""The prober, as it is configured, sees when the certificate of a real PostgreSQL 18 ends; older majors are not asked."""

from __future__ import annotations

import re
import time
from pathlib import Path

from components.monitoring_stack import blackbox
from components.postgres_cluster.spec import PostgresClusterSpec
from components.postgres_cluster.telemetry import telemetry
from tests.consumers import postgres_machine
from tests.consumers.postgres_machine import PGDATA, USER

DAYS = 30

CERTIFICATE = f"""
cd {PGDATA}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days {DAYS} -subj /CN=main \
    -keyout server.key -out server.crt 2> /dev/null
chown {USER} server.key server.crt
"""


def spec(major: int) -> PostgresClusterSpec:
    return PostgresClusterSpec.model_validate({"major": major, "storage": {"size": "1Gi"}, "databases": {"api": {}}})


def test_a_probe_sees_when_the_certificate_ends(tmp_path: Path) -> None:
    told = telemetry("main", spec(18), "kubernetes")
    assert [probe.target for probe in told.probes] == ["main-rw:5432", "main-ro:5432"]
    (module,) = {asked.module for asked in blackbox.questions([told])}
    with postgres_machine.running(tmp_path) as machine:
        machine.run(["sh", "-euc", CERTIFICATE])
        machine.start_server(["--ssl=on"])
        machine.write("/run/config/blackbox.yml", blackbox.configuration([told], "kubernetes"))
        command = ["prometheus-blackbox-exporter", "--config.file=/run/config/blackbox.yml"]
        machine.start("prober", [*command, "--web.listen-address=127.0.0.1:9115"])
        fetch = ["busybox", "wget", "-q", "-O", "-"]
        machine.wait_until("the prober answers", [*fetch, "http://127.0.0.1:9115/-/healthy"])
        probe = f"http://127.0.0.1:9115/probe?module={module}&target=127.0.0.1:5432"
        answer = machine.run([*fetch, probe]).stdout
    assert "probe_success 1" in answer.splitlines()
    ends = re.search(r"^probe_ssl_earliest_cert_expiry (\S+)$", answer, re.MULTILINE)
    assert ends is not None
    assert abs(float(ends[1]) - time.time() - DAYS * 86400) < 600


def test_before_direct_tls_nobody_asks() -> None:
    old = telemetry("main", spec(16), "kubernetes")
    assert old.probes == ()
    assert not [alert.name for alert in old.alerts if "Certificate" in alert.name]
