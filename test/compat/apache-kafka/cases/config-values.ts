/**
 * Every config a topic has, with values that are good, at an edge, or of another kind altogether:
 * which of them may be, and what is then said to be configured.
 */
import { topicConfigs } from '../../../../src/core/cluster/topic-configs.ts';
import { createTopics } from '../apis.ts';
import { type Player, scripts } from '../player.ts';

const numbers = ['-2', '-1', '0', '1', '2', '9', '10', '13', '14', '22', '23', '1024', '1048576'];
const edges = [
  ...['32767', '32768', '2147483647', '2147483648', '9223372036854775807', '9223372036854775808'],
  ...['-2147483648', '-2147483649', '-9223372036854775808', '31457280', '31457281'],
];
const spellings = [
  '+5',
  '05',
  '-0',
  '0x10',
  '1_000',
  '1L',
  '5.',
  '.5',
  '1e3',
  '1.0',
  '0.5',
  '-0.5',
];
const fractions = ['1.5', '0.0', '1d', '1f', 'NaN', 'Infinity', '1e-400', '1e400'];
const words = ['', 'x', 'true', 'TRUE', 'False', 'yes', 'none', 'null', '*', 'all'];
const named = ['delete', 'compact', 'Delete', 'gzip', 'snappy', 'lz4', 'zstd', 'ZSTD', 'producer'];
const types = ['uncompressed', 'CreateTime', 'LogAppendTime', 'logappendtime', 'createtime'];
const lists = [
  'delete,compact',
  'compact,delete',
  'delete,',
  ',',
  'delete,delete',
  '0:1',
  '0:1,1:2',
];
const more = ['0:1,', '0:1,0:1', '0:', ':1', '*,0:1', '0:1:2', 'a:b', '-1:1'];
const values = [...numbers, ...edges, ...spellings, ...fractions, ...words, ...named];
const all = [...values, ...types, ...lists, ...more, null];

const tried = (config: string) => async (on: Player) => {
  const topics = all.map((value, index) => {
    const configs = [{ name: config, value }];
    return { name: on.name(String(index)), numPartitions: 1, replicationFactor: 1, configs };
  });
  const answer = await on.quietly(createTopics, 7, { topics, validateOnly: true });
  for (const { name, errorCode, configs } of answer.topics) {
    const value = all[Number(name.split('-').at(-1))];
    const then = configs?.find((one) => one.name === config);
    on.note(`${config} ${JSON.stringify(value)}`, [errorCode, then?.value, then?.configSource]);
  }
};

const names = [...topicConfigs.keys()];

export const configValueScripts = scripts(
  'config-values',
  Object.fromEntries(names.map((name) => [name.replaceAll('.', '-'), tried(name)])),
);
