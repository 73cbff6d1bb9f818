// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestReplies(t *testing.T) {
	for text, want := range map[string]any{
		"+OK\r\n":                             "OK",
		":42\r\n":                             int64(42),
		"$5\r\na\r\nbc\r\n":                   "a\r\nbc",
		"$0\r\n\r\n":                          "",
		"$-1\r\n":                             nil,
		"*-1\r\n":                             nil,
		"*0\r\n":                              []any{},
		"*3\r\n$1\r\nx\r\n:1\r\n*1\r\n+y\r\n": []any{"x", int64(1), []any{"y"}},
	} {
		got, err := decode(bufio.NewReader(strings.NewReader(text)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %#v, %v; wanted %#v", text, got, err, want)
		}
	}
}

func TestBadReplies(t *testing.T) {
	for _, text := range []string{"", "\r\n", "-ERR no\r\n", "?\r\n", "$5\r\nab", "$x\r\n", "*2\r\n:1\r\n", "$999999999999\r\n", "*99999999\r\n"} {
		if got, err := decode(bufio.NewReader(strings.NewReader(text))); err == nil {
			t.Errorf("%q gives %#v, wanted an error", text, got)
		}
	}
}

func TestServicesAreFoundByNameOrByVariables(t *testing.T) {
	t.Setenv("REDIS_PRIMARY_SERVICE_HOST", "10.254.0.9")
	t.Setenv("REDIS_PRIMARY_SERVICE_PORT", "6380")
	if got := service("redis-primary"); got != "redis-primary:6379" {
		t.Error(got)
	}
	t.Setenv("GET_HOSTS_FROM", "env")
	if got := service("redis-primary"); got != "10.254.0.9:6380" {
		t.Error(got)
	}
}

// redis answers every connection with reply, and tells what it was asked.
func redis(t *testing.T, variable, reply string) <-chan string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	t.Setenv("GET_HOSTS_FROM", "env")
	t.Setenv(variable+"_SERVICE_HOST", host)
	t.Setenv(variable+"_SERVICE_PORT", port)
	asked := make(chan string, 10)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 4096)
			n, _ := connection.Read(buffer)
			asked <- string(buffer[:n])
			connection.Write([]byte(reply))
			connection.Close()
		}
	}()
	return asked
}

func TestMessagesAreWrittenToThePrimaryAndReadFromAReplica(t *testing.T) {
	written := redis(t, "REDIS_PRIMARY", ":1\r\n")
	read := redis(t, "REDIS_REPLICA", "*1\r\n$9\r\n<b>hi</b>\r\n")
	server := httptest.NewServer(routes())
	defer server.Close()

	answer, err := http.PostForm(server.URL+"/messages", url.Values{"message": {" <b>hi</b> "}})
	if err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatal(answer, err)
	}
	if got, want := <-written, encode([]string{"LPUSH", "messages", "<b>hi</b>"}); got != want {
		t.Errorf("wrote %q, wanted %q", got, want)
	}
	for path, want := range map[string]string{
		"/messages?format=json": `{"messages":["\u003cb\u003ehi\u003c/b\u003e"]}`,
		"/messages":             "<b>hi</b>\n",
		"/":                     "<li>&lt;b&gt;hi&lt;/b&gt;</li>",
		"/healthz":              "ok",
	} {
		recorder := httptest.NewRecorder()
		routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code != http.StatusOK || !strings.Contains(recorder.Body.String(), want) {
			t.Errorf("%s gives %d %q, wanted %q", path, recorder.Code, recorder.Body, want)
		}
	}
	if got := <-read; !strings.Contains(got, "LRANGE") {
		t.Errorf("asked %q", got)
	}
}

func TestBadMessagesAreRefused(t *testing.T) {
	for _, message := range []string{"", "  ", strings.Repeat("x", maxMessage+1)} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/messages", strings.NewReader(url.Values{"message": {message}}.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		routes().ServeHTTP(recorder, request)
		if recorder.Code != http.StatusBadRequest {
			t.Errorf("%.20q gives %d", message, recorder.Code)
		}
	}
}

func TestWithoutRedisThePageSaysSo(t *testing.T) {
	t.Setenv("GET_HOSTS_FROM", "env")
	t.Setenv("REDIS_REPLICA_SERVICE_HOST", "127.0.0.1")
	t.Setenv("REDIS_REPLICA_SERVICE_PORT", "1")
	recorder := httptest.NewRecorder()
	routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if recorder.Code != http.StatusServiceUnavailable || !strings.Contains(recorder.Body.String(), "cannot be read") {
		t.Errorf("%d %q", recorder.Code, recorder.Body)
	}
}
