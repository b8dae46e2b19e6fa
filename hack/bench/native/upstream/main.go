// Upstream is an MCP-shaped server that costs almost nothing: what the benchmark's calls need and what a gateway asks for its health.
package main

import (
	"bench/wire"
	"bytes"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
)

const prefix = `{"jsonrpc":"2.0","id":`

var (
	small = result(wire.Prose(200))
	large = result(wire.Prose(64 << 10))
)

func result(text string) []byte {
	return []byte(`,"result":{"resultType":"complete","content":[{"type":"text","text":"` + text + `"}],"isError":false}}`)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	log.Fatal(http.Serve(listener, http.HandlerFunc(serve)))
}

func serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet:
		silent(w, r, nil)
		return
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	id := token(body, `"id":`)
	method := string(bytes.Trim(token(body, `"method":`), `"`))
	switch {
	case id == nil:
		w.WriteHeader(http.StatusAccepted)
	case method == "tools/call":
		call(w, body, id)
	case method == "subscriptions/listen":
		silent(w, r, fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"notifications":{"toolsListChanged":true}}}`, id))
	default:
		describe(w, method, id)
	}
}

func call(w http.ResponseWriter, body, id []byte) {
	switch string(bytes.Trim(token(body, `"name":`), `"`)) {
	case "large":
		answer(w, id, large)
	case "events":
		events(w, id)
	default:
		answer(w, id, small)
	}
}

func describe(w http.ResponseWriter, method string, id []byte) {
	switch method {
	case "server/discover":
		answer(w, id, []byte(`,"result":{"resultType":"complete","supportedVersions":["`+wire.Revision+`"],"capabilities":{"tools":{}},"serverInfo":{"name":"upstream","version":"1"},"ttlMs":0,"cacheScope":"public"}}`))
	case "initialize":
		answer(w, id, []byte(`,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"upstream","version":"1"}}}`))
	case "tools/list":
		schema := `"description":"A tool of the benchmark.","inputSchema":{"type":"object"}}`
		answer(w, id, []byte(`,"result":{"resultType":"complete","tools":[{"name":"small",`+schema+`,{"name":"large",`+schema+`,{"name":"events",`+schema+`],"ttlMs":0,"cacheScope":"public"}}`))
	case "ping":
		answer(w, id, []byte(`,"result":{}}`))
	default:
		answer(w, id, []byte(`,"error":{"code":-32601,"message":"Method not found"}}`))
	}
}

func answer(w http.ResponseWriter, id, rest []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(prefix) + len(id) + len(rest))}
	io.WriteString(w, prefix)
	w.Write(id)
	w.Write(rest)
}

// Five notifications, each in a packet of its own, then the result.
func events(w http.ResponseWriter, id []byte) {
	flush := stream(w)
	for i := range 5 {
		fmt.Fprintf(w, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"step %d of 5: reading the station and comparing it with yesterday\"}}\n\n", i+1)
		flush()
	}
	fmt.Fprintf(w, "event: message\ndata: %s%s%s\n\n", prefix, id, small)
}

func silent(w http.ResponseWriter, r *http.Request, first []byte) {
	flush := stream(w)
	if first != nil {
		fmt.Fprintf(w, "event: message\ndata: %s\n\n", first)
	}
	flush()
	<-r.Context().Done()
}

func stream(w http.ResponseWriter) func() {
	w.Header()["Content-Type"] = []string{"text/event-stream"}
	w.Header()["Cache-Control"] = []string{"no-cache"}
	w.Header()["X-Accel-Buffering"] = []string{"no"}
	w.WriteHeader(http.StatusOK)
	return w.(http.Flusher).Flush
}

// The first value of a member, as it is spelled: every body is the benchmark's own and names its members in this order.
func token(body []byte, member string) []byte {
	at := bytes.Index(body, []byte(member))
	if at < 0 {
		return nil
	}
	rest := body[at+len(member):]
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return nil
	}
	return rest[:end]
}
