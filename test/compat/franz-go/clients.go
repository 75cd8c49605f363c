package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// How the cases get a client, a topic, records; all with the client's own defaults.

// withClient runs the body with a client and closes it.
func withClient(body func(*kgo.Client) error, options ...kgo.Opt) error {
	options = append([]kgo.Opt{kgo.SeedBrokers(bootstrap)}, options...)
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	return body(client)
}

func withAdmin(body func(*kadm.Client) error) error {
	return withClient(func(client *kgo.Client) error { return body(kadm.NewClient(client)) })
}

func create(ctx context.Context, topic string, partitions int32) error {
	return withAdmin(func(admin *kadm.Client) error {
		_, err := admin.CreateTopic(ctx, partitions, 1, nil, topic)
		return err
	})
}

// send produces the values to a topic that need not exist, one after the other.
func send(ctx context.Context, topic string, values ...string) error {
	return withClient(func(client *kgo.Client) error {
		for _, value := range values {
			record := &kgo.Record{Topic: topic, Value: []byte(value)}
			if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
				return err
			}
		}
		return nil
	}, kgo.AllowAutoTopicCreation())
}

// take polls until there are as many records as wanted, and no more.
func take(ctx context.Context, client *kgo.Client, count int) ([]*kgo.Record, error) {
	var records []*kgo.Record
	for len(records) < count {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("%d of %d records: %w", len(records), count, err)
		}
		for _, problem := range fetches.Errors() {
			var network net.Error // a broker that is away: the client tries again by itself
			if !errors.As(problem.Err, &network) {
				return nil, problem.Err
			}
		}
		records = append(records, fetches.Records()...)
	}
	return records, equal("records", len(records), count)
}

// takeValues is take, and checks the values in their order.
func takeValues(ctx context.Context, client *kgo.Client, values ...string) error {
	records, err := take(ctx, client, len(values))
	if err != nil {
		return err
	}
	for at, record := range records {
		if err := equal(fmt.Sprintf("value %d", at), string(record.Value), values[at]); err != nil {
			return err
		}
	}
	return nil
}

func fromStart(topics ...string) []kgo.Opt {
	return []kgo.Opt{
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}
}

// member is what a consumer in a group is configured with; it commits only when told to.
func member(group, topic string, more ...kgo.Opt) []kgo.Opt {
	options := append(fromStart(topic), kgo.ConsumerGroup(group), kgo.DisableAutoCommit())
	return append(options, more...)
}
