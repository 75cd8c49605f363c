"""One attempt of kafka-python to write and read a record: bootstrap, mechanism, user, password."""

import json
import logging
import sys

import kafka
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

try:
    from kafka.net.sasl.oauth import AbstractTokenProvider
except ImportError:
    from kafka.oauth.abstract import AbstractTokenProvider

bootstrap, mechanism, user, password = sys.argv[1:]


class Bearer(AbstractTokenProvider):
    def __init__(self, **_config):
        pass

    def token(self):
        return password


class Words(logging.Handler):
    said = []

    def emit(self, record):
        self.said.append(record.getMessage())


logging.getLogger("kafka").addHandler(Words(logging.WARNING))
logging.getLogger("kafka").propagate = False

options = {
    "bootstrap_servers": bootstrap,
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": mechanism,
}
if not kafka.__version__.startswith("2."):
    options["bootstrap_timeout_ms"] = 5000  # it goes on trying
if mechanism == "OAUTHBEARER":
    options["sasl_oauth_token_provider"] = Bearer()
else:
    options.update(sasl_plain_username=user, sasl_plain_password=password)
try:
    producer = KafkaProducer(max_block_ms=8000, **options)
    producer.send("letters", mechanism.encode()).get(10)
    consumer = KafkaConsumer(consumer_timeout_ms=8000, **options)
    consumer.assign([TopicPartition("letters", 0)])
    consumer.seek_to_beginning()
    print(json.dumps({"read": next(consumer).value.decode()}))
except (kafka.errors.KafkaError, StopIteration) as error:
    print(json.dumps({"error": " ".join([type(error).__name__, str(error), *Words.said])}))
