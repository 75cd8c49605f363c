import { describe, expect, it } from 'vitest';
import { ErrorCode, errorInfo, KafkaError } from '../../src/protocol/errors.ts';

describe('errors', () => {
  it('are numbered without gaps from -1 on, each code once', () => {
    const codes = Object.values(ErrorCode);
    expect(codes).toEqual(codes.map((_, index) => index - 1));
    expect(ErrorCode.UNKNOWN_SERVER_ERROR).toBe(-1);
    expect(ErrorCode.FENCED_INSTANCE_ID).toBe(82);
    expect(ErrorCode.REBOOTSTRAP_REQUIRED).toBe(129);
  });

  it('know what Kafka clients retry', () => {
    const retried = (['NONE', 'REQUEST_TIMED_OUT', 'UNKNOWN_TOPIC_ID'] as const).map(
      (name) => errorInfo(ErrorCode[name]).retriable,
    );
    expect(retried).toEqual([false, true, true]);
    expect(errorInfo(ErrorCode.REBALANCE_IN_PROGRESS).retriable).toBe(false);
  });

  it('have an HTTP status of their family and a REST code', () => {
    expect(errorInfo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)).toMatchObject({
      name: 'UNKNOWN_TOPIC_OR_PARTITION',
      httpStatus: 404,
      restCode: 40401,
    });
    expect(errorInfo(ErrorCode.PRODUCER_FENCED).httpStatus).toBe(412);
    expect(errorInfo(ErrorCode.OFFSET_OUT_OF_RANGE).httpStatus).toBe(416);
    expect(errorInfo(ErrorCode.TOPIC_ALREADY_EXISTS)).toMatchObject({
      httpStatus: 409,
      restCode: 40002,
    });
    for (const code of Object.values(ErrorCode)) {
      const { httpStatus, restCode, message } = errorInfo(code);
      expect(httpStatus).toBeGreaterThanOrEqual(code === 0 ? 200 : 400);
      expect(restCode).toBeGreaterThanOrEqual(200);
      expect(message).toMatch(/\.$/);
    }
  });

  it('that Kafka does not have count as UNKNOWN_SERVER_ERROR', () => {
    expect(errorInfo(9999).name).toBe('UNKNOWN_SERVER_ERROR');
  });

  it('are thrown with the message of the table, or a better one', () => {
    const plain = new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(plain).toMatchObject({ code: 17, name: 'INVALID_TOPIC_EXCEPTION' });
    expect(plain.message).toBe(errorInfo(17).message);
    expect(new KafkaError(17, 'no slash, please').message).toBe('no slash, please');
  });
});
