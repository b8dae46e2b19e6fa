package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

// api is an API server and who we are there.
type api struct {
	server string
	client *http.Client
}

func connect(server, ca, cert, key string) (*api, error) {
	authority, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}}
	return &api{server, &http.Client{Transport: transport}}, nil
}

func (a *api) get(path string) (*http.Response, error) {
	answer, err := a.client.Get(a.server + path)
	if err == nil && answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("GET %s: %s", path, answer.Status)
	}
	return answer, err
}

// follow calls back with everything there is, then with every change, for ever. A lost connection starts with everything again.
func follow[T any](a *api, path string, replace func(map[string]T), change func(key string, object *T)) {
	for {
		if err := followOnce(a, path, replace, change); err != nil {
			log.Printf("%s: %v", path, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func keyOf(m meta) string { return m.Namespace + "/" + m.Name }

func followOnce[T any](a *api, path string, replace func(map[string]T), change func(string, *T)) error {
	version, err := list(a, path, replace)
	if err != nil {
		return err
	}
	answer, err := a.get(path + "?watch=1&timeoutSeconds=300&resourceVersion=" + version)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for decoder := json.NewDecoder(lines); ; {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := decoder.Decode(&event); err != nil {
			return nil // the server ends every watch after a while
		}
		about, err := decode[struct{ Metadata meta }](event.Object)
		if err != nil || event.Type == "ERROR" {
			return fmt.Errorf("the watch ended: %s", event.Object)
		}
		if event.Type == "DELETED" {
			change(keyOf(about.Metadata), nil)
			continue
		}
		object, err := decode[T](event.Object)
		if err != nil {
			return err
		}
		change(keyOf(about.Metadata), &object)
	}
}

func list[T any](a *api, path string, replace func(map[string]T)) (string, error) {
	answer, err := a.get(path)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var all struct {
		Metadata struct{ ResourceVersion string }
		Items    []json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		return "", err
	}
	objects := map[string]T{}
	for _, raw := range all.Items {
		about, err := decode[struct{ Metadata meta }](raw)
		if err != nil {
			return "", err
		}
		if objects[keyOf(about.Metadata)], err = decode[T](raw); err != nil {
			return "", err
		}
	}
	replace(objects)
	return all.Metadata.ResourceVersion, nil
}
