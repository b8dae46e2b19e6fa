// Package wire is what the native parts of the benchmark agree on: the tools, the bodies of the calls and the texts of the answers.
package wire

import (
	"bytes"
	"fmt"
	"strings"
)

// Revision is the protocol revision that every call claims, in its body and in its header.
const Revision = "2026-07-28"

const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"` + Revision +
	`","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}`

// Call is a tools/call of about 300 bytes.
func Call(id int, tool string) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":{"city":"Lisbon","units":"metric"},%s}}`, id, tool, meta)
}

// Listen is a subscriptions/listen whose stream stays open.
func Listen(id int) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},%s}}`, id, meta)
}

// Request is a whole HTTP/1.1 POST; name is empty where the revision wants no Mcp-Name.
func Request(host, path, method, name, key string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n", path, host)
	fmt.Fprintf(&b, "MCP-Protocol-Version: %s\r\nMcp-Method: %s\r\n", Revision, method)
	if name != "" {
		fmt.Fprintf(&b, "Mcp-Name: %s\r\n", name)
	}
	if key != "" {
		fmt.Fprintf(&b, "X-API-Key: %s\r\n", key)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(body))
	b.Write(body)
	return b.Bytes()
}

// Prose is text of about the given length that looks like what tools answer: words, figures, identifiers, and no two lines alike.
func Prose(length int) string {
	words := strings.Fields("the forecast for region north shows light rain until evening with wind from west at 14 km/h and pressure 1013.2 hPa " +
		"order 7f3a9c21 shipped to customer account 4412 on 2026-03-14 with status delivered see https://example.org/items/88231 for details")
	var b strings.Builder
	seed := uint32(1)
	for line := 0; b.Len() < length; line++ {
		fmt.Fprintf(&b, "%d: ", line)
		for range 12 {
			seed = seed*1664525 + 1013904223
			b.WriteString(words[int(seed>>16)%len(words)])
			b.WriteByte(' ')
		}
		b.WriteByte('.')
		b.WriteByte(' ')
	}
	return b.String()[:length]
}
