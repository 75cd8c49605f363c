"""Scripts to the REST Proxy, v2 and v3, as people write them with requests."""

import base64
import json
import os
import time
from datetime import datetime, timezone

import requests
from harness import Skip, case, equal, main, unique, until

HTTP = os.environ.get("COMPAT_HTTP")
V2 = "application/vnd.kafka.v2+json"
V2_JSON = "application/vnd.kafka.json.v2+json"
V2_BINARY = "application/vnd.kafka.binary.v2+json"
V2_TEXT = "application/vnd.kafka.text.v2+json"


def rest(path):
    if not HTTP:
        raise Skip("this broker has no HTTP")
    return f"{HTTP}/rest{path}"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def produce(topic, records, content_type=V2_JSON, path=""):
    headers = {"Content-Type": content_type, "Accept": V2}
    answer = requests.post(
        rest(f"/topics/{topic}{path}"), data=json.dumps({"records": records}), headers=headers
    )
    answer.raise_for_status()
    return answer.json()["offsets"]


class Consumer:
    """An instance, from its creation to the end of a `with`."""

    def __init__(self, group, **config):
        config = {"name": "me", "format": "json", "auto.offset.reset": "earliest", **config}
        answer = requests.post(
            rest(f"/consumers/{group}"), data=json.dumps(config), headers={"Content-Type": V2}
        )
        answer.raise_for_status()
        self.base_uri = answer.json()["base_uri"]
        self.accept = f"application/vnd.kafka.{config['format']}.v2+json"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        equal(requests.delete(self.base_uri, headers={"Content-Type": V2}).status_code, 204)

    def post(self, path, body=None):
        data = None if body is None else json.dumps(body)
        answer = requests.post(
            self.base_uri + path, data=data, headers={"Content-Type": V2, "Accept": V2}
        )
        answer.raise_for_status()
        return answer

    def get(self, path, body=None):
        answer = requests.get(self.base_uri + path, json=body, headers={"Accept": V2})
        answer.raise_for_status()
        return answer.json()

    def poll(self, **query):
        answer = requests.get(
            self.base_uri + "/records", params=query, headers={"Accept": self.accept}
        )
        answer.raise_for_status()
        equal(answer.headers["Content-Type"], self.accept)
        return answer.json()

    def take(self, count):
        records = []
        until(lambda: records.extend(self.poll(timeout=500)) or len(records) >= count, "records")
        equal(len(records), count)
        return records


@case("json-session")
def json_session():
    topic, group = unique("jsontest"), unique("json_group")
    equal(
        produce(topic, [{"value": {"foo": "bar"}}]),
        [{"partition": 0, "offset": 0, "error_code": None, "error": None}],
    )
    with Consumer(group) as me:
        equal(me.post("/subscription", {"topics": [topic]}).status_code, 204)
        equal(me.get("/subscription"), {"topics": [topic]})
        [record] = me.take(1)
        for name, value in {
            "topic": topic,
            "key": None,
            "value": {"foo": "bar"},
            "partition": 0,
            "offset": 0,
        }.items():
            equal(record[name], value)
        me.post("/offsets")
    produce(topic, [{"key": "k", "value": [1, 2.50, 12345678901234567890]}])
    with Consumer(group) as me:
        me.post("/subscription", {"topics": [topic]})
        [record] = me.take(1)
        equal([record["offset"], record["value"]], [1, [1, 2.50, 12345678901234567890]])


@case("binary-session")
def binary_session():
    topic = unique("binarytest")
    values = [os.urandom(n) for n in (0, 1, 100, 5000)]
    records = [{"value": base64.b64encode(value).decode()} for value in values]
    produce(topic, records, V2_BINARY)
    with Consumer(unique("binary_group"), format="binary") as me:
        me.post("/subscription", {"topics": [topic]})
        got = [base64.b64decode(record["value"]) for record in me.take(len(values))]
        equal(got, values)


