/**
 * The load generator: a process of its own, so that what it takes of the processor is known and is
 * not that of what it measures. A Job comes in as a line of JSON, a Report goes out as one. The
 * surprise: it ends with an error, and reports nothing, at the first answer that is not right.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fetch } from './fetch.ts';
import { group } from './group.ts';
import { http } from './http.ts';
import { idle } from './idle.ts';
import type { Job, Report } from './job.ts';
import { one, produce } from './produce.ts';
import { tail } from './tail.ts';
import { transactions } from './transactions.ts';

const help = `Puts a load on a broker and says how it took it.

Usage: node bench/load/main.ts < job.json

Standard input is a job, one line of JSON, for example

  {"kind":"produce","host":"127.0.0.1","port":9092,"dialect":"kafka","topic":"load","partitions":1,
   "create":true,"seconds":5,"warmUpSeconds":1,"recordBytes":1000,"batchBytes":16384,"codec":"none",
   "inFlight":5,"connections":1}

(as one line); standard output is the report. bench/load/job.ts says what there is of both.
Exit code: 0, or 1 when an answer was wrong or the job makes no sense.
`;

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new Error('a job is expected on standard input');
}

async function inputEnds(): Promise<void> {
  process.stdin.resume();
  if (!process.stdin.readableEnded) await once(process.stdin, 'end');
}

async function run(job: Job): Promise<Report> {
  switch (job.kind) {
    case 'produce':
      return await produce(job);
    case 'one':
      return await one(job);
    case 'fetch':
      return await fetch(job);
    case 'tail':
      return await tail(job);
    case 'group':
      return await group(job);
    case 'transactions':
      return await transactions(job);
    case 'http':
      return await http(job);
    default:
      throw new Error(`there is no load '${job.kind}'`);
  }
}

async function main(): Promise<void> {
  const job = JSON.parse(await firstLine()) as Job;
  if (job.kind !== 'idle') {
    console.log(JSON.stringify(await run(job)));
    return;
  }
  const { report, close } = await idle(job);
  console.log(JSON.stringify(report));
  await inputEnds();
  close();
}

if (process.argv.includes('--help')) {
  console.log(help);
} else {
  try {
    await main();
  } catch (error) {
    console.error(`load: ${(error as Error).message}`);
    process.exitCode = 1;
  }
  process.stdin.destroy();
}
