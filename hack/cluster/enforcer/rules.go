package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// state is what the API server says: all pods, namespaces and policies, by "namespace/name".
type state struct {
	pods       map[string]pod
	namespaces map[string]namespace
	policies   map[string]policy
}

const mainChain = "BARTIZAN-NP"

// side is one direction of one pod's traffic: which policies' rules count, and how iptables names the other end.
type side struct {
	direction, chain, self, other string
	rules                         func(policy) []rule
	peers                         func(rule) []peer
}

var sides = []side{
	{"Egress", "BNP-E-", "-s", "-d", func(p policy) []rule { return p.Spec.Egress }, func(r rule) []peer { return r.To }},
	{"Ingress", "BNP-I-", "-d", "-s", func(p policy) []rule { return p.Spec.Ingress }, func(r rule) []peer { return r.From }},
}

// rules gives the input of `iptables-restore --noflush`: our chains, all anew, in one transaction.
//
// Every packet in a connection's own direction is judged, not only its first one, so that a connection that a new policy forbids ends.
// Answers pass. A pod always reaches itself. The node reaches its pods, since its packets do not come by here: probes need that.
func rules(s state) string {
	chains := []string{mainChain}
	lines := []string{
		fmt.Sprintf("-A %s -m conntrack --ctstate RELATED -j RETURN", mainChain),
		fmt.Sprintf("-A %s -m conntrack --ctdir REPLY --ctstate ESTABLISHED -j RETURN", mainChain),
	}
	for _, key := range sorted(s.pods) {
		p := s.pods[key]
		if !reachable(p) {
			continue
		}
		for _, side := range sides {
			policies := governing(s, p, side.direction)
			if len(policies) == 0 {
				continue
			}
			chain := side.chain + p.Status.PodIP
			chains = append(chains, chain)
			lines = append(lines, fmt.Sprintf("-A %s %s %s -j %s", mainChain, side.self, p.Status.PodIP, chain))
			lines = append(lines, fmt.Sprintf("-A %s %s %s -j RETURN", chain, side.other, p.Status.PodIP))
			lines = append(lines, admitted(s, p, side, chain, policies)...)
			lines = append(lines, fmt.Sprintf("-A %s -p tcp -j REJECT --reject-with tcp-reset", chain))
			lines = append(lines, fmt.Sprintf("-A %s -j REJECT", chain))
		}
	}
	var text strings.Builder
	text.WriteString("*filter\n")
	for _, chain := range chains {
		fmt.Fprintf(&text, ":%s - [0:0]\n", chain) // also empties the chain
	}
	for _, line := range lines {
		text.WriteString(line + "\n")
	}
	text.WriteString("COMMIT\n")
	return text.String()
}

func reachable(p pod) bool {
	return p.Status.PodIP != "" && !p.Spec.HostNetwork && p.Status.Phase != "Succeeded" && p.Status.Phase != "Failed"
}

func governing(s state, p pod, direction string) []policy {
	var found []policy
	for _, key := range sorted(s.policies) {
		policy := s.policies[key]
		same := policy.Metadata.Namespace == p.Metadata.Namespace
		if same && policy.governs(direction) && policy.Spec.PodSelector.matches(p.Metadata.Labels) {
			found = append(found, policy)
		}
	}
	return found
}

func admitted(s state, p pod, side side, chain string, policies []policy) []string {
	var lines []string
	for _, policy := range policies {
		for _, rule := range side.rules(policy) {
			for _, end := range ends(s, policy.Metadata.Namespace, side.peers(rule)) {
				// A named port is one of the pod that receives.
				receiver := p
				if side.direction == "Egress" {
					receiver = end.pod
				}
				for _, match := range portMatches(rule.Ports, receiver) {
					lines = append(lines, fmt.Sprintf("-A %s %s %s%s -j RETURN", chain, side.other, end.prefix, match))
				}
			}
		}
	}
	return lines
}

// end is one place that a rule admits; the pod is empty for a block of addresses.
type end struct {
	prefix netip.Prefix
	pod    pod
}

func ends(s state, home string, peers []peer) []end {
	if len(peers) == 0 {
		return []end{{prefix: netip.MustParsePrefix("0.0.0.0/0")}}
	}
	var found []end
	for _, peer := range peers {
		if peer.IPBlock != nil {
			found = append(found, blocks(peer.IPBlock.CIDR, peer.IPBlock.Except)...)
			continue
		}
		for _, key := range sorted(s.pods) {
			p := s.pods[key]
			if reachable(p) && selected(s, home, peer, p) {
				found = append(found, end{netip.MustParsePrefix(p.Status.PodIP + "/32"), p})
			}
		}
	}
	return found
}

func selected(s state, home string, peer peer, p pod) bool {
	if peer.PodSelector != nil && !peer.PodSelector.matches(p.Metadata.Labels) {
		return false
	}
	if peer.NamespaceSelector == nil {
		return p.Metadata.Namespace == home
	}
	return peer.NamespaceSelector.matches(s.namespaces["/"+p.Metadata.Namespace].Metadata.Labels)
}

// blocks leaves out IPv6: pods here have none, and the node forwards none.
func blocks(cidr string, except []string) []end {
	whole, err := netip.ParsePrefix(cidr)
	if err != nil || !whole.Addr().Is4() {
		return nil
	}
	var holes []netip.Prefix
	for _, text := range except {
		if hole, err := netip.ParsePrefix(text); err == nil {
			holes = append(holes, hole.Masked())
		}
	}
	var found []end
	for _, prefix := range without(whole.Masked(), holes) {
		found = append(found, end{prefix: prefix})
	}
	return found
}

// portMatches gives what iptables has to match for the ports of a rule: no ports are all, a name that the receiver lacks is none.
func portMatches(ports []policyPort, receiver pod) []string {
	if len(ports) == 0 {
		return []string{""}
	}
	var found []string
	for _, port := range ports {
		protocol := strings.ToLower(port.Protocol)
		if protocol == "" {
			protocol = "tcp"
		}
		number, isNumber := port.Port.number()
		switch {
		case port.Port == "":
			found = append(found, " -p "+protocol)
		case isNumber && port.EndPort > number:
			found = append(found, fmt.Sprintf(" -p %s --dport %d:%d", protocol, number, port.EndPort))
		case isNumber:
			found = append(found, fmt.Sprintf(" -p %s --dport %d", protocol, number))
		default:
			for _, number := range named(receiver, string(port.Port), protocol) {
				found = append(found, fmt.Sprintf(" -p %s --dport %d", protocol, number))
			}
		}
	}
	return found
}

func named(p pod, name, protocol string) []int {
	var found []int
	sidecars := slices.DeleteFunc(slices.Clone(p.Spec.InitContainers), func(c container) bool { return c.RestartPolicy != "Always" })
	for _, container := range append(sidecars, p.Spec.Containers...) {
		for _, port := range container.Ports {
			if port.Name == name && (strings.EqualFold(port.Protocol, protocol) || port.Protocol == "" && protocol == "tcp") {
				found = append(found, port.ContainerPort)
			}
		}
	}
	return found
}

func sorted[T any](objects map[string]T) []string {
	keys := make([]string, 0, len(objects))
	for key := range objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
