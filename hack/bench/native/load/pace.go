package main

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// A pacer waits for moments on a timer of the kernel. Go's own sleep rounds up to a millisecond while the process is idle (its poller waits in
// milliseconds), so that calls at a steady rate would leave in bursts, and their latency would be that of a queue that the generator made.
type pacer struct{ timer *os.File }

const (
	clockMonotonic = 1
	nonblocking    = 0o4000
)

func newPacer() (*pacer, error) {
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, nonblocking, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("timerfd_create", errno)
	}
	return &pacer{os.NewFile(fd, "timer")}, nil
}

// Returns after the given time, as precisely as the kernel wakes a process.
func (p *pacer) sleep(wait time.Duration) error {
	spec := [2]syscall.Timespec{{}, syscall.NsecToTimespec(wait.Nanoseconds())}
	raw, err := p.timer.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("timerfd_settime", errno)
	}
	if err != nil {
		return err
	}
	var fired [8]byte
	_, err = p.timer.Read(fired[:])
	return err
}

func (p *pacer) close() { p.timer.Close() }
