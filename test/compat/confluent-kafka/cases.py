"""confluent-kafka 1.7.0 on librdkafka 2.0.2, as Debian ships them: what it does it decides by
looking for old versions of each API in the broker's answer to ApiVersions."""

import confluent  # noqa: F401  (the cases)
import confluent_transactions  # noqa: F401
from harness import main

main()
