/** A million records, in the tables of `docs/cost.md`. */
import { type Flow, flow, flows } from './flow.ts';
import { type Life, live } from './life.ts';
import { dollarsOf, prices, times } from './prices.ts';
import { shapes } from './shapes.ts';
import { markdownTable } from './table.ts';

const million = 1e6;
const weekOfMonth = 7 / 30;

/** What a section of the document is called, where it is marked. */
export type Section = 'objects' | 'dollars' | 'flows';

/** Everything that is counted, as it stands in the document. */
export async function countMillion(): Promise<Readonly<Record<Section, string>>> {
  const lives: Life[] = [];
  for (const shape of shapes) lives.push(await live(shape));
  const flowing: Flow[] = [];
  for (const shape of flows) flowing.push(await flow(shape));
  return { objects: objectsTable(lives), dollars: dollarsTable(lives), flows: flowsTable(flowing) };
}

function objectsTable(lives: readonly Life[]): string {
  const rows = lives.map((life) => {
    const scale = million / life.records;
    const produced = times(life.produced, scale);
    return [
      life.shape.title,
      ...[
        life.recordsPerSecond,
        life.workerRequests * scale,
        produced.requests,
        produced.awakeSeconds,
        produced.rowsWritten,
        life.deleted.rowsWritten * scale,
        life.read.requests * scale,
      ].map(whole),
      ((life.bytes * scale) / 1e9).toFixed(2),
    ];
  });
  return markdownTable([
    [
      'A million records',
      'a second',
      'Worker requests',
      'object requests',
      'seconds awake',
      'rows written',
      'rows to delete them',
      'requests to read them',
      'GB',
    ],
    ...rows,
  ]);
}

function dollarsTable(lives: readonly Life[]): string {
  const rows = lives.map((life) => {
    const scale = million / life.records;
    const produced = dollarsOf(life.produced) + life.workerRequests * prices.workerRequest;
    const kept = (life.bytes / 1e9) * prices.gigabyteMonth * weekOfMonth;
    const parts = [produced, kept, dollarsOf(life.deleted), dollarsOf(life.read)];
    const cells = [...parts, parts.reduce((sum, part) => sum + part, 0)].map((sum) =>
      dollars(sum * scale),
    );
    return [life.shape.title, ...cells.slice(0, 4), `**${cells[4]}**`];
  });
  const operation = dollars(prices.queueOperation * million);
  const all = dollars(3 * prices.queueOperation * million);
  return markdownTable([
    ['Dollars', 'produced', 'kept a week', 'deleted', 'read once', 'all'],
    ...rows,
    ['Cloudflare Queues, messages up to 64 KB', operation, '0', operation, operation, `**${all}**`],
  ]);
}

function flowsTable(all: readonly Flow[]): string {
  const rows = all.map(({ shape, records, counts }) => {
    const { requests, awakeSeconds, rowsRead, rowsWritten } = times(counts, million / records);
    const cells = [requests, awakeSeconds, rowsRead, rowsWritten].map(whole);
    return [shape.title, ...cells, dollars(dollarsOf(times(counts, million / records)))];
  });
  return markdownTable([
    [
      'A million records',
      'object requests',
      'seconds awake',
      'rows read',
      'rows written',
      'dollars',
    ],
    ...rows,
  ]);
}

function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Two digits that count. */
function dollars(sum: number): string {
  return sum >= 1 ? sum.toFixed(2) : sum.toFixed(sum >= 0.01 ? 3 : 5);
}
