/**
 * What the cases of Kafka's tools work with: a tool that runs against the broker under test, topics
 * and groups to work on, and the columns it prints.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case, SuiteContext } from '../suite.ts';
import { lines, unique } from '../words.ts';
import type { Toolbox, ToolName } from './toolbox.ts';

type Run = (tool: ToolName, ...args: readonly string[]) => Promise<string>;

export interface Bench {
  /** Runs a tool that must succeed, and answers what it printed. */
  readonly run: Run;
  /** Runs one that must fail. */
  readonly fails: Run;
  readonly bootstrap: string;
}

/** Those that take the servers in another way, or not at all. */
const withoutServers: ReadonlySet<ToolName> = new Set(['producerPerformance']);

function benchOf(toolbox: Toolbox, { broker: { bootstrap } }: SuiteContext): Bench {
  const ends = async (code: number, tool: ToolName, args: readonly string[]) => {
    const servers = withoutServers.has(tool) ? [] : ['--bootstrap-server', bootstrap];
    // Here the servers are an option of the subcommand.
    const [subcommand = '', ...rest] = tool === 'cluster' ? args : ['', ...args];
    const words = [subcommand, ...servers, ...rest].filter((word) => word !== '');
    const ended = await toolbox.run(tool, ...words);
    if (ended.code !== code) throw new Error(`exit code ${ended.code}: ${ended.text}`);
    return ended.text;
  };
  return {
    run: (tool, ...args) => ends(0, tool, args),
    fails: (tool, ...args) => ends(1, tool, args),
    bootstrap,
  };
}

export function contains(text: string, ...parts: readonly string[]): void {
  for (const part of parts) if (!text.includes(part)) throw new Error(`no ${part} in:\n${text}`);
}

/** Columns of the lines that begin with these words, without them. */
export function rows(text: string, ...first: readonly string[]): string[][] {
  const all = lines(text).map((line) => line.trim().split(/\s+/));
  const mine = all.filter((row) => first.every((word, i) => row[i] === word));
  return mine.map((row) => row.slice(first.length));
}

export function file(name: string, content: unknown): string {
  const path = join(tmpdir(), `${unique(name)}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** A new topic of one partition with so many records. */
export async function topicWith({ run, bootstrap }: Bench, count: number): Promise<string> {
  const topic = unique('tools');
  contains(await run('topics', '--create', '--topic', topic), `Created topic ${topic}.`);
  if (count === 0) return topic;
  const size = ['--num-records', `${count}`, '--record-size', '10', '--throughput', '-1'];
  const servers = ['--command-property', `bootstrap.servers=${bootstrap}`];
  const text = await run('producerPerformance', '--topic', topic, ...size, ...servers);
  contains(text, `${count} records sent`);
  return topic;
}

/** A new group that has read a topic to its end, and left. */
export async function groupOf({ run }: Bench, topic: string, count: number): Promise<string> {
  const group = unique('readers');
  const limits = ['--max-messages', `${count}`, '--reset-policy', 'earliest'];
  const text = await run('verifiableConsumer', '--topic', topic, '--group-id', group, ...limits);
  contains(text, `"offset":${count}}],"success":true`, 'shutdown_complete');
  return group;
}

/** What a case does with its bench. */
export type Play = (bench: Bench) => Promise<void>;

/** The plays as cases, each named as it is there. */
export function casesOf(plays: Readonly<Record<string, Play>>, toolbox: Toolbox): Case[] {
  return Object.entries(plays).map(([name, play]) => ({
    name,
    timeoutMs: 120_000,
    run: (context) => play(benchOf(toolbox, context)),
  }));
}
