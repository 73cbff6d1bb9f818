// SPDX-License-Identifier: GPL-3.0-or-later

// Command hello-world shows that a container engine can pull an image and run it.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	name, err := os.Hostname()
	if err != nil {
		name = "an unnamed host"
	}
	fmt.Printf("Hello from container %s (%s/%s).\n", name, runtime.GOOS, runtime.GOARCH)
}
