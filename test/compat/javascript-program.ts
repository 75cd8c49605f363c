/**
 * What a program does with `kedge/client`, in whatever runs JavaScript: arguments are the address,
 * the topic, how many records, and for how many milliseconds to spread them. It writes them, reads
 * them back as a member of a group, and prints what it saw. The surprise: it may name nothing that
 * one of Node.js, Deno and Bun has and another has not.
 */
import { Consumer, json, Producer, text } from '../../src/client/index.ts';

const [url, topic, count, spreadMs] = process.argv.slice(2);
const total = Number(count);
const credentials = { username: 'admin', password: 'secret' };

await using producer = new Producer(url, {
  key: text,
  value: json<number>(),
  compression: 'gzip',
  requestTimeoutMs: 5_000,
  ...credentials,
});
const sent: Promise<unknown>[] = [];
for (let n = 0; n < total; n++) {
  sent.push(producer.send(topic, { key: `k${n % 7}`, value: n }));
  const isPause = Number(spreadMs) > 0 && n % 10 === 0;
  if (isPause) await new Promise((done) => setTimeout(done, (Number(spreadMs) * 10) / total));
}
await Promise.all(sent);

await using consumer = new Consumer(url, {
  groupId: topic,
  autoOffsetReset: 'earliest',
  value: json<number>(),
  ...credentials,
});
consumer.subscribe(topic);
const seen: number[] = [];
for await (const { value } of consumer) {
  if (seen.push(value!) < total) continue;
  await consumer.commit();
  break;
}
console.log(JSON.stringify(seen.toSorted((a, b) => a - b)));
