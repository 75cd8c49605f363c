import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#rest-v3');

it('tells the cluster', async () => {
  const [clusters] = await docs.answers('v3');
  expect(clusters).toMatchObject({ kind: 'KafkaClusterList', data: [{ kind: 'KafkaCluster' }] });
});
