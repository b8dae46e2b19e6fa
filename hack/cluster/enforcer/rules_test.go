package main

import (
	"net/netip"
	"strings"
	"testing"
)

func parsed[T any](t *testing.T, text string) T {
	t.Helper()
	object, err := decode[T]([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func TestExceptionsAreTakenOutOfABlock(t *testing.T) {
	left := without(netip.MustParsePrefix("10.0.0.0/8"), []netip.Prefix{netip.MustParsePrefix("10.128.0.0/9"), netip.MustParsePrefix("10.0.0.0/9")})
	if len(left) != 0 {
		t.Errorf("both halves are excepted, and %v is left", left)
	}
	hole := netip.MustParseAddr("169.254.169.254")
	for _, prefix := range without(netip.MustParsePrefix("0.0.0.0/0"), []netip.Prefix{netip.PrefixFrom(hole, 32)}) {
		if prefix.Contains(hole) {
			t.Errorf("%v contains what was excepted", prefix)
		}
	}
}

func example(t *testing.T, spec string) state {
	t.Helper()
	server := parsed[pod](t, `{"metadata":{"namespace":"a","name":"server","labels":{"app":"server"}},"status":{"podIP":"10.0.0.1"},
		"spec":{"initContainers":[{"restartPolicy":"Always","ports":[{"name":"client","containerPort":18080}]}],"containers":[{}]}}`)
	other := parsed[pod](t, `{"metadata":{"namespace":"b","name":"scraper","labels":{"app":"scraper"}},"status":{"podIP":"10.0.0.2"},
		"spec":{"containers":[{"ports":[{"name":"web","containerPort":9090}]}]}}`)
	return state{
		map[string]pod{"a/server": server, "b/scraper": other},
		map[string]namespace{"/b": parsed[namespace](t, `{"metadata":{"name":"b","labels":{"team":"b"}}}`), "/a": {}},
		map[string]policy{"a/p": parsed[policy](t, `{"metadata":{"namespace":"a","name":"p"},"spec":`+spec+`}`)},
	}
}

func TestPolicies(t *testing.T) {
	for name, c := range map[string]struct{ spec, has, not string }{
		"a name is looked up at the pod that receives": {
			`{"podSelector":{},"ingress":[{"ports":[{"port":"client"}]}]}`, "-A BNP-I-10.0.0.1 -s 0.0.0.0/0 -p tcp --dport 18080 -j RETURN", "BNP-E-",
		},
		"a name of egress is one of the other pod": {
			`{"podSelector":{},"policyTypes":["Egress"],"egress":[{"to":[{"namespaceSelector":{}}],"ports":[{"port":"web"}]}]}`,
			"-A BNP-E-10.0.0.1 -d 10.0.0.2/32 -p tcp --dport 9090 -j RETURN", "BNP-I-",
		},
		"another namespace is selected by its labels": {
			`{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"team":"b"}},"podSelector":{"matchLabels":{"app":"scraper"}}}]}]}`,
			"-s 10.0.0.2/32 -j RETURN", "0.0.0.0/0",
		},
		"a pod selector alone stays in its namespace": {
			`{"podSelector":{},"ingress":[{"from":[{"podSelector":{}}]}]}`, "-s 10.0.0.1/32 -j RETURN", "10.0.0.2/32",
		},
		"no rules are a refusal": {
			`{"podSelector":{},"policyTypes":["Ingress","Egress"]}`, "-A BNP-E-10.0.0.1 -j REJECT", "0.0.0.0/0",
		},
		"a range of ports and a protocol": {
			`{"podSelector":{},"ingress":[{"ports":[{"port":53,"endPort":60,"protocol":"UDP"}]}]}`, "-p udp --dport 53:60 -j RETURN", "-p tcp --dport",
		},
		"who is not selected stays open": {
			`{"podSelector":{"matchExpressions":[{"key":"app","operator":"NotIn","values":["server"]}]}}`, ":BARTIZAN-NP", "BNP-I-",
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := rules(example(t, c.spec))
			if !strings.Contains(text, c.has) || strings.Contains(text, c.not) {
				t.Errorf("wants %q and not %q in:\n%s", c.has, c.not, text)
			}
		})
	}
}
