"""One attempt of librdkafka to write and read a record: bootstrap, mechanism, user, password."""

import json
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

bootstrap, mechanism, user, password = sys.argv[1:]
said = []
options = {
    "bootstrap.servers": bootstrap,
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanisms": mechanism,
    "error_cb": lambda error: said.append("%s %s" % (error.name(), error.str())),
}
if mechanism == "OAUTHBEARER":
    options["oauth_cb"] = lambda _config: (password, time.time() + 600)
else:
    options.update({"sasl.username": user, "sasl.password": password})


def attempt():
    delivered = []
    producer = Producer(options)
    producer.produce("letters", mechanism.encode(), on_delivery=lambda e, _: delivered.append(e))
    for _ in range(80):
        producer.poll(0.1)
        if delivered or any("_AUTHENTICATION" in one for one in said):
            break
    if delivered != [None]:
        producer.purge()
        return {"error": " ".join(said)}
    consumer = Consumer({**options, "group.id": "readers", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition("letters", 0, 0)])
    message = consumer.poll(10)
    consumer.close()
    return {"read": message.value().decode()} if message else {"error": " ".join(said)}


print(json.dumps(attempt()))
