/** `kedge topic`: what there is to write to and read from. */
import { group } from '../command.ts';
import { list } from './list.ts';

export const command = group({
  name: 'topic',
  summary: 'list, create, change and delete topics',
  commands: [list],
});
