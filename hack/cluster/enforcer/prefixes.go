package main

import "net/netip"

// without gives the addresses of a prefix that lie in none of the exceptions, as prefixes.
func without(from netip.Prefix, except []netip.Prefix) []netip.Prefix {
	for _, e := range except {
		if e.Bits() <= from.Bits() && e.Contains(from.Addr()) {
			return nil
		}
	}
	for _, e := range except {
		if from.Overlaps(e) {
			lower, upper := halves(from)
			return append(without(lower, except), without(upper, except)...)
		}
	}
	return []netip.Prefix{from}
}

func halves(whole netip.Prefix) (netip.Prefix, netip.Prefix) {
	bits := whole.Bits() + 1
	upper := whole.Addr().AsSlice()
	upper[(bits-1)/8] |= 1 << (7 - (bits-1)%8)
	address, _ := netip.AddrFromSlice(upper)
	return netip.PrefixFrom(whole.Addr(), bits), netip.PrefixFrom(address, bits)
}
