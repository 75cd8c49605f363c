"""confluent-kafka 2 with the newest librdkafka: topic ids, the newest version of every API, and a
Metadata request with bytes left over at its end."""

import confluent  # noqa: F401  (the cases)
from harness import main

main()
