package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Transactions of a producer alone; those of a group member are GroupTransactSession's.

func transactionCases() []testCase {
	return []testCase{
		{"transactions", transactions},
		{"transaction-waiting", transactionWaiting},
		{"transaction-session", transactionSession},
		{"transaction-fencing", transactionFencing},
		{"transaction-timeout", transactionTimeout},
		{"transaction-id-again", transactionIDAgain},
		{"transaction-many", transactionMany},
		{"transaction-restart", transactionRestart},
		{"admin-transactions", adminTransactions},
	}
}

// withProducer runs the body with a transactional producer that writes where a record says.
func withProducer(id string, body func(*kgo.Client) error, more ...kgo.Opt) error {
	options := []kgo.Opt{
		kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.AllowAutoTopicCreation(),
	}
	return withClient(body, append(options, more...)...)
}

// begin opens a transaction and writes the values.
func begin(ctx context.Context, client *kgo.Client, topic string, values ...string) error {
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	for _, value := range values {
		record := &kgo.Record{Topic: topic, Value: []byte(value)}
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			return err
		}
	}
	return nil
}

func commit(ctx context.Context, client *kgo.Client, topic string, values ...string) error {
	if err := begin(ctx, client, topic, values...); err != nil {
		return err
	}
	return client.EndTransaction(ctx, kgo.TryCommit)
}

// readCommitted takes these values, and no others, from the start of a partition.
func readCommitted(ctx context.Context, topic string, partition int32, values ...string) error {
	if err := sendTo(ctx, topic, partition, "the end"); err != nil {
		return err
	}
	from := map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().AtStart()}}
	options := []kgo.Opt{
		kgo.ConsumePartitions(from), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	}
	return withClient(func(client *kgo.Client) error {
		return takeValues(ctx, client, append(values, "the end")...)
	}, options...)
}

