package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The admin client, kadm.

func adminCases() []testCase {
	return []testCase{
		{"admin-topics", adminTopics},
		{"admin-configs", adminConfigs},
		{"admin-offsets", adminOffsets},
		{"admin-groups", adminGroups},
		{"admin-cluster", adminCluster},
		{"admin-alter-configs", adminAlterConfigs},
		{"admin-delete-records", adminDeleteRecords},
	}
}

func adminTopics(ctx context.Context) error {
	topic := unique("managed")
	return withAdmin(func(admin *kadm.Client) error {
		retention := "60000"
		configs := map[string]*string{"retention.ms": &retention}
		created, err := admin.CreateTopic(ctx, 3, 1, configs, topic)
		if err != nil {
			return err
		}
		if _, err := admin.CreateTopic(ctx, 3, 1, nil, topic); !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("expected TOPIC_ALREADY_EXISTS, got %v", err)
		}
		if _, err := admin.UpdatePartitions(ctx, 5, topic); err != nil {
			return err
		}
		err = until(ctx, "five partitions", func() (bool, error) {
			details, err := admin.ListTopics(ctx, topic)
			err = errors.Join(err, equal("id", details[topic].ID, created.ID))
			return len(details[topic].Partitions) == 5, err
		})
		if _, failure := admin.DeleteTopic(ctx, topic); failure != nil {
			return errors.Join(err, failure)
		}
		return errors.Join(err, until(ctx, "the topic to go", func() (bool, error) {
			all, err := admin.ListTopics(ctx)
			return !all.Has(topic), err
		}))
	})
}

func adminConfigs(ctx context.Context) error {
	topic := unique("configured")
	return withAdmin(func(admin *kadm.Client) error {
		retention := "60000"
		configs := map[string]*string{"retention.ms": &retention}
		if _, err := admin.CreateTopic(ctx, 1, 1, configs, topic); err != nil {
			return err
		}
		described, err := admin.DescribeTopicConfigs(ctx, topic)
		if err != nil {
			return err
		}
		values := map[string]string{}
		for _, config := range described[0].Configs {
			values[config.Key] = config.MaybeValue()
		}
		return errors.Join(
			equal("retention.ms", values["retention.ms"], "60000"),
			equal("cleanup.policy", values["cleanup.policy"], "delete"),
		)
	})
}

func adminOffsets(ctx context.Context) error {
	topic := unique("ends")
	if err := send(ctx, topic, "0", "1", "2"); err != nil {
		return err
	}
	return withAdmin(func(admin *kadm.Client) error {
		start, startErr := admin.ListStartOffsets(ctx, topic)
		end, endErr := admin.ListEndOffsets(ctx, topic)
		after, afterErr := admin.ListOffsetsAfterMilli(ctx, 1, topic)
		if err := errors.Join(startErr, endErr, afterErr); err != nil {
			return err
		}
		offset := func(listed kadm.ListedOffsets) int64 {
			one, _ := listed.Lookup(topic, 0)
			return one.Offset
		}
		offsets := []int64{offset(start), offset(end), offset(after)}
		return equal("offsets", offsets, []int64{0, 3, 0})
	})
}

func adminGroups(ctx context.Context) error {
	topic, group := unique("grouped"), unique("workers")
	if err := send(ctx, topic, "0", "1", "2"); err != nil {
		return err
	}
	return withAdmin(func(admin *kadm.Client) error {
		err := withClient(func(client *kgo.Client) error {
			if _, err := take(ctx, client, 3); err != nil {
				return err
			}
			if err := client.CommitUncommittedOffsets(ctx); err != nil {
				return err
			}
			described, err := admin.DescribeGroups(ctx, group)
			if err != nil {
				return err
			}
			return errors.Join(
				equal("state", described[group].State, "Stable"),
				equal("members", len(described[group].Members), 1),
				equal("client", described[group].Members[0].ClientID, "a-member"),
			)
		}, member(group, topic, kgo.ClientID("a-member"))...)
		if err != nil {
			return err
		}
		return lagAndDelete(ctx, admin, topic, group)
	})
}

func lagAndDelete(ctx context.Context, admin *kadm.Client, topic, group string) error {
	offsets := kadm.Offsets{}
	offsets.AddOffset(topic, 0, 1, -1)
	if err := admin.CommitAllOffsets(ctx, group, offsets); err != nil {
		return err
	}
	lags, err := admin.Lag(ctx, group)
	if err != nil {
		return err
	}
	lag := lags[group]
	if err := errors.Join(lag.Error(), equal("lag", lag.Lag.Total(), int64(2))); err != nil {
		return err
	}
	listed, err := admin.ListGroups(ctx, "Empty")
	if err != nil {
		return err
	}
	if _, is := listed[group]; !is {
		return fmt.Errorf("%s is not listed as empty", group)
	}
	deleted, err := admin.DeleteGroup(ctx, group)
	return errors.Join(err, deleted.Err)
}

func adminCluster(ctx context.Context) error {
	return withAdmin(func(admin *kadm.Client) error {
		metadata, err := admin.BrokerMetadata(ctx)
		if err != nil {
			return err
		}
		return errors.Join(
			equal("brokers", metadata.Brokers.NodeIDs(), []int32{metadata.Controller}),
			equal("cluster id", len(metadata.Cluster), 22),
		)
	})
}

func adminAlterConfigs(ctx context.Context) error {
	topic, value := unique("altered"), "1234"
	if err := create(ctx, topic, 1); err != nil {
		return err
	}
	return withAdmin(func(admin *kadm.Client) error {
		alter := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &value}}
		altered, err := admin.AlterTopicConfigs(ctx, alter, topic)
		if err != nil {
			return err
		}
		return altered[0].Err
	})
}

func adminDeleteRecords(ctx context.Context) error {
	topic := unique("trimmed")
	if err := send(ctx, topic, "0", "1", "2"); err != nil {
		return err
	}
	return withAdmin(func(admin *kadm.Client) error {
		offsets := kadm.Offsets{}
		offsets.AddOffset(topic, 0, 2, -1)
		deleted, err := admin.DeleteRecords(ctx, offsets)
		if err != nil {
			return err
		}
		one, _ := deleted.Lookup(topic, 0)
		return errors.Join(one.Err, equal("low watermark", one.LowWatermark, int64(2)))
	})
}
