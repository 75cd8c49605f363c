/**
 * The Worker in which things are measured by themselves: it does what it is told, so many times.
 * The surprise: it does not look at the clock, which stands still in a Worker while it computes;
 * whoever asks does.
 */
import type { Sides } from './case.ts';
import { cases } from './cases/index.ts';

const prepared = new Map<string, Sides>();

function sidesOf(name: string): Sides {
  const known = prepared.get(name);
  if (known !== undefined) return known;
  const sides = cases.find((each) => each.name === name)!.prepare();
  // Others' bytes would be in the way of these.
  prepared.clear();
  prepared.set(name, sides);
  return sides;
}

function list() {
  return cases.map(({ name, baseline }) => ({ name, baseline }));
}

export default {
  fetch(request: Request): Response {
    const query = new URL(request.url).searchParams;
    const name = query.get('case');
    if (name === null) return Response.json(list());
    const sides = sidesOf(name);
    const work = query.get('side') === 'baseline' ? sides.baseline : sides.run;
    let sum = 0;
    for (let left = Number(query.get('times')); left > 0; left--) sum += work();
    return Response.json({ sum, bytes: sides.bytes });
  },
};
