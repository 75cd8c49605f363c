package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// A group that a REST consumer shares with members that know only the cooperative protocol.

var errNoHTTP = fmt.Errorf("%w: it has no HTTP", errSkip)

func restCases() []testCase {
	return []testCase{
		{"group-joined-by-rest", func(ctx context.Context) error { return withRest(ctx, false) }},
		{"group-joins-rest", func(ctx context.Context) error { return withRest(ctx, true) }},
	}
}

// restConsumer is an instance that is polled.
type restConsumer struct{ uri string }

func ask(method, url string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, url, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/vnd.kafka.v2+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d %s", method, url, response.StatusCode, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func newRestConsumer(group, topic string) (*restConsumer, error) {
	base := os.Getenv("COMPAT_HTTP")
	if base == "" {
		return nil, errNoHTTP
	}
	one := &restConsumer{uri: base + "/rest/consumers/" + group + "/instances/me"}
	config := map[string]string{"name": "me", "auto.offset.reset": "earliest"}
	if err := ask("POST", base+"/rest/consumers/"+group, config, nil); err != nil {
		return nil, err
	}
	topics := map[string][]string{"topics": {topic}}
	return one, ask("POST", one.uri+"/subscription", topics, nil)
}

// holds polls, and says whether it has so many partitions then.
func (one *restConsumer) holds(wanted int) (bool, error) {
	if err := ask("GET", one.uri+"/records?timeout=100", nil, nil); err != nil {
		return false, err
	}
	var assigned struct{ Partitions []any }
	err := ask("GET", one.uri+"/assignments", nil, &assigned)
	return len(assigned.Partitions) == wanted, err
}

func (one *restConsumer) leave() error { return ask("DELETE", one.uri, nil, nil) }

// withRest shares four partitions between a worker and a REST consumer, which may lead.
func withRest(ctx context.Context, restFirst bool) error {
	topic, group := unique("shared"), unique("workers")
	if err := create(ctx, topic, 4); err != nil {
		return err
	}
	rest, err := newRestConsumer(group, topic)
	if err != nil {
		return err
	}
	if restFirst {
		alone := func() (bool, error) { return rest.holds(4) }
		if err := until(ctx, "the REST consumer alone", alone); err != nil {
			return err
		}
	}
	first, err := startWorker(group, topic)
	if err != nil {
		return err
	}
	defer first.leave()
	holds := func(wanted int) bool {
		held, _ := first.counts()
		return held == wanted
	}
	alone := func() (bool, error) { return holds(4), nil }
	if !restFirst {
		if err := until(ctx, "the worker alone", alone); err != nil {
			return err
		}
	}
	halves := func() (bool, error) {
		half, err := rest.holds(2)
		return half && holds(2), err
	}
	err = until(ctx, "two partitions each", halves)
	if err := errors.Join(err, rest.leave()); err != nil {
		return err
	}
	if err := until(ctx, "the rest to come back", alone); err != nil {
		return err
	}
	return produceToEach(ctx, topic, first)
}
