package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Producing and consuming without a group. The producer is idempotent by default.

func recordCases() []testCase {
	cases := []testCase{
		{"first-contact", firstContact},
		{"keys-headers-timestamps", keysHeadersTimestamps},
		{"order", order},
		{"idempotent-off", idempotentOff},
		{"partitions", partitions},
		{"many-partitions", manyPartitions},
		{"large-message", largeMessage},
		{"too-large-message", tooLargeMessage},
		{"consume-from", consumeFrom},
		{"long-poll", longPoll},
	}
	codecs := map[string]kgo.CompressionCodec{
		"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	for _, name := range []string{"gzip", "snappy", "lz4", "zstd"} {
		cases = append(cases, testCase{"compression-" + name, func(ctx context.Context) error {
			return compression(ctx, name, codecs[name])
		}})
	}
	return cases
}

func firstContact(ctx context.Context) error {
	mark := unique("order")
	if err := send(ctx, "orders", mark); err != nil {
		return err
	}
	return withClient(func(client *kgo.Client) error {
		for {
			records, err := take(ctx, client, 1)
			if err != nil || string(records[0].Value) == mark {
				return err
			}
		}
	}, append(fromStart("orders"), kgo.FetchMaxBytes(1), kgo.FetchMaxPartitionBytes(1))...)
}

func keysHeadersTimestamps(ctx context.Context) error {
	topic := unique("typed")
	if err := create(ctx, topic, 1); err != nil {
		return err
	}
	sent := &kgo.Record{
		Topic: topic, Key: []byte("k"), Value: []byte("v"),
		Timestamp: time.UnixMilli(1_700_000_000_123),
		Headers: []kgo.RecordHeader{
			{Key: "trace", Value: []byte("1")}, {Key: "trace", Value: []byte("2")}, {Key: "bare"},
		},
	}
	tombstone := &kgo.Record{Topic: topic, Key: []byte("k")}
	return withClient(func(client *kgo.Client) error {
		if err := client.ProduceSync(ctx, sent, tombstone).FirstErr(); err != nil {
			return err
		}
		records, err := take(ctx, client, 2)
		if err != nil {
			return err
		}
		first, second := records[0], records[1]
		return errors.Join(
			equal("key", string(first.Key), "k"),
			equal("value", string(first.Value), "v"),
			equal("headers", first.Headers, sent.Headers),
			equal("timestamp", first.Timestamp.UnixMilli(), int64(1_700_000_000_123)),
			equal("offsets", []int64{first.Offset, second.Offset}, []int64{0, 1}),
			equal("tombstone", second.Value == nil, true),
		)
	}, fromStart(topic)...)
}

func compression(ctx context.Context, name string, codec kgo.CompressionCodec) error {
	topic := unique(name)
	if err := create(ctx, topic, 1); err != nil {
		return err
	}
	var records []*kgo.Record
	var values []string
	for number := range 100 {
		values = append(values, strings.Repeat(strconv.Itoa(number)+" ", 200))
		records = append(records, &kgo.Record{Topic: topic, Value: []byte(values[number])})
	}
	return withClient(func(client *kgo.Client) error {
		if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return err
		}
		return takeValues(ctx, client, values...)
	}, append(fromStart(topic), kgo.ProducerBatchCompression(codec))...)
}

func order(ctx context.Context) error {
	topic := unique("ordered")
	if err := create(ctx, topic, 1); err != nil {
		return err
	}
	var records []*kgo.Record
	var values []string
	for number := range 20_000 {
		values = append(values, strconv.Itoa(number))
		records = append(records, &kgo.Record{Topic: topic, Value: []byte(values[number])})
	}
	return withClient(func(client *kgo.Client) error {
		for at, result := range client.ProduceSync(ctx, records...) {
			if result.Err != nil {
				return result.Err
			}
			if err := equal("offset", result.Record.Offset, int64(at)); err != nil {
				return err
			}
		}
		return takeValues(ctx, client, values...)
	}, append(fromStart(topic), kgo.ProducerBatchMaxBytes(8192))...)
}

func idempotentOff(ctx context.Context) error {
	topic := unique("plain")
	if err := create(ctx, topic, 1); err != nil {
		return err
	}
	options := []kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck())}
	return withClient(func(client *kgo.Client) error {
		record := &kgo.Record{Topic: topic, Value: []byte("1")}
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			return err
		}
		return takeValues(ctx, client, "1")
	}, append(fromStart(topic), options...)...)
}

