/**
 * Durable Streams: a stream of messages at a URL, which is a partition underneath. The surprise:
 * nothing here is kept anywhere but in the topic, so Kafka's clients read what was appended over
 * HTTP, and the other way round.
 */
import type { Family } from '../routes.ts';
import { appendToStream } from './append.ts';
import { createStream, deleteStream } from './create.ts';
import * as docs from './docs.ts';
import { streamPath } from './open-stream.ts';
import { readStream } from './read.ts';
import { errorResponse } from './stream-errors.ts';

const path = `${streamPath}:stream`;

export const streamsFamily: Family = {
  prefix: '/streams',
  name: 'Durable Streams',
  doc: docs.streams,
  routes: [
    { method: 'PUT', path, deep: true, handle: createStream, doc: docs.createStream },
    { method: 'POST', path, deep: true, handle: appendToStream, doc: docs.appendToStream },
    { method: 'GET', path, deep: true, handle: readStream, doc: docs.readStream },
    { method: 'HEAD', path, deep: true, handle: readStream, doc: docs.describeStream },
    { method: 'DELETE', path, deep: true, handle: deleteStream, doc: docs.deleteStream },
  ],
  errorResponse,
};
