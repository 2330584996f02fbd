// Reads a stream back from its start to its present end, as a consumer of the plugin's users would: through the AWS
// SDK for JavaScript, with aggregates taken apart by AWS's aws-kinesis-agg and with decoders that know nothing of the
// plugin. Prints one JSON object per log record, see `found` in node_test.go. Then deletes the stream, for the
// simulator holds it in memory.
//
//   node consume.mjs --endpoint URL --region REGION --stream NAME [--compression FORMAT] [--aggregation_compression FORMAT]
//       [--place FIELD] [--lines]
//
// With --place, a record that is JSON says in this field where in the stream's range of hash keys it is to go.
// With --lines, Kinesis records are lines, compressed as a whole.

import { createHash } from 'node:crypto';
import { gunzipSync, inflateSync } from 'node:zlib';
import { DeleteStreamCommand, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import kpl from 'aws-kinesis-agg';
import { decompress as unzstd } from 'fzstd';
import snappy from 'snappyjs';
import { StreamName, kinesis, options, shards } from './client.mjs';

const decoders = {
  none: (data) => data,
  gzip: gunzipSync,
  zlib: inflateSync,
  zstd: unzstd,
  snappy: (data) => snappy.uncompress(data),
};

// How compressed aggregates begin. Records that travel beside them are not compressed so, and begin otherwise.
const magic = { gzip: Buffer.from('1f8b', 'hex'), zstd: Buffer.from('28b52ffd', 'hex') };

// The Kinesis records of a shard in their order. Nothing is put on the stream any more: it ends where an answer that
// has caught up is empty or, for a shard that was closed, where there is no next one.
async function* recordsOf({ ShardId }) {
  const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(start));
  while (ShardIterator) {
    const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    yield* answer.Records;
    if (answer.Records.length === 0 && answer.MillisBehindLatest === 0) return;
    ShardIterator = answer.NextShardIterator;
  }
}

// The data of a Kinesis record, without the compression of aggregates where it has that.
function unpack(record) {
  const format = options.aggregation_compression;
  const data = Buffer.from(record.Data);
  const compressed = magic[format]?.equals(data.subarray(0, magic[format].length)) ?? false;
  return { compressed, data: compressed ? Buffer.from(decoders[format](data)) : data };
}

// The log records in a Kinesis record. Of one that is no aggregate there is one, without a subSequenceNumber.
function split(record, data) {
  const users = [];
  const asLambdaHasIt = {
    data: data.toString('base64'),
    partitionKey: record.PartitionKey,
    sequenceNumber: record.SequenceNumber,
  };
  kpl.deaggregateSync(asLambdaHasIt, true, (error, records) => {
    if (error) throw new Error(`Kinesis record ${record.SequenceNumber}: ${error}`);
    users.push(...(records ?? []));
  });
  return users;
}

// Where in the stream's range of hash keys a log record is to be. For one without a hash key that is where its
// partition key is hashed to.
function* placesOf(user) {
  if (user.explicitPartitionKey) yield user.explicitPartitionKey;
  else if (user.subSequenceNumber !== undefined || !options.place)
    yield '0x' + createHash('md5').update(user.partitionKey, 'utf8').digest('hex');
  if (options.place) yield JSON.parse(user.data)[options.place];
}

// The rule by which a consumer built on the Kinesis Client Library keeps a log record of an aggregate: its hash lies in
// the range of the shard that it was read from. What travels alone the service has put there.
function belongsTo({ HashKeyRange }, user) {
  const [first, last] = [BigInt(HashKeyRange.StartingHashKey), BigInt(HashKeyRange.EndingHashKey)];
  return [...placesOf(user)].every((place) => first <= BigInt(place) && BigInt(place) <= last);
}

// The lines in a Kinesis record, each as a log record that is not packed.
function linesOf(record) {
  const data = Buffer.from(decode(Buffer.from(record.Data)));
  if (data.at(-1) !== 0x0a) throw new Error(`Kinesis record ${record.SequenceNumber}: no newline at the end`);
  const found = [];
  for (let start = 0, end; start < data.length; start = end + 1) {
    end = data.indexOf(0x0a, start);
    found.push({ partitionKey: record.PartitionKey, data: data.subarray(start, end) });
  }
  return found;
}

// The log records in a Kinesis record, decompressed.
function logRecords(record) {
  if (options.lines) return { compressed: false, users: linesOf(record) };
  const { compressed, data } = unpack(record);
  const users = split(record, data);
  for (const user of users) user.data = Buffer.from(decode(Buffer.from(user.data, 'base64')));
  return { compressed, users };
}

const decode = decoders[options.compression];
const lines = [];
for await (const shard of shards()) {
  for await (const record of recordsOf(shard)) {
    const { compressed, users } = logRecords(record);
    for (const user of users) {
      lines.push(
        JSON.stringify({
          shard: shard.ShardId,
          sequence: record.SequenceNumber,
          aggregated: user.subSequenceNumber !== undefined,
          compressed,
          key: user.partitionKey,
          hashKey: user.explicitPartitionKey,
          misplaced: !belongsTo(shard, user),
          data: user.data.toString('base64'),
        }),
      );
    }
  }
}
await kinesis.send(new DeleteStreamCommand({ StreamName }));
process.stdout.write(lines.join('\n'));
