/** What every live stream can be asked for in its query, described. It is read in `places.ts`. */
import type { ParameterDoc } from '../doc.ts';

const shown = { type: 'string', enum: ['text', 'json', 'base64'], default: 'text' };
const fallback = 'What is not of that kind comes in base64';

/** How records are shown. */
export const showingParameters: readonly ParameterDoc[] = [
  {
    in: 'query',
    name: 'value',
    description: `How values are shown. ${fallback}, as \`value_base64\`.`,
    schema: shown,
  },
  {
    in: 'query',
    name: 'key',
    description: `How keys are shown. ${fallback}, as \`key_base64\`.`,
    schema: shown,
  },
];

export const isolationParameter: ParameterDoc = {
  in: 'query',
  name: 'isolation.level',
  description: 'Whether records of transactions that are open, or were aborted, are shown.',
  schema: {
    type: 'string',
    enum: ['read_uncommitted', 'read_committed'],
    default: 'read_uncommitted',
  },
};

export const liveParameters: readonly ParameterDoc[] = [
  {
    in: 'query',
    name: 'offset',
    description: 'Where to begin: at what comes from now on, or at the beginning.',
    schema: { type: 'string', enum: ['latest', 'earliest'], default: 'latest' },
  },
  {
    in: 'query',
    name: 'since',
    description: 'Where to begin: a time, in ISO 8601 or in milliseconds since 1970.',
  },
  {
    in: 'query',
    name: 'lastEventId',
    description:
      'Where to go on: an array of `{topic, partition, offset}` (the next to read) or ' +
      '`{topic, partition, timestamp}`. For who cannot send Last-Event-ID, which wins.',
  },
  {
    in: 'query',
    name: 'partition',
    description: 'These partitions only, with commas between them.',
  },
  ...showingParameters,
  isolationParameter,
];
