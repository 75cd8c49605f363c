"""Writes a bill for each order. `python billing.py HOST:PORT` is one of any number of workers."""

import json
import sys

from kafka import KafkaConsumer, KafkaProducer


class Billing:
    def __init__(self, bootstrap_servers):
        self.producer = KafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks='all',
            enable_idempotence=True,
            retry_backoff_ms=50,
        )
        self.consumer = KafkaConsumer(
            'orders',
            bootstrap_servers=bootstrap_servers,
            group_id='billing',
            auto_offset_reset='earliest',
            enable_auto_commit=False,
            retry_backoff_ms=50,
        )

    def work(self, timeout_ms=500):
        """Bills what has come by then. An order is done when its bill is on disk."""
        for orders in self.consumer.poll(timeout_ms=timeout_ms).values():
            for order in orders:
                self.bill(order.key, json.loads(order.value))
            self.producer.flush()
            self.consumer.commit()

    def bill(self, customer, order):
        bill = {'item': order['item'], 'due': 2 * len(order['item'])}
        sent = self.producer.send('bills', key=customer, value=json.dumps(bill).encode())
        sent.get(timeout=30)

    def close(self):
        self.consumer.close()
        self.producer.close()


if __name__ == '__main__':
    billing = Billing(sys.argv[1])
    while True:
        billing.work()
        print('worked', flush=True)
