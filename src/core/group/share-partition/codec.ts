/**
 * A group's state as bytes: one row a group. The surprise: offsets and lock times are told from the
 * one before, so that a thousand records that were acknowledged one by one take a few kilobytes.
 */
import { Reader } from '../../../bytes/reader.ts';
import { Writer } from '../../../bytes/writer.ts';
import { type InFlightBatch, RecordState, type Run, type ShareState } from './state.ts';

const version = 1;

export function encodeShareState({ startOffset, settings, batches }: ShareState): Uint8Array {
  const members = new Map<string, number>();
  for (const { runs } of batches) {
    for (const { memberId } of runs) {
      if (memberId !== '' && !members.has(memberId)) members.set(memberId, members.size);
    }
  }
  const out = new Writer();
  out.unsignedVarint(version);
  out.varlong(startOffset);
  out.varlong(settings.deliveryCountLimit);
  out.varlong(settings.maxRecordLocks);
  out.varlong(settings.isolationLevel);
  out.varlong(members.size);
  for (const memberId of members.keys()) out.compactText(memberId);
  out.varlong(batches.length);
  let offset = startOffset;
  for (const { firstOffset, perRecord, runs } of batches) {
    out.varlong(firstOffset - offset);
    out.boolean(perRecord);
    out.varlong(runs.length);
    for (const run of runs) encodeRun(out, run, members);
    offset = runs.at(-1)!.lastOffset + 1;
  }
  return out.joined();
}

function encodeRun(out: Writer, run: Run, members: ReadonlyMap<string, number>): void {
  out.varlong(run.lastOffset - run.firstOffset);
  out.varlong(run.state);
  out.varlong(run.deliveryCount);
  if (run.state !== RecordState.ACQUIRED) return;
  out.varlong(members.get(run.memberId)!);
  out.varlong(run.lockedUntil);
}

export function decodeShareState(bytes: Uint8Array): ShareState {
  const fields = new Reader(bytes);
  const found = fields.unsignedVarint();
  if (found !== version) throw new Error(`share state of version ${found}`);
  const startOffset = fields.varlong();
  const settings = {
    deliveryCountLimit: fields.varlong(),
    maxRecordLocks: fields.varlong(),
    isolationLevel: fields.varlong(),
  };
  const members = listOf(fields, () => fields.text(fields.unsignedVarint() - 1));
  let offset = startOffset;
  const batches = listOf(fields, (): InFlightBatch => {
    const firstOffset = offset + fields.varlong();
    const perRecord = fields.boolean();
    offset = firstOffset;
    const runs = listOf(fields, () => {
      const run = decodeRun(fields, offset, members);
      offset = run.lastOffset + 1;
      return run;
    });
    return { firstOffset, lastOffset: offset - 1, perRecord, runs };
  });
  return { startOffset, settings, batches };
}

function decodeRun(fields: Reader, firstOffset: number, members: readonly string[]): Run {
  const lastOffset = firstOffset + fields.varlong();
  const state = fields.varlong() as RecordState;
  const deliveryCount = fields.varlong();
  const held = state === RecordState.ACQUIRED;
  const memberId = held ? members[fields.varlong()] : '';
  return {
    firstOffset,
    lastOffset,
    state,
    deliveryCount,
    memberId,
    lockedUntil: held ? fields.varlong() : 0,
  };
}

function listOf<T>(fields: Reader, take: () => T): T[] {
  return Array.from({ length: fields.varlong() }, take);
}
