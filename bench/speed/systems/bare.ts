/** The floor, as a system among the others. */
import { startBare } from '../bare/bare.ts';
import type { System } from '../system.ts';

export const bare: System = { name: 'bare', title: 'bare Worker', start: startBare };
