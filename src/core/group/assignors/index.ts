/** The assignors a member may ask for, by name; the first is the default. */
import type { Assignor } from './assignor.ts';
import { range } from './range.ts';
import { uniform } from './uniform.ts';

export const assignors: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', uniform],
  ['range', range],
]);

export const defaultAssignor = 'uniform';
