// Reads frames of JSON on standard input and says on one line each what Go's encoding/json makes of them: the document into an interface
// with numbers as text, a tab, the same document into structs as a Go server declares them, a tab, the raw ids.
//
// A round is a 4-byte count, then for each document a 4-byte length and its bytes. The form of the answer is canonical.ts's; the argument is
// its table of shapes as JSON.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"
	"unicode/utf16"
)

type shape struct {
	Names  []string          `json:"names"`
	Inside map[string]string `json:"inside"`
	goType reflect.Type
}

var shapes map[string]*shape

func quoted(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(text)) {
		if unit >= 0x20 && unit < 0x7f && unit != '"' && unit != '\\' {
			out.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&out, "\\u%04x", unit)
		}
	}
	out.WriteByte('"')
	return out.String()
}

func canonical(value any) string {
	switch typed := value.(type) {
	case string:
		return quoted(typed)
	case json.Number:
		if _, err := typed.Float64(); err != nil {
			return typed.String() + "!"
		}
		return typed.String()
	case []any:
		items := make([]string, len(typed))
		for index, item := range typed {
			items[index] = canonical(item)
		}
		return "[" + strings.Join(items, ",") + "]"
	case map[string]any:
		members := make([]string, 0, len(typed))
		for name, inner := range typed {
			members = append(members, quoted(name)+":"+canonical(inner))
		}
		return object(members)
	case bool:
		return fmt.Sprint(typed)
	}
	return "null"
}

func object(members []string) string {
	sort.Strings(members)
	return "{" + strings.Join(members, ",") + "}"
}

func read(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one document")
	}
	return value, nil
}

// known reads a document into the structs of a shape; an array is read element by element.
func known(data []byte, name string, ids *[]string) string {
	data = bytes.TrimSpace(data)
	if len(data) > 0 && data[0] == '[' {
		var raw []json.RawMessage
		if json.Unmarshal(data, &raw) != nil {
			return "error"
		}
		items := make([]string, len(raw))
		for index, item := range raw {
			items[index] = known(item, name, ids)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	if len(data) == 0 || data[0] != '{' {
		return plain(data)
	}
	form := shapes[name]
	target := reflect.New(form.goType)
	if err := json.Unmarshal(data, target.Interface()); err != nil {
		return "error"
	}
	var members []string
	for index, field := range form.Names {
		raw, _ := target.Elem().Field(index).Interface().(json.RawMessage)
		if raw == nil {
			continue
		}
		if name == "envelope" && field == "id" {
			*ids = append(*ids, string(raw))
		}
		inner := ""
		if next, found := form.Inside[field]; found {
			inner = known(raw, next, ids)
		} else {
			inner = plain(raw)
		}
		members = append(members, quoted(field)+":"+inner)
	}
	return object(members)
}

func plain(data []byte) string {
	value, err := read(data)
	if err != nil {
		return "error"
	}
	return canonical(value)
}

func answer(data []byte) string {
	value, err := read(data)
	if err != nil {
		return "error"
	}
	ids := []string{}
	structs := known(data, "envelope", &ids)
	return canonical(value) + "\t" + structs + "\t" + strings.Join(ids, " ")
}

func declare(form *shape) {
	fields := make([]reflect.StructField, len(form.Names))
	for index, name := range form.Names {
		fields[index] = reflect.StructField{
			Name: fmt.Sprintf("F%d", index),
			Type: reflect.TypeOf(json.RawMessage(nil)),
			Tag:  reflect.StructTag(fmt.Sprintf("json:%q", name)),
		}
	}
	form.goType = reflect.StructOf(fields)
}

func main() {
	if err := json.Unmarshal([]byte(os.Args[1]), &shapes); err != nil {
		panic(err)
	}
	for _, form := range shapes {
		declare(form)
	}
	source, sink := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	var word [4]byte
	number := func() (int, bool) {
		_, err := io.ReadFull(source, word[:])
		return int(binary.BigEndian.Uint32(word[:])), err == nil
	}
	for {
		count, more := number()
		if !more {
			return
		}
		for ; count > 0; count-- {
			length, _ := number()
			data := make([]byte, length)
			if _, err := io.ReadFull(source, data); err != nil {
				return
			}
			sink.WriteString(answer(data))
			sink.WriteByte('\n')
		}
		sink.Flush()
	}
}
