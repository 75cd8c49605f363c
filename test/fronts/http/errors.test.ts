import { afterEach, describe, expect, test, vi } from 'vitest';
import { Unanswerable } from '../../../src/broker/broker.ts';
import { IllegalStateError } from '../../../src/core/rest-consumer/state.ts';
import { fromKafka, HttpError, httpErrorOf } from '../../../src/fronts/http/errors.ts';
import { fromKafkaV3 } from '../../../src/fronts/http/v3/shapes.ts';
import { ErrorCode, KafkaError } from '../../../src/protocol/errors.ts';
import { Weather } from '../../../src/runtime/weather.ts';

describe("Kafka's errors", () => {
  test.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', 404, 40401],
    ['TOPIC_ALREADY_EXISTS', 400, 40002],
    ['INVALID_REPLICATION_FACTOR', 400, 40002],
    ['LEADER_NOT_AVAILABLE', 404, 40404],
    ['GROUP_ID_NOT_FOUND', 404, 40405],
    ['TOPIC_AUTHORIZATION_FAILED', 403, 40301],
    ['SASL_AUTHENTICATION_FAILED', 401, 40101],
    ['MESSAGE_TOO_LARGE', 413, 413],
    ['THROTTLING_QUOTA_EXCEEDED', 429, 42901],
    ['COORDINATOR_NOT_AVAILABLE', 503, 50302],
    ['REQUEST_TIMED_OUT', 500, 50003],
    ['INCONSISTENT_GROUP_PROTOCOL', 500, 50002],
    ['UNKNOWN_SERVER_ERROR', 500, 50002],
  ] as const)('%s is a %i with %i', (name, status, code) => {
    expect(fromKafka(ErrorCode[name])).toMatchObject({ status, errorCode: code });
  });

  test('say whether to try again', () => {
    expect(fromKafka(ErrorCode.REQUEST_TIMED_OUT, 'late').message).toBe(
      'Retriable Kafka error: late',
    );
    expect(fromKafka(ErrorCode.UNKNOWN_SERVER_ERROR, 'odd').message).toBe('Kafka error: odd');
  });

  test('of topics have words of their own in v3', () => {
    expect(fromKafkaV3(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null).body).toEqual({
      error_code: 40403,
      message: 'This server does not host this topic-partition.',
    });
    expect(fromKafkaV3(ErrorCode.TOPIC_ALREADY_EXISTS, null, 'x').body).toEqual({
      error_code: 40002,
      message: "Topic 'x' already exists.",
    });
  });
});

describe('what a route throws', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('is answered for what it is', () => {
    const own = new HttpError(418, 418, 'short and stout');
    expect(httpErrorOf(own)).toBe(own);
    expect(httpErrorOf(new IllegalStateError('no')).body).toEqual({
      error_code: 40903,
      message: 'Illegal state: no',
    });
    expect(httpErrorOf(new KafkaError(ErrorCode.INVALID_CONFIG, 'bad'))).toMatchObject({
      status: 400,
      errorCode: 40002,
      message: 'bad',
    });
  });

  test('is the weather when nobody can be reached', () => {
    for (const error of [new Weather(new Error('moved')), new Unanswerable('nobody')]) {
      expect(httpErrorOf(error)).toMatchObject({ status: 503, errorCode: 50302 });
    }
  });

  test('is logged and not told when it is a bug', () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(httpErrorOf(new TypeError('secret'))).toMatchObject({
      status: 500,
      message: 'Internal Server Error',
    });
    expect(log).toHaveBeenCalledOnce();
  });
});
