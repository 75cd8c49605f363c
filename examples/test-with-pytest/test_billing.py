import json
import subprocess
import sys

import pytest
from kafka import KafkaConsumer, TopicPartition

from billing import Billing


@pytest.fixture
def billing(kedge):
    kedge.seed(topics=[{'name': 'orders'}, {'name': 'bills'}])
    one = Billing(kedge.bootstrap_servers)
    yield one
    one.close()


def order(kedge, item, customer='ada'):
    kedge.seed(records=[{'topic': 'orders', 'key': customer, 'value': {'item': item}}])


def bills(kedge):
    """The items of all bills there are, in the order in which they were written."""
    partition = TopicPartition('bills', 0)
    consumer = KafkaConsumer(bootstrap_servers=kedge.bootstrap_servers, consumer_timeout_ms=5_000)
    try:
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        items = []
        while consumer.position(partition) < end:
            for records in consumer.poll(timeout_ms=200).values():
                items += [json.loads(record.value)['item'] for record in records]
        return items
    finally:
        consumer.close()


def work_until(billing, kedge, expected):
    for _ in range(50):
        billing.work()
        if len(bills(kedge)) >= len(expected):
            break
    assert bills(kedge) == expected


def test_each_order_gets_a_bill(kedge, billing):
    order(kedge, 'tea')
    order(kedge, 'milk')
    work_until(billing, kedge, ['tea', 'milk'])


def test_orders_of_other_tests_are_not_there(kedge, billing):
    order(kedge, 'bread')
    work_until(billing, kedge, ['bread'])


def test_a_bill_whose_answer_was_lost_is_written_once(kedge, billing):
    fault = kedge.fault(api='Produce', topic='bills', disconnect=True, after=True)
    order(kedge, 'tea')
    work_until(billing, kedge, ['tea'])
    assert kedge.hits(fault) == 1


def test_another_worker_takes_over_from_one_that_was_killed(kedge, billing):
    billing.close()
    worker = subprocess.Popen(
        [sys.executable, 'billing.py', kedge.bootstrap_servers], stdout=subprocess.PIPE, text=True
    )
    order(kedge, 'tea')
    while not bills(kedge):
        worker.stdout.readline()
    worker.kill()
    worker.wait()
    order(kedge, 'milk')
    kedge.advance_clock(seconds=60)  # the group waits 45 s for whoever left without a word
    second = Billing(kedge.bootstrap_servers)
    work_until(second, kedge, ['tea', 'milk'])
    second.close()


def test_a_crash_loses_nothing(kedge, billing):
    order(kedge, 'tea')
    work_until(billing, kedge, ['tea'])
    order(kedge, 'milk')
    kedge.crash()
    work_until(billing, kedge, ['tea', 'milk'])