@case("headers-timestamps-text")
def headers_timestamps_text():
    topic = unique("bridge")
    record = {
        "key": "my-key",
        "value": "sales-lead-0001",
        "partition": 0,
        "timestamp": int(time.time() * 1000) - 5_000,
        "headers": [{"key": "key1", "value": encoded("value1")}],
    }
    produce(topic, [record], V2_TEXT)
    with Consumer(unique("bridge-group"), format="text") as me:
        me.post("/subscription", {"topics": [topic]})
        equal(me.take(1), [{**record, "topic": topic, "offset": 0}])


@case("async-and-admin")
def async_and_admin():
    topic = unique("admin")
    body = {"topic_name": topic, "partitions_count": 3, "replication_factor": 1}
    equal(requests.post(rest("/admin/topics"), json=body).status_code, 201)
    partitions = requests.get(rest(f"/topics/{topic}/partitions")).json()
    equal([one["partition"] for one in partitions], [0, 1, 2])
    answer = requests.post(
        rest(f"/topics/{topic}/partitions/2?async=true"),
        data=json.dumps({"records": [{"value": "soon"}]}),
        headers={"Content-Type": V2_JSON},
    )
    equal([answer.status_code, answer.text], [204, ""])
    offsets = rest(f"/topics/{topic}/partitions/2/offsets")
    until(lambda: requests.get(offsets).json()["end_offset"] == 1, "the record")
    for probe, status in (("/healthy", 204), ("/ready", 204), ("/status/ready", 200)):
        equal(requests.get(rest(probe)).status_code, status)


@case("partitions-by-hand")
def partitions_by_hand():
    topic = unique("manual")
    requests.post(rest("/admin/topics"), json={"topic_name": topic, "partitions_count": 2})
    for partition in (0, 1):
        produce(topic, [{"value": n} for n in range(5)], path=f"/partitions/{partition}")
    both = {"partitions": [{"topic": topic, "partition": n} for n in (0, 1)]}
    with Consumer(unique("manual-group"), **{"auto.commit.enable": "false"}) as me:
        me.post("/assignments", both)
        equal(me.get("/assignments"), both)
        equal(len(me.take(10)), 10)
        me.post("/positions", {"offsets": [{"topic": topic, "partition": 1, "offset": 3}]})
        equal([record["value"] for record in me.take(2)], [3, 4])
        me.post("/positions/beginning", {"partitions": both["partitions"][:1]})
        equal([record["value"] for record in me.take(5)], [0, 1, 2, 3, 4])
        me.post("/positions/end", both)
        equal(me.poll(timeout=100), [])
        committed = [{"topic": topic, "partition": 0, "offset": 2, "metadata": "half"}]
        me.post("/offsets", {"offsets": committed})
        [offset] = me.get("/offsets", both)["offsets"]
        equal([offset["partition"], offset["offset"], offset["metadata"]], [0, 3, "half"])


@case("topic-pattern")
def topic_pattern():
    prefix = unique("pattern")
    produce(f"{prefix}.a", [{"value": 1}])
    produce(f"{prefix}-a", [{"value": 2}])
    with Consumer(unique("pattern-group")) as me:
        me.post("/subscription", {"topic_pattern": prefix.replace("-", r"\-") + r"\.[a-z]"})
        equal([record["topic"] for record in me.take(1)], [f"{prefix}.a"])


