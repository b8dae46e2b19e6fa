// Command enforcer is a test tool: it enforces NetworkPolicies on a node of its own, where no network plugin does. It programs iptables in the
// network namespace that it runs in. On any other cluster the cluster's own plugin is what is tested.
//
// It knows ingress and egress, policyTypes, podSelector, namespaceSelector, ipBlock with except, ports by number, range and name, and their
// protocols. It knows IPv4 alone: IPv6 between pods is dropped. What it cannot see, as any enforcer on a node: a pod's loopback.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

type enforcer struct {
	api     *api
	lock    sync.Mutex
	state   state
	learned map[string]string // addresses of pods that the API does not tell yet
	off     string
	applied string
	chains  map[string]bool
	changed chan struct{}
}

func main() {
	if command := os.Getenv("CNI_COMMAND"); command != "" {
		if err := plugin(command); err != nil {
			fmt.Printf(`{"cniVersion":"0.4.0","code":100,"msg":%q}`+"\n", err.Error())
			os.Exit(1)
		}
		return
	}
	server := flag.String("server", "", "URL of the API server")
	ca := flag.String("ca", "", "file of its certificate authority")
	cert := flag.String("cert", "", "file of our certificate")
	key := flag.String("key", "", "file of our key")
	socket := flag.String("socket", "", "where the network plugin finds us")
	off := flag.String("off", "", "file that suspends all policies while it exists")
	flag.Parse()
	api, err := connect(*server, *ca, *cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	e := &enforcer{api: api, off: *off, learned: map[string]string{}, chains: map[string]bool{}, changed: make(chan struct{}, 1)}
	e.state = state{map[string]pod{}, map[string]namespace{}, map[string]policy{}}
	if err := run("", "ip6tables", "-P", "FORWARD", "DROP"); err != nil {
		log.Print(err) // a kernel without IPv6 forwards none
	}
	follows(e, "/api/v1/namespaces", func(s *state) map[string]namespace { return s.namespaces })
	follows(e, "/apis/networking.k8s.io/v1/networkpolicies", func(s *state) map[string]policy { return s.policies })
	follows(e, "/api/v1/pods", func(s *state) map[string]pod { return s.pods })
	if err := listen(*socket, e.learn); err != nil {
		log.Fatal(err)
	}
	for {
		select {
		case <-e.changed:
			time.Sleep(20 * time.Millisecond) // changes come in groups
		case <-time.After(2 * time.Second): // another program may have put a rule before ours
		}
		e.lock.Lock()
		if err := e.sync(); err != nil {
			log.Print(err)
		}
		e.lock.Unlock()
	}
}

func (e *enforcer) wake() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func follows[T any](e *enforcer, path string, in func(*state) map[string]T) {
	go follow(e.api, path, func(all map[string]T) {
		e.lock.Lock()
		defer e.lock.Unlock()
		objects := in(&e.state)
		clear(objects)
		for key, object := range all {
			objects[key] = object
		}
		e.wake()
	}, func(key string, object *T) {
		e.lock.Lock()
		defer e.lock.Unlock()
		if object == nil {
			delete(in(&e.state), key)
			delete(e.learned, key)
		} else {
			in(&e.state)[key] = *object
		}
		e.wake()
	})
}

// learn puts the rules of a pod in place before its containers start. The pod and its policies are read anew, since what we watch may be late.
func (e *enforcer) learn(key, address string) error {
	space, name, _ := strings.Cut(key, "/")
	var pods map[string]pod
	var policies map[string]policy
	if _, err := list(e.api, "/api/v1/namespaces/"+space+"/pods?fieldSelector=metadata.name%3D"+name, func(all map[string]pod) { pods = all }); err != nil {
		return err
	}
	if _, err := list(e.api, "/apis/networking.k8s.io/v1/namespaces/"+space+"/networkpolicies", func(all map[string]policy) { policies = all }); err != nil {
		return err
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	e.learned[key] = address
	for key, pod := range pods {
		e.state.pods[key] = pod
	}
	for key, policy := range policies {
		e.state.policies[key] = policy
	}
	return e.sync()
}

// known is the state with the addresses that we were told before the API knew them.
func (e *enforcer) known() state {
	if _, err := os.Stat(e.off); err == nil {
		return state{}
	}
	pods := maps.Clone(e.state.pods)
	for key, address := range e.learned {
		if pod := pods[key]; pod.Status.PodIP == "" {
			pod.Status.PodIP = address
			pods[key] = pod
		}
	}
	return state{pods, e.state.namespaces, e.state.policies}
}

func (e *enforcer) sync() error {
	wanted := rules(e.known())
	if wanted != e.applied {
		if err := run(wanted, "iptables-restore", "--noflush", "--wait"); err != nil {
			return err
		}
		e.applied = wanted
		log.Printf("%d pods, %d policies, %d lines", len(e.state.pods), len(e.state.policies), strings.Count(wanted, "\n"))
		e.sweep(wanted)
	}
	return first()
}

// sweep removes the chains of pods that are gone.
func (e *enforcer) sweep(wanted string) {
	chains := map[string]bool{}
	for _, line := range strings.Split(wanted, "\n") {
		if name, is := strings.CutPrefix(line, ":"); is {
			chains[strings.Fields(name)[0]] = true
		}
	}
	for chain := range e.chains {
		if !chains[chain] {
			run("", "iptables", "--wait", "-F", chain)
			run("", "iptables", "--wait", "-X", chain)
		}
	}
	e.chains = chains
}

// first sees to it that packets come by us before anything else may let them through.
func first() error {
	for _, hook := range []string{"FORWARD", "INPUT"} {
		listed, err := exec.Command("iptables", "--wait", "-S", hook, "1").CombinedOutput()
		if err == nil && strings.Contains(string(listed), "-j "+mainChain) {
			continue
		}
		run("", "iptables", "--wait", "-D", hook, "-j", mainChain)
		if err := run("", "iptables", "--wait", "-I", hook, "1", "-j", mainChain); err != nil {
			return err
		}
	}
	return nil
}

func run(input, name string, arguments ...string) error {
	command := exec.Command(name, arguments...)
	command.Stdin = strings.NewReader(input)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %v: %s", name, strings.Join(arguments, " "), err, said.String())
	}
	return nil
}
