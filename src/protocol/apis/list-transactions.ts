/**
 * ListTransactions: the transactional ids a broker coordinates (KIP-664). The surprise: clients ask
 * every broker and join the answers.
 *
 * Behaviour
 * - A filter that is empty (or negative, or null) lets everything through.
 *
 * Versions
 * - 0 flexible
 * - 1 only what runs longer than a duration (KIP-994)
 * - 2 a regular expression for the transactional id (KIP-1152)
 */
import { api, array, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

export const listTransactions = api(66, 'ListTransactions', {
  versions: [0, 2],
  flexible: 0,
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: int64.since(1).default(-1),
    transactionalIdPattern: string.since(2).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array(
      struct({
        transactionalId: string,
        producerId: int64,
        transactionState: string,
      }),
    ),
  },
});

export interface ListTransactionsRequest extends Infer<typeof listTransactions.request.fields> {}
export interface ListTransactionsResponse extends Infer<typeof listTransactions.response.fields> {}