@case("v2-errors")
def v2_errors():
    def failing(status, code, method, path, **more):
        answer = requests.request(method, rest(path), **more)
        equal([answer.status_code, answer.json()["error_code"]], [status, code])
        equal(answer.headers["Content-Type"], V2)
        assert answer.json()["message"]

    topic, group = unique("errors"), unique("errors-group")
    produce(topic, [{"value": 1}])
    failing(404, 40401, "GET", f"/topics/{unique('none')}")
    failing(404, 40402, "GET", f"/topics/{topic}/partitions/9")
    failing(404, 404, "GET", "/topic")
    failing(405, 405, "DELETE", "/topics")
    failing(406, 406, "GET", "/topics", headers={"Accept": "text/html"})
    failing(415, 415, "POST", f"/topics/{topic}", data="{}", headers={"Content-Type": "text/plain"})
    for body, status, code in (
        ('{"records"', 400, 400),
        ('{"records": {}}', 400, 400),
        ('{"record": []}', 422, 422),
        ('{"records": []}', 422, 422),
        ('{"records": [{"val": 1}]}', 422, 422),
    ):
        headers = {"Content-Type": V2_JSON}
        failing(status, code, "POST", f"/topics/{topic}", data=body, headers=headers)
    avro = {"Content-Type": "application/vnd.kafka.avro.v2+json"}
    failing(415, 415, "POST", f"/topics/{topic}", data="{}", headers=avro)
    consumers = f"/consumers/{group}"
    failing(404, 40403, "GET", f"{consumers}/instances/nobody/records")
    with Consumer(group):
        twice = {"data": json.dumps({"name": "me"}), "headers": {"Content-Type": V2}}
        failing(409, 40902, "POST", consumers, **twice)
        binary = {"headers": {"Accept": V2_BINARY}}
        failing(406, 40601, "GET", f"{consumers}/instances/me/records", **binary)
        failing(409, 40903, "GET", f"{consumers}/instances/me/records")
    avro = {"data": json.dumps({"format": "avro"}), "headers": {"Content-Type": V2}}
    failing(422, 42204, "POST", consumers, **avro)


class Cluster:
    """The cluster, by v3."""

    def __init__(self):
        rest("")
        [cluster] = requests.get(f"{HTTP}/v3/clusters").json()["data"]
        self.url = cluster["metadata"]["self"]
        self.id = cluster["cluster_id"]

    def ask(self, method, path, status=200, **more):
        answer = requests.request(method, self.url + path, **more)
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.text else None

    def create_topic(self, name, **more):
        return self.ask("POST", "/topics", 201, json={"topic_name": unique(name), **more})


@case("v3-topics")
def v3_topics():
    cluster = Cluster()
    configs = [{"name": "cleanup.policy", "value": "compact"}]
    topic = cluster.create_topic("v3", partitions_count=2, replication_factor=1, configs=configs)
    name = topic["topic_name"]
    path = f"/topics/{name}"
    equal(cluster.ask("GET", path), topic)
    assert topic in cluster.ask("GET", "/topics")["data"]
    again = cluster.ask("POST", "/topics", 400, json={"topic_name": name})
    equal(again, {"error_code": 40002, "message": f"Topic '{name}' already exists."})
    equal(cluster.ask("PATCH", path, json={"partitions_count": 3})["partitions_count"], 3)
    equal(len(cluster.ask("GET", f"{path}/partitions")["data"]), 3)
    changes = {"data": [{"name": "cleanup.policy", "operation": "DELETE"}]}
    cluster.ask("POST", f"{path}/configs:alter", 204, json=changes)
    cluster.ask("PUT", f"{path}/configs/retention.ms", 204, json={"value": "1000"})
    config = cluster.ask("GET", f"{path}/configs/retention.ms")
    equal([config["value"], config["is_default"]], ["1000", False])
    equal(cluster.ask("GET", f"{path}/configs/cleanup.policy")["value"], "delete")
    cluster.ask("DELETE", path, 204)
    equal(cluster.ask("GET", path, 404)["error_code"], 40403)


@case("v3-links")
def v3_links():
    """Whoever follows every link finds something everywhere, but for moves that nobody makes."""
    cluster = Cluster()
    topic = cluster.create_topic("links")["topic_name"]
    produce(topic, [{"value": 1}])
    with Consumer(unique("links-group")) as me:
        me.post("/subscription", {"topics": [topic]})
        me.take(1)
        me.post("/offsets")
        seen, waiting = set(), [f"{HTTP}/v3/clusters"]
        while waiting:
            url = waiting.pop()
            if url in seen or "/configs/" in url or "/broker-configs/" in url:
                continue
            if "/topics/" in url and topic not in url and "/topics/-/" not in url:
                continue
            if "/acls" in url:
                continue
            seen.add(url)
            answer = requests.get(url)
            moving = url.endswith("/reassignment") and "/-/" not in url
            equal([url, answer.status_code], [url, 404 if moving else 200])
            waiting += links_in(answer.json())
        for part in ("/lag-summary", "/lags/", "/assignments", "/replicas/", "/brokers/"):
            assert any(part in url for url in seen), f"no link led to {part}"


