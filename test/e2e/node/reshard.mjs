// Gives a stream another number of shards, and waits until it has them.
//
//   node reshard.mjs --endpoint URL --region REGION --stream NAME --shards COUNT

import { setTimeout as pause } from 'node:timers/promises';
import { DescribeStreamSummaryCommand, UpdateShardCountCommand } from '@aws-sdk/client-kinesis';
import { StreamName, kinesis, options } from './client.mjs';

const TargetShardCount = Number(options.shards);
await kinesis.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' }));
for (;;) {
  const { StreamDescriptionSummary: now } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
  if (now.StreamStatus === 'ACTIVE' && now.OpenShardCount === TargetShardCount) break;
  await pause(50);
}
