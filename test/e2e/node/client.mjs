// What the programs here have in common: the command line and a client of the stream that it names. Credentials come
// from the environment, and so does a CA to trust (NODE_EXTRA_CA_CERTS).

import { parseArgs } from 'node:util';
import { KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const text = { type: 'string' };

export const { values: options } = parseArgs({
  options: {
    endpoint: text,
    region: text,
    stream: text,
    shards: text,
    compression: { ...text, default: 'none' },
    aggregation_compression: { ...text, default: 'none' },
    place: text,
    lines: { type: 'boolean', default: false },
  },
});

export const StreamName = options.stream;

// By itself the SDK speaks HTTP/2 to Kinesis, which the simulator does not.
export const kinesis = new KinesisClient({
  endpoint: options.endpoint,
  region: options.region,
  requestHandler: new NodeHttpHandler(),
});

// All shards of the stream, closed ones included.
export async function* shards() {
  for (let page = { StreamName }; page; ) {
    const { Shards, NextToken } = await kinesis.send(new ListShardsCommand(page));
    yield* Shards;
    page = NextToken && { NextToken };
  }
}
