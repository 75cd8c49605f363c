/**
 * What is produced: lines of standard input or a file, whole files, a file that grows. The
 * surprise: a file that is followed may be cut short or replaced by another of its name, as logs
 * are, and is then read from its beginning.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { sleep } from '../../client/waiting.ts';
import { parseLine } from '../../core/record-lines.ts';

/** A record that is not sent yet. */
export interface Outgoing {
  /** Where it says so itself. */
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly timestamp?: number | undefined;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [string, Uint8Array | null])[];
}

export interface LineTerms {
  /** `-K` */
  readonly keyDelimiter: Uint8Array | undefined;
  /** `-k` */
  readonly fixedKey: Uint8Array | null;
  /** `-Z` */
  readonly emptyIsNull: boolean;
  /** `-H` */
  readonly headers: Outgoing['headers'];
}

/** What a line stands for; undefined: nothing, since it is empty. */
export function recordOfLine(line: Uint8Array, terms: LineTerms): Outgoing | undefined {
  if (line.length === 0) return undefined;
  const { keyDelimiter, fixedKey, emptyIsNull, headers } = terms;
  const at = keyDelimiter === undefined ? -1 : (line as Buffer).indexOf(keyDelimiter);
  if (at < 0) return { key: fixedKey, value: line, headers };
  const field = (bytes: Uint8Array) => (bytes.length === 0 && emptyIsNull ? null : bytes);
  const key = field(line.subarray(0, at)) ?? fixedKey;
  return { key, value: field(line.subarray(at + keyDelimiter!.length)), headers };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What a line of JSON stands for: kcat's, as `consume -J` prints it, or that of `kedge export`.
 * Throws SyntaxError.
 */
export function recordOfJson(line: Uint8Array): Outgoing | undefined {
  if (line.length === 0) return undefined;
  // Bytes that are no text stand in kcat's JSON as they are.
  let isText = true;
  let text: string;
  try {
    text = strict.decode(line);
  } catch {
    isText = false;
    text = Buffer.from(line).toString('latin1');
  }
  const said = parsed(text);
  if (!('payload' in said)) {
    const { kind, line: record } = parseLine(text);
    if (kind !== 'record') return undefined;
    return { ...record, headers: record.headers.map(({ key, value }) => [key, value]) };
  }
  const field = (value: unknown) => bytesOf(value, isText);
  const { topic, partition, ts, key, payload, headers = [] } = said;
  return {
    topic: typeof topic === 'string' ? topic : undefined,
    partition: typeof partition === 'number' ? partition : undefined,
    timestamp: typeof ts === 'number' && ts >= 0 ? ts : undefined,
    key: field(key),
    value: field(payload),
    headers: pairsOf(headers).map(([name, value]) => [name, field(value)]),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`this is not JSON: ${(error as Error).message}`);
  }
  if (typeof said === 'object' && said !== null) return said as Record<string, unknown>;
  throw new SyntaxError('a line holds one JSON object');
}

function bytesOf(value: unknown, isText: boolean): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') return Buffer.from(JSON.stringify(value));
  return Buffer.from(value, isText ? 'utf8' : 'latin1');
}

/** Names and values in turn, as kcat writes them; or an object. */
function pairsOf(headers: unknown): [string, unknown][] {
  if (!Array.isArray(headers)) return Object.entries(headers as object);
  const pairs: [string, unknown][] = [];
  for (let at = 0; at < headers.length; at += 2) pairs.push([String(headers[at]), headers[at + 1]]);
  return pairs;
}

const chunkBytes = 256 * 1024;
const lookAgainMs = 200;

/** What is in a file and what is written to it, until `signal` is aborted. */
export async function* following(
  path: string,
  signal: AbortSignal,
  say: (text: string) => void,
): AsyncGenerator<Uint8Array, void> {
  let file = await open(path, 'r');
  try {
    for (let at = 0; !signal.aborted; ) {
      const chunk = Buffer.allocUnsafeSlow(chunkBytes);
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, at);
      if (bytesRead > 0) {
        at += bytesRead;
        yield chunk.subarray(0, bytesRead);
        continue;
      }
      const now = await newBeginning(path, file, at);
      if (now !== undefined) {
        say(`${path} begins anew.`);
        if (now !== file) await file.close();
        file = now;
        at = 0;
      } else await sleep(lookAgainMs, signal).catch(() => {});
    }
  } finally {
    await file.close();
  }
}

/** The file to read from its beginning, where it was cut short or is another one. */
async function newBeginning(
  path: string,
  file: FileHandle,
  at: number,
): Promise<FileHandle | undefined> {
  const known = await file.stat();
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && there.ino !== known.ino) return open(path, 'r');
  return known.size < at ? file : undefined;
}
