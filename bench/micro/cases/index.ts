/** Everything that is measured by itself. */
import type { Case } from '../case.ts';
import { batches } from './batches.ts';
import { checksums } from './checksums.ts';
import { compression } from './compression.ts';
import { messages } from './messages.ts';

export const cases: readonly Case[] = [...messages, ...checksums, ...batches, ...compression];
