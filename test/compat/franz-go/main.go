// The cases of franz-go against one broker; its address is the only argument.
package main

import "os"

func main() {
	bootstrap = os.Args[1]
	cases := recordCases()
	cases = append(cases, groupCases()...)
	runAll(append(cases, adminCases()...))
}
