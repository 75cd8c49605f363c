/**
 * ListTransactions: every transactional id there is, with its state. The surprise: the controller
 * knows only names; each coordinator is asked for its own state, so this is a call for tools.
 *
 * Behaviour
 * - Only those are listed that the client may describe.
 * - A filter that is empty lets everything through. States that Kafka does not have are named in
 *   the answer; a filter of nothing but such lets nothing through.
 * - The duration of a transactional id without a transaction is taken from the beginning of time.
 * - The pattern has to match the whole id.
 * - A coordinator that cannot be reached is left out and the answer as a whole is
 *   COORDINATOR_LOAD_IN_PROGRESS, which tools repeat.
 *
 * Versions
 * - 0: flexible · 1: filter by duration (KIP-994) · 2: by a regular expression (KIP-1152)
 */
import { type Matcher, matcherOf, PatternError } from '../../core/pattern/pattern.ts';
import type { TransactionState } from '../../core/transaction/calls.ts';
import type {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '../../protocol/apis/list-transactions.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { mayEach } from '../permissions.ts';

type Listed = ListTransactionsResponse['transactionStates'][number];

const states: ReadonlySet<string> = new Set<TransactionState>([
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
]);

export const handleListTransactions: Handler<
  ListTransactionsRequest,
  ListTransactionsResponse
> = async (request, context) => {
  const matches = filterOf(request.transactionalIdPattern);
  const { transactionalIds } = await context.objects.controller().call('listTransactionalIds', {});
  const matching = transactionalIds.filter(matches);
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'TRANSACTIONAL_ID', matching);
  const wanted = matching.filter(mayDescribe);
  const all = await eachBounded(wanted, (each) => list(each, request, context));
  return {
    throttleTimeMs: 0,
    errorCode: all.find((each) => typeof each === 'number') ?? ErrorCode.NONE,
    unknownStateFilters: request.stateFilters.filter((state) => !states.has(state)),
    transactionStates: all.filter((each) => typeof each === 'object'),
  };
};

function filterOf(pattern: string | null): Matcher {
  if (pattern === null || pattern === '') return () => true;
  try {
    return matcherOf(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION);
  }
}

/** Undefined for one that is not wanted or gone, a code for one that cannot be asked. */
async function list(
  transactionalId: string,
  { stateFilters, producerIdFilters, durationFilter }: ListTransactionsRequest,
  { objects, now }: RequestContext,
): Promise<Listed | number | undefined> {
  try {
    const coordinator = objects.transaction(transactionalId);
    const { transaction } = await coordinator.call('describeTransaction', { transactionalId });
    if (transaction === null) return undefined;
    const { state, producerId, startTimeMs } = transaction;
    const isWanted =
      (stateFilters.length === 0 || stateFilters.includes(state)) &&
      (producerIdFilters.length === 0 || producerIdFilters.includes(producerId)) &&
      (durationFilter < 0 || now() - startTimeMs > durationFilter);
    return isWanted ? { transactionalId, producerId, transactionState: state } : undefined;
  } catch (error) {
    return failureCode(error, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  }
}
