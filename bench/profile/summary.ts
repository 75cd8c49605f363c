/**
 * What a profile says, as a list of functions. Self time is what a function spent itself, total
 * time is from when it was called until it returned. The surprise: what no JavaScript stands for
 * has names of V8's own: `(program)` is native code (sockets, SQLite, the system), `(idle)` is
 * waiting, `(garbage collector)` is what it says.
 */
import type { AllocationNode, CallFrame, CpuProfile, ProfileNode } from './inspector.ts';

export interface Line {
  readonly name: string;
  /** Whether it is JavaScript that we bundled; else it is of workerd, or of V8. */
  readonly isOurs: boolean;
  /** Milliseconds, or bytes of what was allocated. */
  readonly self: number;
  readonly total: number;
}

export interface Summary {
  readonly lines: readonly Line[];
  /** Of all lines' own. */
  readonly total: number;
}

/** Says which source a line (from 0) of a bundle comes from. */
export type Origin = (line: number) => string;

/**
 * Bundles name the file that each part of them was: `// src/bytes/crc32c.ts` stands before it.
 */
export function originIn(bundle: string): Origin {
  const starts: { line: number; file: string }[] = [];
  for (const [line, text] of bundle.split('\n').entries()) {
    const file = /^\/\/ ((?:src|node_modules)\/\S+)$/.exec(text)?.[1];
    if (file !== undefined) starts.push({ line, file });
  }
  return (line) => starts.findLast((start) => start.line < line)?.file ?? '';
}

/** Milliseconds by function. */
export function summaryOfCpu(profile: CpuProfile, origin: Origin): Summary {
  const times = new Map<number, number>();
  for (const [i, id] of profile.samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + profile.timeDeltas[i] / 1000);
  }
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const children = new Set(profile.nodes.flatMap((node) => node.children ?? []));
  const tally = new Tally(origin);
  const visit = (node: ProfileNode): number =>
    tally.within(node.callFrame, times.get(node.id) ?? 0, () =>
      (node.children ?? []).reduce((sum, id) => sum + visit(nodes.get(id)!), 0),
    );
  for (const node of profile.nodes) if (!children.has(node.id)) visit(node);
  return tally.summary();
}

/** Bytes by function. */
export function summaryOfAllocation(head: AllocationNode, origin: Origin): Summary {
  const tally = new Tally(origin);
  const visit = ({ callFrame, selfSize, children }: AllocationNode): number =>
    tally.within(callFrame, selfSize, () => children.reduce((sum, node) => sum + visit(node), 0));
  visit(head);
  return tally.summary();
}

/** Adds up what the nodes of a tree say; who calls itself is counted once. */
class Tally {
  readonly #lines = new Map<string, { -readonly [K in keyof Line]: Line[K] }>();
  readonly #open = new Set<string>();
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** Answers with what this node and those below it come to. */
  within(frame: CallFrame, self: number, below: () => number): number {
    const name = this.#nameOf(frame);
    const isOutermost = !this.#open.has(name);
    if (isOutermost) this.#open.add(name);
    const sum = self + below();
    const isOurs = frame.url !== '';
    const line = this.#lines.get(name) ?? { name, isOurs, self: 0, total: 0 };
    line.self += self;
    if (isOutermost) {
      line.total += sum;
      this.#open.delete(name);
    }
    this.#lines.set(name, line);
    return sum;
  }

  summary(): Summary {
    const lines = [...this.#lines.values()];
    return { lines, total: lines.reduce((sum, { self }) => sum + self, 0) };
  }

  #nameOf({ functionName, url, lineNumber }: CallFrame): string {
    const name = functionName || '(anonymous)';
    if (url === '' || lineNumber < 0) return name;
    return `${name} ${this.#origin(lineNumber) || url}`;
  }
}

/** The lines with the most time of their own, or in total. */
export function top({ lines }: Summary, by: 'self' | 'total', count: number): Line[] {
  return [...lines].sort((a, b) => b[by] - a[by]).slice(0, count);
}
