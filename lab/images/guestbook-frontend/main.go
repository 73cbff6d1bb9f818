// SPDX-License-Identifier: GPL-3.0-or-later

// Command guestbook-frontend is a page where visitors leave messages. It writes them to the Redis primary and reads them
// from a replica, so that what one frontend took is shown by all.
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	key        = "messages"
	maxMessage = 1000
	maxShown   = 200
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Parse(pageSource))

// service gives the address of a Redis service: by its name in the cluster's DNS, or, with GET_HOSTS_FROM=env, by the variables
// that the kubelet sets for every service that was there before the pod.
func service(name string) string {
	host, port := name, "6379"
	if os.Getenv("GET_HOSTS_FROM") == "env" {
		prefix := strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_SERVICE_"
		if value := os.Getenv(prefix + "HOST"); value != "" {
			host = value
		}
		if value := os.Getenv(prefix + "PORT"); value != "" {
			port = value
		}
	}
	return net.JoinHostPort(host, port)
}

func main() {
	address := ":8080"
	if value := os.Getenv("LISTEN"); value != "" {
		address = value
	}
	server := &http.Server{Addr: address, Handler: routes(), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("listening on %s; writing to %s, reading from %s", address, service("redis-primary"), service("redis-replica"))
	log.Fatal(server.ListenAndServe())
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", showPage)
	mux.HandleFunc("GET /messages", showMessages)
	mux.HandleFunc("POST /messages", postMessage)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return mux
}

// messages reads the newest messages, newest first.
func messages() ([]string, error) {
	reply, err := ask(service("redis-replica"), "LRANGE", key, "0", fmt.Sprint(maxShown-1))
	if err != nil {
		return nil, err
	}
	items, ok := reply.([]any)
	if !ok {
		return nil, fmt.Errorf("redis: unexpected reply %v", reply)
	}
	result := make([]string, 0, len(items))
	for _, item := range items {
		result = append(result, fmt.Sprint(item))
	}
	return result, nil
}

type view struct {
	Messages []string
	Problem  string
	Pod      string
}

func showPage(w http.ResponseWriter, _ *http.Request) {
	found, err := messages()
	shown := view{Messages: found}
	shown.Pod, _ = os.Hostname()
	if err != nil {
		log.Print(err)
		shown.Problem = "The messages cannot be read: " + err.Error()
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if err := page.Execute(w, shown); err != nil {
		log.Print(err)
	}
}

func showMessages(w http.ResponseWriter, r *http.Request) {
	found, err := messages()
	if err != nil {
		fail(w, err)
		return
	}
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string][]string{"messages": found}); err != nil {
			log.Print(err)
		}
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, message := range found {
		fmt.Fprintln(w, message)
	}
}

// postMessage takes the form of the page (field message) and, from programs, the message itself as text/plain.
func postMessage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	message, fromPage, err := messageOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, err := ask(service("redis-primary"), "LPUSH", key, message); err != nil {
		fail(w, err)
		return
	}
	if fromPage && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintln(w, "posted")
}

func messageOf(r *http.Request) (message string, fromPage bool, err error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return "", false, err
		}
		message = string(body)
	} else {
		if err := r.ParseForm(); err != nil {
			return "", false, err
		}
		message, fromPage = r.PostForm.Get("message"), true
	}
	message = strings.TrimSpace(message)
	switch {
	case message == "":
		return "", fromPage, fmt.Errorf("the message is empty: send a form with the field message, or text/plain")
	case len(message) > maxMessage:
		return "", fromPage, fmt.Errorf("the message has %d bytes; at most %d are taken", len(message), maxMessage)
	}
	return message, fromPage, nil
}

func fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}
