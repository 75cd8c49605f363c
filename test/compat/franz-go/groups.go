package main

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Consumer groups; the client's default is the cooperative-sticky assignor.

func groupCases() []testCase {
	return []testCase{
		{"group-resume", func(ctx context.Context) error {
			return resume(ctx, func() error { return nil })
		}},
		{"group-two-members", func(ctx context.Context) error {
			return twoMembers(ctx, kgo.Balancers(kgo.RangeBalancer()))
		}},
		{"group-cooperative", func(ctx context.Context) error { return twoMembers(ctx) }},
		{"restart-resume", func(ctx context.Context) error { return resume(ctx, restartBroker) }},
		{"restart-live-clients", restartLiveClients},
	}
}

// resume commits in the middle of a topic and goes on there with another client.
func resume(ctx context.Context, between func() error) error {
	topic, group := unique("work"), unique("workers")
	if err := send(ctx, topic, "0", "1", "2", "3", "4"); err != nil {
		return err
	}
	err := withClient(func(client *kgo.Client) error {
		records, err := take(ctx, client, 5)
		if err != nil {
			return err
		}
		return client.CommitRecords(ctx, records[2])
	}, member(group, topic)...)
	if err != nil {
		return err
	}
	if err := between(); err != nil {
		return err
	}
	return withClient(func(client *kgo.Client) error {
		return takeValues(ctx, client, "3", "4")
	}, member(group, topic)...)
}

// worker is a member of a group with a goroutine that polls, as each would be a process.
type worker struct {
	client *kgo.Client
	stop   context.CancelFunc
	done   chan struct{}
	mutex  sync.Mutex
	values map[string]bool
	held   map[int32]bool
}

func startWorker(group, topic string, more ...kgo.Opt) (*worker, error) {
	ctx, stop := context.WithCancel(context.Background())
	one := &worker{stop: stop, done: make(chan struct{}), values: map[string]bool{}}
	one.held = map[int32]bool{}
	note := func(holds bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			one.mutex.Lock()
			defer one.mutex.Unlock()
			for _, partition := range partitions[topic] {
				if holds {
					one.held[partition] = true
				} else {
					delete(one.held, partition)
				}
			}
		}
	}
	options := append(member(group, topic), kgo.SeedBrokers(bootstrap))
	options = append(options, kgo.HeartbeatInterval(500*time.Millisecond))
	options = append(options, kgo.OnPartitionsAssigned(note(true)))
	options = append(options, kgo.OnPartitionsRevoked(note(false)))
	options = append(options, kgo.OnPartitionsLost(note(false)))
	client, err := kgo.NewClient(append(options, more...)...)
	if err != nil {
		stop()
		return nil, err
	}
	one.client = client
	go one.work(ctx)
	return one, nil
}

func (one *worker) work(ctx context.Context) {
	defer close(one.done)
	for ctx.Err() == nil {
		one.client.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
			one.mutex.Lock()
			defer one.mutex.Unlock()
			one.values[string(record.Value)] = true
		})
	}
	one.client.Close()
}

func (one *worker) leave() {
	one.stop()
	<-one.done
}

// counts says how many partitions it holds and how many values it has seen.
func (one *worker) counts() (int, int) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return len(one.held), len(one.values)
}

func twoMembers(ctx context.Context, more ...kgo.Opt) error {
	topic, group := unique("shared"), unique("workers")
	if err := create(ctx, topic, 4); err != nil {
		return err
	}
	first, err := startWorker(group, topic, more...)
	if err != nil {
		return err
	}
	defer first.leave()
	holds := func(one *worker, wanted int) bool {
		held, _ := one.counts()
		return held == wanted
	}
	alone := func() (bool, error) { return holds(first, 4), nil }
	if err := until(ctx, "the first member alone", alone); err != nil {
		return err
	}
	second, err := startWorker(group, topic, more...)
	if err != nil {
		return err
	}
	halves := func() (bool, error) { return holds(first, 2) && holds(second, 2), nil }
	err = until(ctx, "two partitions each", halves)
	second.leave()
	if err != nil {
		return err
	}
	if err := until(ctx, "the rest to come back", alone); err != nil {
		return err
	}
	return produceToEach(ctx, topic, first)
}

func produceToEach(ctx context.Context, topic string, reader *worker) error {
	err := withClient(func(client *kgo.Client) error {
		var err error
		for number := range int32(4) {
			value := []byte(strconv.Itoa(int(number)))
			record := &kgo.Record{Topic: topic, Partition: number, Value: value}
			err = errors.Join(err, client.ProduceSync(ctx, record).FirstErr())
		}
		return err
	}, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	return until(ctx, "a record from each partition", func() (bool, error) {
		_, values := reader.counts()
		return values == 4, nil
	})
}

// restartLiveClients keeps an idempotent producer and a group member across the restart.
func restartLiveClients(ctx context.Context) error {
	topic, group := unique("live"), unique("workers")
	produce := func(client *kgo.Client, value string) error {
		record := &kgo.Record{Topic: topic, Value: []byte(value)}
		return client.ProduceSync(ctx, record).FirstErr()
	}
	return withClient(func(producer *kgo.Client) error {
		if err := produce(producer, "before"); err != nil {
			return err
		}
		return withClient(func(consumer *kgo.Client) error {
			if err := takeValues(ctx, consumer, "before"); err != nil {
				return err
			}
			if err := consumer.CommitUncommittedOffsets(ctx); err != nil {
				return err
			}
			if err := restartBroker(); err != nil {
				return err
			}
			if err := produce(producer, "after"); err != nil {
				return err
			}
			return takeValues(ctx, consumer, "after")
		}, member(group, topic)...)
	}, kgo.AllowAutoTopicCreation())
}
