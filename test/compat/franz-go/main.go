// The cases of franz-go against one broker, whose address is the only argument; with more of them,
// a worker of the pipeline that exactly-once.ts describes.
package main

import "os"

func main() {
	if len(os.Args) > 2 {
		os.Exit(runPipeline(os.Args[1:]))
	}
	bootstrap = os.Args[1]
	cases := recordCases()
	cases = append(cases, groupCases()...)
	cases = append(cases, restCases()...)
	cases = append(cases, transactionCases()...)
	runAll(append(cases, adminCases()...))
}
