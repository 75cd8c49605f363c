import { describe, expect, test } from 'vitest';
import { HttpError } from '../../../src/fronts/http/errors.ts';
import {
  answerType,
  consumedFormat,
  producedFormat,
} from '../../../src/fronts/http/media-types.ts';

const v2 = 'application/vnd.kafka.v2+json';

function statusOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(HttpError);
    return (error as HttpError).status;
  }
}

describe('the format of produced records', () => {
  test.each([
    ['application/vnd.kafka.json.v2+json', 'json'],
    ['application/vnd.kafka.binary.v2+json', 'binary'],
    ['Application/Vnd.Kafka.JSON.v2+json; charset=utf-8', 'json'],
    [v2, 'binary'],
    ['application/vnd.kafka.avro.v2+json', 415],
    ['application/json', 415],
    [null, 415],
  ])('%s is %s', (type, expected) => {
    expect(statusOf(() => producedFormat(type))).toBe(expected);
  });
});

describe('the type of an answer', () => {
  test.each([
    [null, v2],
    ['*/*', v2],
    ['application/json', 'application/json'],
    [v2, v2],
    ['application/vnd.kafka.json.v2+json', v2],
    ['text/html, application/xhtml+xml, */*;q=0.8', v2],
    ['application/json;q=0.1, application/vnd.kafka.v2+json', v2],
    ['text/html', 406],
    ['application/json;q=0', 406],
  ])('to Accept: %s is %s', (accept, expected) => {
    expect(statusOf(() => answerType(accept))).toBe(expected);
  });
});

describe('the format of consumed records', () => {
  test.each([
    [null, undefined],
    ['*/*', undefined],
    ['application/json', undefined],
    ['application/vnd.kafka.json.v2+json', 'json'],
    ['application/vnd.kafka.binary.v2+json, */*;q=0.1', 'binary'],
    ['application/vnd.kafka.protobuf.v2+json', 'other'],
    ['image/png', 406],
  ])('with Accept: %s is %s', (accept, expected) => {
    expect(statusOf(() => consumedFormat(accept))).toBe(expected);
  });
});
