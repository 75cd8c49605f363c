"""Says which release of the client this Python has. The argument is the name of the suite."""

import sys
from importlib.metadata import version

if sys.argv[1].startswith("confluent-kafka"):
    from confluent_kafka import libversion

    print("confluent-kafka", version("confluent-kafka"), "on librdkafka", libversion()[0], end="")
elif sys.argv[1] == "rest-proxy":
    print("requests", version("requests"), end="")
else:
    print("kafka-python", version("kafka-python"), end="")
