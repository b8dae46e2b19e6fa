package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// A pod must not send its first packet before its policies hold. The container runtime tells us of a pod's address before its containers start,
// by calling us as the last of the network plugins (CNI 0.4); the daemon answers when its rules are in place.

type network struct {
	Socket     string          `json:"socket"`
	PrevResult json.RawMessage `json:"prevResult"`
}

// plugin acts for CNI_COMMAND; it ends without success when the daemon does not answer, and the pod does not start.
func plugin(command string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	config, err := decode[network](text)
	if err != nil {
		return err
	}
	switch command {
	case "VERSION":
		fmt.Println(`{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}`)
	case "ADD":
		if err := announce(config); err != nil {
			return err
		}
		fmt.Println(string(config.PrevResult))
	}
	return nil
}

func announce(config network) error {
	result, err := decode[struct {
		IPs []struct{ Address string }
	}](config.PrevResult)
	if err != nil || len(result.IPs) == 0 {
		return fmt.Errorf("no address in the previous result: %s", config.PrevResult)
	}
	arguments := map[string]string{}
	for _, pair := range strings.Split(os.Getenv("CNI_ARGS"), ";") {
		name, value, _ := strings.Cut(pair, "=")
		arguments[name] = value
	}
	daemon, err := net.DialTimeout("unix", config.Socket, 5*time.Second)
	if err != nil {
		return err
	}
	defer daemon.Close()
	daemon.SetDeadline(time.Now().Add(10 * time.Second))
	address, _, _ := strings.Cut(result.IPs[0].Address, "/")
	fmt.Fprintf(daemon, "%s/%s %s\n", arguments["K8S_POD_NAMESPACE"], arguments["K8S_POD_NAME"], address)
	answer, err := bufio.NewReader(daemon).ReadString('\n')
	if err == nil && answer != "ok\n" {
		err = fmt.Errorf("enforcer: %s", answer)
	}
	return err
}

// listen answers the plugin: learn gets a pod's key and address, and returns when the rules are in place.
func listen(socket string, learn func(key, address string) error) error {
	os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				var key, address string
				fmt.Fscan(connection, &key, &address)
				answer := "ok"
				if err := learn(key, address); err != nil {
					answer = err.Error()
				}
				fmt.Fprintln(connection, answer)
			}()
		}
	}()
	return nil
}
