"""Kafka Streams: its jars are resolved and the Java source beside this module is compiled; neither is needed elsewhere.

It does the lesser work: latest revision per register and sums; no facts kept, no rows made.
"""

import json
import shutil
import subprocess
from pathlib import Path

from tests.bench.peer_work import plain_contracts

COORDINATES = ("org.apache.kafka:kafka-streams:4.3.1", "org.apache.kafka:kafka-clients:4.3.1", "org.apache.avro:avro:1.12.1")
SOURCE = Path(__file__).with_name("KafkaStreamsPeer.java")


def prepared(folder: Path) -> tuple[list[str], Path] | str:
    """Return the command (without its argument) and the file of contracts; or in a line why it cannot run here."""
    if shutil.which("javac") is None or shutil.which("java") is None:
        return "no JDK here (javac)"
    import jgo

    try:
        jars = [str(artifact.resolve()) for artifact in jgo.resolve("+".join(COORDINATES))]
    except (OSError, RuntimeError) as error:
        return f"the jars of Kafka Streams could not be fetched: {str(error).splitlines()[0]}"
    folder.mkdir(parents=True, exist_ok=True)
    path = ":".join([str(folder), *jars])
    answer = subprocess.run(["javac", "-nowarn", "-d", str(folder), "-cp", path, str(SOURCE)], capture_output=True, check=False, text=True)
    if answer.returncode:
        return f"javac: {answer.stderr.splitlines()[0]}"
    contracts = folder / "contracts.json"
    contracts.write_text(json.dumps(plain_contracts()))
    return ["java", "-Xmx1g", "-cp", path, "KafkaStreamsPeer"], contracts
