/**
 * Two transcripts of one script, compared field by field. A difference names the step, the path of
 * the field in the answer and both values.
 */
import type { Step } from './transcript.ts';

export interface Difference {
  /** The step and the field: `Fetch v11: responses[0].partitions[0].errorCode`. */
  readonly at: string;
  /** Which step of the script it was, counted from 1. */
  readonly step: number;
  readonly kafka: unknown;
  readonly kedge: unknown;
}

/** Stands for a value that is not there. */
const absent = '(nothing)';

export function differences(kafka: readonly Step[], kedge: readonly Step[]): Difference[] {
  const found: Difference[] = [];
  for (let index = 0; index < Math.max(kafka.length, kedge.length); index += 1) {
    const [left, right] = [kafka[index], kedge[index]];
    const label = (left ?? right)!.label;
    for (const [path, a, b] of unequal(left?.answer ?? absent, right?.answer ?? absent, '')) {
      found.push({ at: `${label}: ${path}`, step: index + 1, kafka: a, kedge: b });
    }
  }
  return found;
}

export function told({ at, step, kafka, kedge }: Difference): string {
  return `step ${step}, ${at}: Kafka ${shown(kafka)}, Kedge ${shown(kedge)}`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 300 ? `${json.slice(0, 300)}…` : json;
}

function* unequal(a: unknown, b: unknown, path: string): Generator<[string, unknown, unknown]> {
  if (Object.is(a, b)) return;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
    yield [path, a, b];
    return;
  }
  const list = Array.isArray(a);
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const inner = list ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    yield* unequal(key in a ? a[key] : absent, key in b ? b[key] : absent, inner);
  }
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
