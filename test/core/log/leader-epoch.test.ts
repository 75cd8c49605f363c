import { expect, it } from 'vitest';
import { checkLeaderEpoch } from '../../../src/core/log/leader-epoch.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';

it.each([
  [-1, ErrorCode.NONE],
  [0, ErrorCode.NONE],
  [1, ErrorCode.UNKNOWN_LEADER_EPOCH],
  [-2, ErrorCode.FENCED_LEADER_EPOCH],
])('epoch %i is answered %i', (epoch, code) => {
  expect(checkLeaderEpoch(epoch)).toBe(code);
});
