// Takes Kinesis records apart with aws-kinesis-agg, as a consumer on Lambda
// would. Each line of the input is a record as JSON: partitionKey,
// sequenceNumber, and data in base64. For each record a line goes out: the list
// of its user records, with the same fields and explicitPartitionKey where there
// is one. A record that cannot be taken apart ends the program.
"use strict";

const { deaggregateSync } = require("aws-kinesis-agg");
const { createInterface } = require("node:readline");

const checkChecksums = true;

createInterface({ input: process.stdin }).on("line", (line) => {
  deaggregateSync(JSON.parse(line), checkChecksums, (err, users) => {
    if (err) {
      throw err;
    }
    process.stdout.write(JSON.stringify(users) + "\n");
  });
});
