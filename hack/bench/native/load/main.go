// Load calls one tool over a fixed number of connections, at a given rate or as fast as it is answered, and prints what it saw as JSON.
// It reads whole answers, event streams included, which wrk's latencies do not cover, and it keeps a rate, which wrk cannot.
package main

import (
	"bench/wire"
	"encoding/json"
	"flag"
	"log"
	"net/url"
	"os"
	"sort"
	"sync"
	"time"
)

type report struct {
	Calls   int     `json:"calls"`
	Errors  int     `json:"errors"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

func main() {
	target := flag.String("url", "", "where to call")
	key := flag.String("key", "", "X-API-Key")
	tool := flag.String("tool", "small", "small, large or events")
	conns := flag.Int("conns", 1, "connections")
	rate := flag.Float64("rate", 0, "calls per second over all connections; 0 is as fast as answered")
	duration := flag.Duration("duration", 5*time.Second, "how long")
	flag.Parse()
	at, err := url.Parse(*target)
	if err != nil {
		log.Fatal(err)
	}
	var all []time.Duration
	var errors int
	var lock sync.Mutex
	var wait sync.WaitGroup
	start := time.Now()
	for i := range *conns {
		wait.Add(1)
		go func() {
			defer wait.Done()
			w := worker{host: at.Host, path: at.Path, key: *key, tool: *tool, end: start.Add(*duration)}
			if *rate > 0 {
				w.every = time.Duration(float64(*conns) / *rate * float64(time.Second))
				w.next = start.Add(w.every * time.Duration(i) / time.Duration(*conns))
			}
			w.run((i + 1) * 1_000_000)
			lock.Lock()
			all = append(all, w.took...)
			errors += w.errors
			lock.Unlock()
		}()
	}
	wait.Wait()
	seconds := time.Since(start).Seconds()
	sort.Slice(all, func(a, b int) bool { return all[a] < all[b] })
	out := report{Calls: len(all), Errors: errors, Seconds: seconds, P50: quantile(all, 0.5), P99: quantile(all, 0.99)}
	json.NewEncoder(os.Stdout).Encode(out)
}

// In microseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(q*float64(len(sorted)-1))].Nanoseconds()) / 1e3
}

type worker struct {
	host, path, key, tool string
	end, next             time.Time
	every                 time.Duration
	pace                  *pacer
	took                  []time.Duration
	errors                int
}

func (w *worker) run(id int) {
	conn, err := dial(w.host)
	if err != nil {
		w.errors++
		return
	}
	defer conn.close()
	if w.pace, err = newPacer(); err != nil {
		log.Fatal(err)
	}
	defer w.pace.close()
	for ; time.Now().Before(w.end); id++ {
		begun := w.turn()
		if err := conn.call(wire.Request(w.host, w.path, "tools/call", w.tool, w.key, wire.Call(id, w.tool))); err != nil {
			w.errors++
			conn.close()
			if conn, err = dial(w.host); err != nil {
				return
			}
			continue
		}
		w.took = append(w.took, time.Since(begun))
	}
}

// Waits for the next turn. A call that is late because the one before it was slow counts from when it should have begun.
func (w *worker) turn() time.Time {
	if w.every == 0 {
		return time.Now()
	}
	planned := w.next
	w.next = w.next.Add(w.every)
	if wait := time.Until(planned); wait > 0 {
		if err := w.pace.sleep(wait); err != nil {
			log.Fatal(err)
		}
		return time.Now()
	}
	return planned
}