func sendTo(ctx context.Context, topic string, partition int32, value string) error {
	return withClient(func(client *kgo.Client) error {
		record := &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
		return client.ProduceSync(ctx, record).FirstErr()
	}, kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

// transactions aborts every other one; each writes to several partitions of two topics.
func transactions(ctx context.Context) error {
	topics := []string{unique("orders"), unique("payments")}
	for _, topic := range topics {
		if err := create(ctx, topic, 2); err != nil {
			return err
		}
	}
	err := withProducer(unique("id"), func(client *kgo.Client) error {
		for number := range 6 {
			if err := client.BeginTransaction(); err != nil {
				return err
			}
			var records []*kgo.Record
			for at := range 4 {
				value := []byte(strconv.Itoa(number))
				partition := int32(at % 2)
				records = append(records, &kgo.Record{Topic: topics[at/2], Partition: partition, Value: value})
			}
			if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
				return err
			}
			if err := client.EndTransaction(ctx, number%2 == 0); err != nil {
				return err
			}
		}
		return nil
	})
	for at := range 4 {
		err = errors.Join(err, readCommitted(ctx, topics[at/2], int32(at%2), "0", "2", "4"))
	}
	return err
}

// transactionWaiting has a reader's fetch under way as the transaction ends.
func transactionWaiting(ctx context.Context) error {
	topic := unique("open")
	if err := send(ctx, topic, "before"); err != nil {
		return err
	}
	options := append(fromStart(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	options = append(options, kgo.FetchMaxWait(25*time.Second))
	expected := map[kgo.TransactionEndTry][]string{
		kgo.TryCommit: {"inside", "outside"}, kgo.TryAbort: {"outside"},
	}
	return withClient(func(reader *kgo.Client) error {
		if err := takeValues(ctx, reader, "before"); err != nil {
			return err
		}
		return withProducer(unique("id"), func(producer *kgo.Client) error {
			for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
				if err := begin(ctx, producer, topic, "inside"); err != nil {
					return err
				}
				if err := send(ctx, topic, "outside"); err != nil {
					return err
				}
				if err := nothingFor(ctx, reader, 700*time.Millisecond); err != nil {
					return err
				}
				ended := make(chan error, 1)
				time.AfterFunc(300*time.Millisecond, func() { ended <- producer.EndTransaction(ctx, end) })
				soon, cancel := context.WithTimeout(ctx, 12*time.Second)
				err := errors.Join(takeValues(soon, reader, expected[end]...), <-ended)
				cancel()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}, options...)
}

func nothingFor(ctx context.Context, reader *kgo.Client, time time.Duration) error {
	short, cancel := context.WithTimeout(ctx, time)
	defer cancel()
	return equal("records so far", reader.PollFetches(short).NumRecords(), 0)
}

// transactionSession commits the offsets of what a member has read with what it has written.
func transactionSession(ctx context.Context) error {
	source, target, group := unique("source"), unique("target"), unique("workers")
	if err := send(ctx, source, "0", "1", "2"); err != nil {
		return err
	}
	run := func(end kgo.TransactionEndTry, values ...string) error {
		options := append(member(group, source), kgo.SeedBrokers(bootstrap))
		options = append(options, kgo.TransactionalID(group), kgo.AllowAutoTopicCreation())
		options = append(options, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		session, err := kgo.NewGroupTransactSession(append(options, kgo.RequireStableFetchOffsets())...)
		if err != nil {
			return err
		}
		defer session.Close()
		if err := takeValues(ctx, session.Client(), values...); err != nil {
			return err
		}
		if err := session.Begin(); err != nil {
			return err
		}
		for _, value := range values {
			session.Produce(ctx, &kgo.Record{Topic: target, Value: []byte(value)}, nil)
		}
		committed, err := session.End(ctx, end)
		return errors.Join(err, equal("committed", committed, bool(end)))
	}
	if err := run(kgo.TryAbort, "0", "1", "2"); err != nil {
		return err
	}
	if err := run(kgo.TryCommit, "0", "1", "2"); err != nil {
		return err
	}
	err := withAdmin(func(admin *kadm.Client) error {
		offsets, err := admin.FetchOffsets(ctx, group)
		if err != nil {
			return err
		}
		stored, _ := offsets.Lookup(source, 0)
		return equal("offset", stored.At, int64(3))
	})
	return errors.Join(err, readCommitted(ctx, target, 0, "0", "1", "2"))
}

func transactionFencing(ctx context.Context) error {
	topic, id := unique("fenced"), unique("id")
	return withProducer(id, func(zombie *kgo.Client) error {
		if err := begin(ctx, zombie, topic, "zombie"); err != nil {
			return err
		}
		return withProducer(id, func(heir *kgo.Client) error {
			if err := commit(ctx, heir, topic, "heir"); err != nil {
				return err
			}
			late := zombie.EndTransaction(ctx, kgo.TryCommit)
			fenced := errors.Is(late, kerr.ProducerFenced) || errors.Is(late, kerr.InvalidProducerEpoch)
			if !fenced {
				return fmt.Errorf("expected PRODUCER_FENCED, got %v", late)
			}
			return readCommitted(ctx, topic, 0, "heir")
		})
	})
}

// transactionTimeout has a producer fall silent in a transaction, which must not be for ever.
func transactionTimeout(ctx context.Context) error {
	topic := unique("silent")
	return withProducer(unique("id"), func(client *kgo.Client) error {
		if err := begin(ctx, client, topic, "silent"); err != nil {
			return err
		}
		if err := readCommitted(ctx, topic, 0); err != nil {
			return err
		}
		if client.EndTransaction(ctx, kgo.TryCommit) == nil {
			return errors.New("the late commit was taken")
		}
		return nil
	}, kgo.TransactionTimeout(time.Second))
}

// transactionIDAgain has clients go away in a transaction and come back under their id.
func transactionIDAgain(ctx context.Context) error {
	topic, id := unique("again"), unique("id")
	for _, value := range []string{"0", "1", "2"} {
		err := withProducer(id, func(client *kgo.Client) error {
			if err := commit(ctx, client, topic, value); err != nil {
				return err
			}
			return begin(ctx, client, topic, "left open")
		})
		if err != nil {
			return err
		}
	}
	err := withProducer(id, func(client *kgo.Client) error { return commit(ctx, client, topic, "3") })
	return errors.Join(err, readCommitted(ctx, topic, 0, "0", "1", "2", "3"))
}

func transactionMany(ctx context.Context) error {
	topic, start := unique("many"), time.Now()
	var values []string
	err := withProducer(unique("id"), func(client *kgo.Client) error {
		for number := range 200 {
			values = append(values, strconv.Itoa(number))
			if err := commit(ctx, client, topic, values[number]); err != nil {
				return err
			}
		}
		return nil
	})
	note(fmt.Sprintf("200 transactions, one after the other, took %v", time.Since(start)))
	return errors.Join(err, readCommitted(ctx, topic, 0, values...))
}

// transactionRestart has transactions open while the broker goes away and comes back.
func transactionRestart(ctx context.Context) error {
	topic := unique("durable")
	return withProducer(unique("id"), func(commits *kgo.Client) error {
		return withProducer(unique("id"), func(aborts *kgo.Client) error {
			if err := begin(ctx, commits, topic, "committed"); err != nil {
				return err
			}
			if err := begin(ctx, aborts, topic, "aborted"); err != nil {
				return err
			}
			if err := restartBroker(); err != nil {
				return err
			}
			return errors.Join(
				commits.EndTransaction(ctx, kgo.TryCommit), aborts.EndTransaction(ctx, kgo.TryAbort),
				readCommitted(ctx, topic, 0, "committed"),
			)
		})
	})
}

// adminTransactions looks at an open transaction with kadm.
func adminTransactions(ctx context.Context) error {
	topic, id := unique("seen"), unique("id")
	return withProducer(id, func(client *kgo.Client) error {
		if err := begin(ctx, client, topic, "1"); err != nil {
			return err
		}
		return withAdmin(func(admin *kadm.Client) error {
			described, err := admin.DescribeTransactions(ctx, id)
			if err != nil {
				return err
			}
			listed, err := admin.ListTransactions(ctx, nil, []string{"Ongoing"})
			if err != nil {
				return err
			}
			producers, err := admin.DescribeProducers(ctx, kadm.TopicsSet{topic: {0: {}}})
			if err != nil {
				return err
			}
			writers := producers[topic].Partitions[0].ActiveProducers.Sorted()
			return errors.Join(
				equal("state", described[id].State, "Ongoing"),
				equal("topics", described[id].Topics, kadm.TopicsSet{topic: {0: {}}}),
				equal("listed", listed[id].ProducerID, described[id].ProducerID),
				equal("writers", len(writers), 1),
				equal("start", writers[0].CurrentTxnStartOffset, int64(0)),
			)
		})
	})
}
