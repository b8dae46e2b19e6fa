// Steady adds numbers for a while and prints, as JSON, how evenly the machine let it: a processor that belongs to others for a part of the time
// makes latencies that no program can answer for. It counts additions in windows of two milliseconds.
package main

import (
	"encoding/json"
	"flag"
	"os"
	"sort"
	"time"
)

const window = 2 * time.Millisecond

type report struct {
	Windows int `json:"windows"`
	// Windows in which less than a quarter of the median was done.
	Slow int `json:"slow"`
}

func main() {
	duration := flag.Duration("duration", 5*time.Second, "how long")
	flag.Parse()
	var done []int
	begun := time.Now()
	end := begun.Add(*duration)
	count, x := 0, uint32(1)
	for now := begun; now.Before(end); {
		for range 200 {
			x = x*1664525 + 1013904223
		}
		count++
		if now = time.Now(); now.Sub(begun) >= window {
			done = append(done, count)
			begun, count = now, 0
		}
	}
	sort.Ints(done)
	out := report{Windows: len(done)}
	for _, each := range done {
		if 4*each < done[len(done)/2] {
			out.Slow++
		}
	}
	if x == 0 { // keeps the sum alive
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(out)
}
