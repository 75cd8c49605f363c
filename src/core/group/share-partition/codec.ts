/**
 * A group's state as bytes: one row a group. The surprise: offsets and lock times are told from the
 * one before, so that a thousand records that were acknowledged one by one take a few kilobytes.
 */
import { Reader } from '../../../bytes/reader.ts';
import { Writer } from '../../../bytes/writer.ts';
import { type InFlightBatch, nobody, RecordState, type Run, type ShareState } from './state.ts';

/** 1: without connections. */
const version = 2;

type Holder = Pick<Run, 'memberId' | 'connection'>;

const keyOf = ({ memberId, connection }: Holder): string => `${connection} ${memberId}`;

export function encodeShareState({ startOffset, settings, batches }: ShareState): Uint8Array {
  const holders = new Map<string, Holder & { readonly index: number }>();
  for (const { runs } of batches) {
    for (const { memberId, connection } of runs) {
      const key = keyOf({ memberId, connection });
      if (memberId === '' || holders.has(key)) continue;
      holders.set(key, { memberId, connection, index: holders.size });
    }
  }
  const out = new Writer();
  out.unsignedVarint(version);
  out.varlong(startOffset);
  out.varlong(settings.deliveryCountLimit);
  out.varlong(settings.maxRecordLocks);
  out.varlong(settings.isolationLevel);
  out.varlong(holders.size);
  for (const { memberId, connection } of holders.values()) {
    out.compactText(memberId);
    out.compactText(connection);
  }
  out.varlong(batches.length);
  let offset = startOffset;
  for (const { firstOffset, perRecord, runs } of batches) {
    out.varlong(firstOffset - offset);
    out.boolean(perRecord);
    out.varlong(runs.length);
    for (const run of runs) encodeRun(out, run, holders.get(keyOf(run))?.index);
    offset = runs.at(-1)!.lastOffset + 1;
  }
  return out.joined();
}

function encodeRun(out: Writer, run: Run, holder: number | undefined): void {
  out.varlong(run.lastOffset - run.firstOffset);
  out.varlong(run.state);
  out.varlong(run.deliveryCount);
  if (run.state !== RecordState.ACQUIRED) return;
  out.varlong(holder!);
  out.varlong(run.lockedUntil);
}

export function decodeShareState(bytes: Uint8Array): ShareState {
  const fields = new Reader(bytes);
  const found = fields.unsignedVarint();
  if (found < 1 || found > version) throw new Error(`share state of version ${found}`);
  const startOffset = fields.varlong();
  const settings = {
    deliveryCountLimit: fields.varlong(),
    maxRecordLocks: fields.varlong(),
    isolationLevel: fields.varlong(),
  };
  const text = () => fields.text(fields.unsignedVarint() - 1);
  const holders = listOf(fields, () => ({ memberId: text(), connection: found < 2 ? '' : text() }));
  let offset = startOffset;
  const batches = listOf(fields, (): InFlightBatch => {
    const firstOffset = offset + fields.varlong();
    const perRecord = fields.boolean();
    offset = firstOffset;
    const runs = listOf(fields, () => {
      const run = decodeRun(fields, offset, holders);
      offset = run.lastOffset + 1;
      return run;
    });
    return { firstOffset, lastOffset: offset - 1, perRecord, runs };
  });
  return { startOffset, settings, batches };
}

function decodeRun(fields: Reader, firstOffset: number, holders: readonly Holder[]): Run {
  const lastOffset = firstOffset + fields.varlong();
  const state = fields.varlong() as RecordState;
  const deliveryCount = fields.varlong();
  const held = state === RecordState.ACQUIRED;
  const holder = held ? holders[fields.varlong()] : nobody;
  return {
    firstOffset,
    lastOffset,
    state,
    deliveryCount,
    ...holder,
    lockedUntil: held ? fields.varlong() : 0,
  };
}

function listOf<T>(fields: Reader, take: () => T): T[] {
  return Array.from({ length: fields.varlong() }, take);
}
