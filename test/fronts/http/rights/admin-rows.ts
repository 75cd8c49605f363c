/** Users, tokens and push subscriptions. */
import { expect } from 'vitest';
import { cluster, group, type Right, type Row, topic } from './row.ts';

const push = '/push/subscriptions';
const body = { topics: ['orders'], target: { type: 'worker', binding: 'PUSH_ORDERS' } };
const onto: readonly Right[] = [cluster('ALTER'), group('READ')];

export const pushRows: readonly Row[] = [
  { ask: `GET ${push}`, rights: [group('DESCRIBE')], hides: { subscriptions: [] } },
  {
    ask: `PUT ${push}/made`,
    body,
    status: 201,
    rights: [cluster('ALTER'), group('READ', 'made'), topic('READ'), topic('WRITE', 'orders.dlq')],
  },
  { ask: `GET ${push}/cooks`, rights: [group('DESCRIBE')] },
  { ask: `POST ${push}/cooks/pause`, status: 204, rights: onto },
  { ask: `POST ${push}/cooks/resume`, status: 204, rights: onto },
  { ask: `DELETE ${push}/cooks`, status: 204, rights: onto },
];

const password = { password: 'a long sentence' };

export const adminRows: readonly Row[] = [
  { ask: 'GET /admin/users', rights: [cluster('DESCRIBE')] },
  { ask: 'GET /admin/users/bob', rights: [cluster('DESCRIBE')] },
  { ask: 'GET /admin/users/alice', about: 'oneself' },
  { ask: 'PUT /admin/users/bob', body: password, status: 204, rights: [cluster('ALTER')] },
  {
    ask: 'PUT /admin/users/alice',
    about: 'oneself, with a token in the place of the password',
    body: password,
    status: 204,
    rights: [cluster('ALTER')],
  },
  { ask: 'DELETE /admin/users/bob', status: 204, rights: [cluster('ALTER')] },
  {
    ask: 'GET /admin/tokens',
    rights: [cluster('DESCRIBE')],
    hides: { tokens: [expect.objectContaining({ principal: 'User:alice' })] },
  },
  {
    ask: 'POST /admin/tokens',
    body: { principal: 'User:bob' },
    status: 201,
    rights: [cluster('ALTER')],
  },
  { ask: 'POST /admin/tokens', about: 'for oneself', body: {}, status: 201 },
  { ask: 'DELETE /admin/tokens/TOKEN_OF_BOB', status: 204, rights: [cluster('ALTER')] },
  {
    ask: 'POST /admin/stream-tokens',
    body: { topics: ['orders', 'bills'] },
    status: 201,
    rights: [topic('READ'), topic('READ', 'bills')],
  },
];
