package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// As much of the API's objects as decides about packets.

type meta struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
}

type container struct {
	RestartPolicy string `json:"restartPolicy"`
	Ports         []struct {
		Name          string `json:"name"`
		ContainerPort int    `json:"containerPort"`
		Protocol      string `json:"protocol"`
	} `json:"ports"`
}

type pod struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		HostNetwork    bool        `json:"hostNetwork"`
		InitContainers []container `json:"initContainers"`
		Containers     []container `json:"containers"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
		PodIP string `json:"podIP"`
	} `json:"status"`
}

type namespace struct {
	Metadata meta `json:"metadata"`
}

type selector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

// A port is a number or a name.
type portName string

func (p *portName) UnmarshalJSON(text []byte) error {
	*p = portName(bytes.Trim(text, `"`))
	return nil
}

func (p portName) number() (int, bool) {
	number, err := strconv.Atoi(string(p))
	return number, err == nil
}

type policyPort struct {
	Protocol string   `json:"protocol"`
	Port     portName `json:"port"`
	EndPort  int      `json:"endPort"`
}

type peer struct {
	PodSelector       *selector `json:"podSelector"`
	NamespaceSelector *selector `json:"namespaceSelector"`
	IPBlock           *struct {
		CIDR   string   `json:"cidr"`
		Except []string `json:"except"`
	} `json:"ipBlock"`
}

type rule struct {
	From  []peer       `json:"from"`
	To    []peer       `json:"to"`
	Ports []policyPort `json:"ports"`
}

type policy struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		PodSelector selector `json:"podSelector"`
		PolicyTypes []string `json:"policyTypes"`
		Ingress     []rule   `json:"ingress"`
		Egress      []rule   `json:"egress"`
	} `json:"spec"`
}

// Without policyTypes a policy is one of ingress, and one of egress too if it has such rules.
func (p policy) governs(direction string) bool {
	if len(p.Spec.PolicyTypes) == 0 {
		return direction == "Ingress" || len(p.Spec.Egress) > 0
	}
	return slices.Contains(p.Spec.PolicyTypes, direction)
}

func (s selector) matches(labels map[string]string) bool {
	for key, value := range s.MatchLabels {
		if found, has := labels[key]; !has || found != value {
			return false
		}
	}
	for _, e := range s.MatchExpressions {
		value, has := labels[e.Key]
		in := has && slices.Contains(e.Values, value)
		holds := map[string]bool{"In": in, "NotIn": !in, "Exists": has, "DoesNotExist": !has}[e.Operator]
		if !holds {
			return false
		}
	}
	return true
}

func decode[T any](raw []byte) (T, error) {
	var object T
	err := json.Unmarshal(raw, &object)
	return object, err
}
