/**
 * AlterUserScramCredentials: sets and deletes the credentials by which users prove who they are.
 * The surprise: what is kept is not what was sent: the salted password would let its holder in, the
 * keys made of it only let the broker check.
 *
 * Behaviour
 * - To alter the cluster is asked for.
 * - Each user is accepted or refused by itself; two changes of one user are none.
 *
 * Versions
 * - 0: KIP-554
 */
import { toBase64 } from '../../bytes/base64.ts';
import type { ScramUpsertion } from '../../core/cluster/scram-credentials.ts';
import type {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from '../../protocol/apis/alter-user-scram-credentials.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';
import { scramKeys } from '../scram-keys.ts';

export const handleAlterUserScramCredentials: Handler<
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse
> = async ({ deletions, upsertions }, context) => {
  await demandOfCluster(context, 'ALTER');
  const kept = await Promise.all(upsertions.map(credentialOf));
  const reply = await context.objects
    .controller()
    .call('alterScramCredentials', { deletions, upsertions: kept });
  context.credentials.changed();
  return { throttleTimeMs: 0, results: reply.results };
};

type Upsertion = AlterUserScramCredentialsRequest['upsertions'][number];

async function credentialOf({ saltedPassword, salt, ...rest }: Upsertion): Promise<ScramUpsertion> {
  const keys = await scramKeys(rest.mechanism, saltedPassword);
  return { ...rest, salt: toBase64(salt), ...keys };
}
