package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
)

// A keep-alive HTTP/1.1 connection that knows just enough of the protocol to read one answer to its end.
type connection struct {
	tcp  net.Conn
	in   *bufio.Reader
	body []byte
}

func dial(host string) (*connection, error) {
	tcp, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &connection{tcp: tcp, in: bufio.NewReaderSize(tcp, 16<<10)}, nil
}

func (c *connection) close() { c.tcp.Close() }

// An answer counts when its status is 200 and it ends in a result.
func (c *connection) call(request []byte) error {
	if _, err := c.tcp.Write(request); err != nil {
		return err
	}
	length, err := c.head()
	if err != nil {
		return err
	}
	c.body = c.body[:0]
	if length >= 0 {
		err = c.take(length)
	} else {
		err = c.chunks()
	}
	if err == nil && !bytes.Contains(c.body, []byte(`"isError":false`)) {
		return errors.New("no result")
	}
	return err
}

// Content length, or -1 for chunks.
func (c *connection) head() (int, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
		return 0, errors.New(string(line))
	}
	length := -1
	for {
		line, err = c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
}

func (c *connection) take(n int) error {
	old := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.body[old:])
	return err
}

func (c *connection) chunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err = c.take(int(size)); err != nil {
			return err
		}
		if _, err = c.in.Discard(2); err != nil || size == 0 {
			return err
		}
	}
}
