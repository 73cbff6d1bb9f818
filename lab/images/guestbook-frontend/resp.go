// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const redisTimeout = 3 * time.Second

// maxReply bounds what a reply may ask us to allocate.
const maxReply = 16 << 20

// ask sends one command to a Redis server and gives its reply: a string, an int64, nil or a slice of these.
func ask(address string, arguments ...string) (any, error) {
	connection, err := net.DialTimeout("tcp", address, redisTimeout)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(redisTimeout)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(connection, encode(arguments)); err != nil {
		return nil, err
	}
	return decode(bufio.NewReader(connection))
}

// encode writes a command as RESP: an array of bulk strings.
func encode(arguments []string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "*%d\r\n", len(arguments))
	for _, argument := range arguments {
		fmt.Fprintf(&out, "$%d\r\n%s\r\n", len(argument), argument)
	}
	return out.String()
}

// decode reads one RESP reply.
func decode(reader *bufio.Reader) (any, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return nil, errors.New("redis: empty reply")
	}
	rest := line[1:]
	switch line[0] {
	case '+':
		return rest, nil
	case '-':
		return nil, errors.New("redis: " + rest)
	case ':':
		return strconv.ParseInt(rest, 10, 64)
	case '$':
		return decodeString(reader, rest)
	case '*':
		return decodeArray(reader, rest)
	}
	return nil, fmt.Errorf("redis: unknown reply %q", line)
}

func length(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && n > maxReply {
		err = fmt.Errorf("redis: a reply of %d is too long", n)
	}
	return n, err
}

func decodeString(reader *bufio.Reader, size string) (any, error) {
	n, err := length(size)
	if err != nil || n < 0 {
		return nil, err
	}
	data := make([]byte, n+2)
	if _, err := io.ReadFull(reader, data); err != nil {
		return nil, err
	}
	return string(data[:n]), nil
}

func decodeArray(reader *bufio.Reader, size string) (any, error) {
	n, err := length(size)
	if err != nil || n < 0 {
		return nil, err
	}
	items := []any{}
	for range n {
		item, err := decode(reader)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
