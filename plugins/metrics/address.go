package metrics

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ParseAddress reads where a [Page] is to be served: an IP address or a name,
// and a port, in the form in which equal addresses are equal. Nothing stands
// for every address of the machine but that which does so by itself, 0.0.0.0 or
// [::]: who leaves the host out may not know what that means.
func ParseAddress(text string) (address string, err error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || strings.ContainsAny(host, " \t/@") {
		return "", errAddress
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", errAddress
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.FormatUint(number, 10)), nil
}

var errAddress = errors.New("must be an address and a port, such as 127.0.0.1:2021, or 0.0.0.0:2021 for every address of the machine")

// network is the one that an address is listened on in. Go's "tcp" takes
// 0.0.0.0 for the addresses of IPv6 as well.
func network(address string) string {
	at, err := netip.ParseAddrPort(address)
	switch {
	case err != nil: // a name
		return "tcp"
	case at.Addr().Is4():
		return "tcp4"
	}
	return "tcp6"
}
