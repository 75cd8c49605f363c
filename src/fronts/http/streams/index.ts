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
import * as subscriptions from './subscriptions.ts';

const path = `${streamPath}:stream`;
const reserved = `${streamPath}__ds`;
const subscription = `${reserved}/subscriptions/:subscription`;

export const streamsFamily: Family = {
  prefix: '/streams',
  name: 'Durable Streams',
  doc: docs.streams,
  routes: [
    {
      method: 'GET',
      path: `${reserved}/jwks.json`,
      open: true,
      handle: subscriptions.readKeys,
      doc: docs.readKeys,
    },
    { method: 'PUT', path: subscription, handle: subscriptions.define, doc: docs.define },
    { method: 'GET', path: subscription, handle: subscriptions.look, doc: docs.look },
    { method: 'DELETE', path: subscription, handle: subscriptions.remove, doc: docs.remove },
    {
      method: 'POST',
      path: `${subscription}/streams`,
      handle: subscriptions.addStreams,
      doc: docs.addStreams,
    },
    {
      method: 'DELETE',
      path: `${subscription}/streams/:stream`,
      deep: true,
      handle: subscriptions.removeStream,
      doc: docs.removeStream,
    },
    {
      method: 'POST',
      path: `${subscription}/claim`,
      handle: subscriptions.claim,
      doc: docs.claim,
    },
    {
      method: 'POST',
      path: `${subscription}/callback`,
      open: true,
      handle: subscriptions.callBack,
      doc: docs.callBack,
    },
    {
      method: 'POST',
      path: `${subscription}/ack`,
      open: true,
      handle: subscriptions.acknowledge,
      doc: docs.acknowledge,
    },
    {
      method: 'POST',
      path: `${subscription}/release`,
      open: true,
      handle: subscriptions.release,
      doc: docs.release,
    },
    { method: 'PUT', path, deep: true, handle: createStream, doc: docs.createStream },
    { method: 'POST', path, deep: true, handle: appendToStream, doc: docs.appendToStream },
    { method: 'GET', path, deep: true, handle: readStream, doc: docs.readStream },
    { method: 'HEAD', path, deep: true, handle: readStream, doc: docs.describeStream },
    { method: 'DELETE', path, deep: true, handle: deleteStream, doc: docs.deleteStream },
  ],
  errorResponse,
};
