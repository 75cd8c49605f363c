/**
 * What lies beside an export's records: `topics.jsonl`, how topics are made and how far groups have
 * read, and, where batches are kept as they are, Kafka's own note of where partitions begin. The
 * surprise: it is written anew with each run, to another file that then takes its place.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type GroupLine,
  groupLine,
  parseLine,
  type TopicLine,
  topicLine,
} from '../../core/record-lines.ts';
import { syncFolder } from './output-file.ts';

export const topicsFile = 'topics.jsonl';
const startsFile = 'log-start-offset-checkpoint';

export interface Described {
  readonly topics: readonly TopicLine[];
  readonly groups: readonly GroupLine[];
}

async function readDescribed(folder: string): Promise<Described> {
  const topics: TopicLine[] = [];
  const groups: GroupLine[] = [];
  const text = await textOf(join(folder, topicsFile));
  for (const [index, one] of (text ?? '').split('\n').entries()) {
    if (one === '') continue;
    try {
      const { kind, line } = parseLine(one);
      if (kind === 'topic') topics.push(line);
      else if (kind === 'group') groups.push(line);
    } catch (error) {
      const where = `${join(folder, topicsFile)}, line ${index + 1}`;
      throw new Error(`${where}: ${(error as Error).message}.`);
    }
  }
  return { topics, groups };
}

/** With what was there of other topics and groups. */
export async function writeDescribed(folder: string, { topics, groups }: Described): Promise<void> {
  const before = await readDescribed(folder);
  checkSame(before.topics, topics);
  const names = new Set(topics.map(({ topic }) => topic));
  const groupNames = new Set(groups.map(({ group }) => group));
  const lines = [
    ...before.topics.filter(({ topic }) => !names.has(topic)).map(topicLine),
    ...topics.map(topicLine),
    ...before.groups.filter(({ group }) => !groupNames.has(group)).map(groupLine),
    ...groups.map(groupLine),
  ];
  await replaceFile(join(folder, topicsFile), lines.map((line) => `${line}\n`).join(''));
}

/** Offsets of another topic of the same name say nothing about this one. */
export function checkSame(before: Iterable<TopicLine>, topics: readonly TopicLine[]): void {
  const ids = new Map([...before].map(({ topic, topicId }) => [topic, topicId]));
  for (const { topic, topicId } of topics) {
    const id = ids.get(topic);
    if (id === undefined || topicId === undefined || id === topicId) continue;
    throw new Error(
      `the export holds another topic '${topic}', which was deleted and made anew since. ` +
        'Export it elsewhere.',
    );
  }
}

export interface LogStart {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export async function writeStarts(folder: string, starts: readonly LogStart[]): Promise<void> {
  const names = new Set(starts.map(({ topic, partition }) => `${topic} ${partition}`));
  const before = await readStarts(folder);
  const all = [
    ...before.filter(({ topic, partition }) => !names.has(`${topic} ${partition}`)),
    ...starts,
  ];
  const lines = all.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}\n`);
  await replaceFile(join(folder, startsFile), `0\n${all.length}\n${lines.join('')}`);
}

export async function readStarts(folder: string): Promise<LogStart[]> {
  const [, , ...lines] = ((await textOf(join(folder, startsFile))) ?? '').split('\n');
  return lines.flatMap((line) => {
    const [topic, partition, offset] = line.split(' ');
    if (offset === undefined) return [];
    return [{ topic, partition: Number(partition), offset: Number(offset) }];
  });
}

export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Either the old text is there or the new, whatever happens. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}
