/**
 * Transactions that each come before the other: by writing (G0), or by reading what the other wrote
 * (G1c). The surprise: G1c follows reads alone; Kafka never isolates writes, so that a cycle which
 * needs one write before another says nothing.
 */
import type { Anomaly } from './check.ts';
import type { History } from './history.ts';
import { seenBy, sendsOf } from './history.ts';
import type { ObservedLog } from './observed-log.ts';

type Edges = ReadonlyMap<number, ReadonlySet<number>>;

export function checkCycles(history: History, log: ObservedLog): Anomaly[] {
  const writer = new Map<string, number>();
  for (const [index, operation] of history.entries()) {
    if (operation.outcome === 'fail' || !operation.transaction) continue;
    for (const { value } of sendsOf(operation)) writer.set(value, index);
  }
  const cycles = (key: 'G0' | 'G1c', edges: Edges): Anomaly[] =>
    components(edges).map((members) => ({ key, detail: members.map((i) => `#${i}`).join(' ↔ ') }));
  return [
    ...cycles('G0', writesBeforeWrites(log, writer)),
    ...cycles('G1c', writesBeforeReads(history, writer)),
  ];
}

/** From each transaction to those that wrote right after it in some partition. */
function writesBeforeWrites(log: ObservedLog, writer: ReadonlyMap<string, number>): Edges {
  const edges = new Map<number, Set<number>>();
  for (const partition of log.values()) {
    const writers = partition
      .order()
      .map((value) => writer.get(value))
      .filter((index) => index !== undefined);
    for (let i = 1; i < writers.length; i++) connect(edges, writers[i - 1], writers[i]);
  }
  return edges;
}

function writesBeforeReads(history: History, writer: ReadonlyMap<string, number>): Edges {
  const edges = new Map<number, Set<number>>();
  for (const [index, operation] of history.entries()) {
    if (operation.outcome === 'fail' || !operation.transaction) continue;
    for (const { value } of seenBy(operation)) {
      const from = writer.get(value);
      if (from !== undefined) connect(edges, from, index);
    }
  }
  return edges;
}

function connect(edges: Map<number, Set<number>>, from: number, to: number): void {
  if (from === to) return;
  const known = edges.get(from) ?? new Set();
  known.add(to);
  edges.set(from, known);
}

/** Tarjan: the strongly connected components of more than one node, without recursion. */
function components(edges: Edges): number[][] {
  const found: number[][] = [];
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  const visit = (node: number) => {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    stack.push(node);
    onStack.add(node);
    return { node, next: [...(edges.get(node) ?? [])] };
  };
  for (const root of edges.keys()) {
    if (order.has(root)) continue;
    const path = [visit(root)];
    while (path.length > 0) {
      const { node, next } = path.at(-1)!;
      const target = next.pop();
      if (target !== undefined) {
        if (!order.has(target)) path.push(visit(target));
        else if (onStack.has(target)) low.set(node, Math.min(low.get(node)!, order.get(target)!));
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(node)!));
      if (low.get(node) !== order.get(node)) continue;
      const members = stack.splice(stack.indexOf(node));
      for (const member of members) onStack.delete(member);
      if (members.length > 1) found.push(members);
    }
  }
  return found;
}
