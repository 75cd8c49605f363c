package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A worker of the pipeline that exactly-once.ts describes: a GroupTransactSession, which decides by
// itself whether a transaction can still be committed after a rebalance.

const gaveUp = 3

type pipeline struct {
	session          *kgo.GroupTransactSession
	target           string
	fatalStep        string
	fatalTransaction int
	transaction      int
}

// runPipeline works until standard input ends, and answers the exit code.
func runPipeline(arguments []string) int {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		bufio.NewReader(os.Stdin).ReadString(0)
		stop()
	}()
	worker, err := startPipeline(arguments)
	if err == nil {
		err = worker.work(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return gaveUp
	}
	return 0
}

func startPipeline(arguments []string) (*pipeline, error) {
	source, target, group, life := arguments[1], arguments[2], arguments[3], arguments[4:]
	fatalTransaction, err := strconv.Atoi(life[3])
	if err != nil {
		return nil, err
	}
	options := append(member(group, source),
		kgo.SeedBrokers(arguments[0]),
		kgo.TransactionalID(life[0]),
		kgo.TransactionTimeout(10*time.Second),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()), // kafkajs reads the output
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RequireStableFetchOffsets(),
		kgo.SessionTimeout(6*time.Second),
		kgo.HeartbeatInterval(500*time.Millisecond),
	)
	if life[1] != "" {
		options = append(options, kgo.InstanceID(life[1]))
	}
	session, err := kgo.NewGroupTransactSession(options...)
	one := &pipeline{session: session, target: target, fatalStep: life[2], transaction: 1}
	one.fatalTransaction = fatalTransaction
	return one, err
}

func (one *pipeline) work(ctx context.Context) error {
	one.reach("started")
	for ctx.Err() == nil {
		fetches := one.session.PollRecords(ctx, 10)
		if fetches.NumRecords() == 0 {
			continue // the client goes on by itself after what went wrong
		}
		one.reach("polled")
		if err := one.copy(fetches.Records()); err != nil {
			return err
		}
		one.transaction++
	}
	one.session.Close()
	return nil
}

func (one *pipeline) copy(records []*kgo.Record) error {
	ctx := context.Background()
	if err := one.session.Begin(); err != nil {
		return err
	}
	failed := false
	for _, record := range records {
		value := append(record.Value, '!')
		copied := &kgo.Record{Topic: one.target, Partition: record.Partition, Value: value}
		one.session.Produce(ctx, copied, func(_ *kgo.Record, err error) { failed = failed || err != nil })
	}
	if err := one.session.Client().Flush(ctx); err != nil {
		return err
	}
	one.reach("sent")
	end := kgo.TransactionEndTry(!failed && one.transaction%5 != 0)
	one.reach("offsets") // which End sends
	one.reach("committing")
	_, err := one.session.End(ctx, end)
	if err == nil {
		one.reach("committed")
	}
	return err
}

func (one *pipeline) reach(step string) {
	if step != one.fatalStep || one.transaction != one.fatalTransaction {
		return
	}
	fmt.Println("dying")
	if step != "committing" {
		time.Sleep(time.Minute)
	}
}