func partitions(ctx context.Context) error {
	topic := unique("spread")
	if err := create(ctx, topic, 4); err != nil {
		return err
	}
	return withClient(func(client *kgo.Client) error {
		placed := map[string]int32{}
		for number := range 80 {
			key := fmt.Sprintf("key-%d", number%40)
			record := &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte("v")}
			if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
				return err
			}
			if before, again := placed[key]; again {
				if err := equal("partition of "+key, record.Partition, before); err != nil {
					return err
				}
			}
			placed[key] = record.Partition
		}
		used := map[int32]bool{}
		for _, partition := range placed {
			used[partition] = true
		}
		_, err := take(ctx, client, 80)
		return errors.Join(err, equal("partitions used", len(used), 4))
	}, fromStart(topic)...)
}

func manyPartitions(ctx context.Context) error {
	topic := unique("wide")
	if err := create(ctx, topic, 50); err != nil {
		return err
	}
	var records []*kgo.Record
	for number := range 50 {
		value := []byte(strconv.Itoa(number))
		records = append(records, &kgo.Record{Topic: topic, Partition: int32(number), Value: value})
	}
	return withClient(func(client *kgo.Client) error {
		if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return err
		}
		taken, err := take(ctx, client, 50)
		for _, record := range taken {
			value := strconv.Itoa(int(record.Partition))
			err = errors.Join(err, equal("value", string(record.Value), value))
		}
		return err
	}, append(fromStart(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
}

func largeMessage(ctx context.Context) error {
	topic, value := unique("large"), strings.Repeat("x", 900_000)
	if err := send(ctx, topic, value, "small"); err != nil {
		return err
	}
	return withClient(func(client *kgo.Client) error {
		return takeValues(ctx, client, value, "small")
	}, fromStart(topic)...)
}

func tooLargeMessage(ctx context.Context) error {
	topic := unique("too-large")
	if err := create(ctx, topic, 1); err != nil {
		return err
	}
	// no compression: a run of zeros would fit
	options := []kgo.Opt{
		kgo.ProducerBatchMaxBytes(4_000_000), kgo.ProducerBatchCompression(kgo.NoCompression()),
	}
	return withClient(func(client *kgo.Client) error {
		huge := &kgo.Record{Topic: topic, Value: bytes.Repeat([]byte("x"), 2_000_000)}
		err := client.ProduceSync(ctx, huge).FirstErr()
		if !errors.Is(err, kerr.MessageTooLarge) {
			return fmt.Errorf("expected MESSAGE_TOO_LARGE, got %v", err)
		}
		return nil
	}, options...)
}

func consumeFrom(ctx context.Context) error {
	topic := unique("timed")
	if err := create(ctx, topic, 1); err != nil {
		return err
	}
	err := withClient(func(client *kgo.Client) error {
		for number := range 5 {
			at := time.UnixMilli(int64(1_000_000 + number*1000))
			record := &kgo.Record{Topic: topic, Value: []byte(strconv.Itoa(number)), Timestamp: at}
			if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
				return err
			}
		}
		return nil
	})
	from := func(offset kgo.Offset, values ...string) error {
		return withClient(func(client *kgo.Client) error {
			return takeValues(ctx, client, values...)
		}, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: offset}}))
	}
	return errors.Join(
		err,
		from(kgo.NewOffset().AtStart(), "0", "1", "2", "3", "4"),
		from(kgo.NewOffset().At(3), "3", "4"),
		from(kgo.NewOffset().AtEnd().Relative(-2), "3", "4"),
		from(kgo.NewOffset().AfterMilli(1_002_500), "3", "4"),
	)
}

func longPoll(ctx context.Context) error {
	topic := unique("waiting")
	if err := send(ctx, topic, "first"); err != nil {
		return err
	}
	return withClient(func(client *kgo.Client) error {
		if err := takeValues(ctx, client, "first"); err != nil {
			return err
		}
		late := make(chan error, 1)
		time.AfterFunc(500*time.Millisecond, func() { late <- send(ctx, topic, "late") })
		return errors.Join(takeValues(ctx, client, "late"), <-late)
	}, append(fromStart(topic), kgo.FetchMaxWait(20*time.Second))...)
}
