// Idle opens silent event streams and holds them until its standard input ends. It prints how many are open as JSON, once all are
// (or one could not be opened), and how many of them are still open when it ends.
package main

import (
	"bench/wire"
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type report struct {
	Open  int64  `json:"open"`
	Error string `json:"error,omitempty"`
}

func main() {
	target := flag.String("url", "", "where to listen")
	key := flag.String("key", "", "X-API-Key")
	count := flag.Int("streams", 1000, "how many streams")
	sources := flag.Int("sources", 8, "how many loopback addresses they come from")
	flag.Parse()
	at, err := url.Parse(*target)
	if err != nil {
		log.Fatal(err)
	}
	var open atomic.Int64
	var failed error
	var once sync.Once
	var wait sync.WaitGroup
	gate := make(chan struct{}, 32)
	for i := range *count {
		wait.Add(1)
		gate <- struct{}{}
		go func() {
			defer wait.Done()
			defer func() { <-gate }()
			if err := hold(at, *key, i, i%*sources, &open); err != nil {
				once.Do(func() { failed = err })
			}
		}()
	}
	wait.Wait()
	out := report{Open: open.Load()}
	if failed != nil {
		out.Error = failed.Error()
	}
	json.NewEncoder(os.Stdout).Encode(out)
	io.Copy(io.Discard, os.Stdin)
	json.NewEncoder(os.Stdout).Encode(report{Open: open.Load()})
}

// Opens one stream, waits for its first event, and goes on reading it in the background.
func hold(at *url.URL, key string, id, source int, open *atomic.Int64) error {
	dialer := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(source+2))}}
	tcp, err := dialer.Dial("tcp", at.Host)
	if err != nil {
		return err
	}
	request := wire.Request(at.Host, at.Path, "subscriptions/listen", "", key, wire.Listen(id+1))
	if _, err = tcp.Write(request); err != nil {
		return err
	}
	tcp.SetReadDeadline(time.Now().Add(30 * time.Second))
	in := bufio.NewReaderSize(tcp, 512)
	for line := ""; !strings.HasPrefix(line, "data:"); {
		if line, err = in.ReadString('\n'); err != nil {
			return fmt.Errorf("no first event: %w", errors.Join(err, errors.New(line)))
		}
		if strings.HasPrefix(line, "HTTP/1.1 ") && !strings.HasPrefix(line, "HTTP/1.1 200") {
			return errors.New(line)
		}
	}
	tcp.SetReadDeadline(time.Time{})
	open.Add(1)
	go func() {
		io.Copy(io.Discard, in)
		open.Add(-1)
	}()
	return nil
}
