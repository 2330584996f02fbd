package kinesistest_test

import (
	"fmt"
	"net/http"
	"strings"

	"fluent-bit-kinesis/internal/kinesistest"
)

func ExampleNew() {
	s, err := kinesistest.New(kinesistest.Options{
		PlainHTTP:      true,
		SkipSignatures: true,
		Streams:        map[string]int{"logs": 2},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	body := `{"StreamName":"logs","Records":[{"PartitionKey":"web-1","Data":"aGVsbG8="},{"PartitionKey":"web-2","Data":"d29ybGQ="}]}`
	r, err := http.NewRequest(http.MethodPost, s.URL(), strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecords")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()

	fmt.Println(answer.Status)
	for _, r := range s.Records("logs") {
		fmt.Printf("%s %s %s\n", r.ShardID, r.PartitionKey, r.Data)
	}
	// Output:
	// 200 OK
	// shardId-000000000001 web-1 hello
	// shardId-000000000000 web-2 world
}
