/** What the objects of a running Kedge would be billed for, as its meters tell it. */

/** Where the metered Worker tells it. */
export const metersPath = '/meters';

/** Of all objects of a kind, so far. */
export interface KindUsage {
  readonly calls: number;
  readonly watches: number;
  readonly alarms: number;
  readonly awakeMs: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

export type Usages = ReadonlyMap<string, KindUsage>;

interface OneUsage {
  readonly kind: string;
  readonly requests: {
    readonly call: number;
    readonly watchOpened: number;
    readonly watchClosed: number;
    readonly alarm: number;
  };
  readonly awakeMs: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

const nothing: KindUsage = {
  calls: 0,
  watches: 0,
  alarms: 0,
  awakeMs: 0,
  rowsRead: 0,
  rowsWritten: 0,
};

export async function usagesAt(url: string): Promise<Usages> {
  const told = (await (await fetch(`${url}${metersPath}`)).json()) as readonly OneUsage[];
  const kinds = new Map<string, KindUsage>();
  for (const { kind, requests, awakeMs, rowsRead, rowsWritten } of told) {
    const { call, watchOpened, watchClosed, alarm } = requests;
    const one = { calls: call, watches: watchOpened + watchClosed, alarms: alarm };
    kinds.set(
      kind,
      combined(kinds.get(kind) ?? nothing, { ...one, awakeMs, rowsRead, rowsWritten }, 1),
    );
  }
  return kinds;
}

/** What came between two looks. */
export function since(before: Usages, after: Usages): Usages {
  return new Map(
    [...after].map(([kind, usage]) => [kind, combined(usage, before.get(kind) ?? nothing, -1)]),
  );
}

export function totalOf(usages: Usages): KindUsage {
  return [...usages.values()].reduce((sum, one) => combined(sum, one, 1), nothing);
}

function combined(one: KindUsage, other: KindUsage, sign: 1 | -1): KindUsage {
  return {
    calls: one.calls + sign * other.calls,
    watches: one.watches + sign * other.watches,
    alarms: one.alarms + sign * other.alarms,
    awakeMs: one.awakeMs + sign * other.awakeMs,
    rowsRead: one.rowsRead + sign * other.rowsRead,
    rowsWritten: one.rowsWritten + sign * other.rowsWritten,
  };
}
