/** `kedge topic`: what there is to write to and read from. */
import { group } from '../command.ts';
import { alter } from './alter.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { describe } from './describe.ts';
import { list } from './list.ts';
import { trim } from './trim.ts';

export const command = group({
  name: 'topic',
  summary: 'list, create, change and delete topics',
  commands: [list, describe, create, alter, remove, trim],
});
