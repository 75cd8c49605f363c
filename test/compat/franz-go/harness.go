package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"
)

// What the cases are written with: their time limit, and the lines that program.ts reads, one JSON
// object a line. A case fails by returning an error.

const caseLimit = 60 * time.Second

var (
	bootstrap string
	input     = bufio.NewReader(os.Stdin)
)

type testCase struct {
	name string
	run  func(ctx context.Context) error
}

// errSkip says that a case cannot run here.
var errSkip = errors.New("this broker cannot be restarted from here")

func runAll(cases []testCase) {
	wanted := os.Getenv("COMPAT_CASE")
	for _, one := range cases {
		if wanted == "" || wanted == one.name {
			say(one.name, verdictOf(one))
		}
	}
}

// verdictOf runs a case; one that does not heed its context is left behind.
func verdictOf(one testCase) error {
	ctx, cancel := context.WithTimeout(context.Background(), caseLimit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- one.run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-time.After(caseLimit + 2*time.Second):
		return fmt.Errorf("still running after %v", caseLimit)
	}
}

func say(name string, err error) {
	event := map[string]any{"case": name, "verdict": "passed"}
	if errors.Is(err, errSkip) {
		event["verdict"], event["detail"] = "skipped", err.Error()
	} else if err != nil {
		event["verdict"], event["detail"] = "failed", err.Error()
	}
	printLine(event)
}

// note is one line for whoever reads along.
func note(text string) {
	printLine(map[string]any{"note": text})
}

func printLine(event map[string]any) {
	line, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// restartBroker stops the broker and starts it on the same ports and data.
func restartBroker() error {
	if os.Getenv("COMPAT_RESTARTABLE") != "yes" {
		return errSkip
	}
	printLine(map[string]any{"restart": true})
	_, err := input.ReadString('\n')
	return err
}

// unique makes a topic or group name that nobody has used before.
func unique(name string) string {
	suffix := make([]byte, 4)
	rand.Read(suffix)
	return name + "-" + hex.EncodeToString(suffix)
}

func equal(what string, actual, expected any) error {
	if reflect.DeepEqual(actual, expected) {
		return nil
	}
	return fmt.Errorf("%s: expected %v, got %v", what, expected, actual)
}

// until waits for the condition, and fails when the case's time is up.
func until(ctx context.Context, what string, done func() (bool, error)) error {
	for {
		holds, err := done()
		if err != nil || holds {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
