// Checks messages (JSON on standard input) with the stock library. Prints for each whether it accepts it.
package main

import (
	"encoding/json"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

type message struct {
	Secret  string            `json:"secret"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

func accepts(m message) bool {
	headers := http.Header{}
	for name, value := range m.Headers {
		headers.Set(name, value)
	}
	webhook, err := standardwebhooks.NewWebhook(m.Secret)
	return err == nil && webhook.Verify([]byte(m.Body), headers) == nil
}

func main() {
	var messages []message
	if err := json.NewDecoder(os.Stdin).Decode(&messages); err != nil {
		panic(err)
	}
	answers := []bool{}
	for _, m := range messages {
		answers = append(answers, accepts(m))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