def links_in(value):
    if isinstance(value, list):
        return [link for one in value for link in links_in(one)]
    if not isinstance(value, dict):
        return []
    own = [value[name] for name in ("self", "related") if isinstance(value.get(name), str)]
    return own + [link for one in value.values() for link in links_in(one)]


@case("v3-produce")
def v3_produce():
    cluster = Cluster()
    topic = cluster.create_topic("records")["topic_name"]
    path = f"/topics/{topic}/records"
    sent = datetime.now(timezone.utc).replace(microsecond=0)
    record = {
        "headers": [{"name": "h", "value": encoded("v")}],
        "key": {"type": "BINARY", "data": encoded("key")},
        "value": {"type": "JSON", "data": {"n": 1}},
        "timestamp": sent.isoformat(),
    }
    report = cluster.ask("POST", path, json=record)
    equal(report["error_code"], 200)
    equal(datetime.fromisoformat(report["timestamp"].replace("Z", "+00:00")), sent)
    equal([report["partition_id"], report["offset"]], [0, 0])
    equal([report["key"], report["value"]["type"]], [{"type": "BINARY", "size": 3}, "JSON"])
    refused = cluster.ask("POST", path, json={"value": {"type": "BINARY", "data": "!"}})
    equal(refused["error_code"], 42206)

    def records():
        for n in range(100):
            yield json.dumps({"value": {"type": "JSON", "data": n}}).encode()

    headers = {"Content-Type": "application/json"}
    answer = requests.post(cluster.url + path, data=records(), headers=headers)
    reports = [json.loads(line) for line in answer.text.split("\r\n") if line]
    equal([one["offset"] for one in reports], list(range(1, 101)))
    entries = [{"id": str(n), "value": {"type": "STRING", "data": "x"}} for n in range(10)]
    batch = cluster.ask("POST", f"{path}:batch", 207, json={"entries": entries})
    equal([one["id"] for one in batch["successes"]], [entry["id"] for entry in entries])
    equal(batch["failures"], [])


@case("v3-lag")
def v3_lag():
    cluster, group = Cluster(), unique("lagging")
    topic = cluster.create_topic("lag", partitions_count=1)["topic_name"]
    produce(topic, [{"value": n} for n in range(10)])
    with Consumer(group, **{"auto.commit.enable": "false"}) as me:
        me.post("/subscription", {"topics": [topic]})
        me.take(10)
        me.post("/offsets", {"offsets": [{"topic": topic, "partition": 0, "offset": 3}]})
        path = f"/consumer-groups/{group}"
        equal(cluster.ask("GET", path)["state"], "STABLE")
        [consumer] = cluster.ask("GET", f"{path}/consumers")["data"]
        summary = cluster.ask("GET", f"{path}/lag-summary")
        equal([summary["max_lag"], summary["total_lag"]], [6, 6])
        equal(summary["max_lag_consumer_id"], consumer["consumer_id"])
        [lag] = cluster.ask("GET", f"{path}/lags")["data"]
        equal([lag["current_offset"], lag["log_end_offset"], lag["lag"]], [4, 10, 6])


@case("v3-brokers")
def v3_brokers():
    cluster = Cluster()
    [broker] = cluster.ask("GET", "/brokers")["data"]
    path = f"/brokers/{broker['broker_id']}"
    equal(cluster.ask("GET", path), broker)
    configs = cluster.ask("GET", f"{path}/configs")["data"]
    assert any(config["name"] == "num.partitions" for config in configs)
    change = {"data": [{"name": "message.max.bytes", "value": "2000000"}]}
    cluster.ask("POST", "/broker-configs:alter", 204, json=change)
    equal(cluster.ask("GET", "/broker-configs/message.max.bytes")["value"], "2000000")
    cluster.ask("DELETE", "/broker-configs/message.max.bytes", 204)
    equal(cluster.ask("GET", "/broker-configs")["data"], [])
    missing = requests.get(f"{HTTP}/v3/clusters/none/brokers")
    equal(missing.json(), {"error_code": 404, "message": "Cluster none cannot be found."})


main()
