/**
 * REST v3, whole. The surprise: records can only be written; the dialect has no way to read them.
 */
import { type Family, type Route, restErrors } from '../routes.ts';
import { object, text, whole } from '../schemas.ts';
import { aclRoutes } from './acls.ts';
import { clusterRoutes } from './clusters.ts';
import { configRoutes } from './configs.ts';
import { groupRoutes } from './groups.ts';
import { lagRoutes } from './lags.ts';
import { partitionRoutes } from './partitions.ts';
import { recordRoutes } from './records.ts';
import { jsonType } from './route.ts';
import { topicConfigRoutes } from './topic-configs.ts';
import { topicRoutes } from './topics.ts';

/** Of two routes that both fit a path the first is taken: those with a `-` in them come first. */
const routes: readonly Route[] = [
  ...clusterRoutes,
  ...topicConfigRoutes,
  ...configRoutes,
  ...partitionRoutes,
  ...topicRoutes,
  ...groupRoutes,
  ...lagRoutes,
  ...aclRoutes,
  ...recordRoutes,
];

export const v3Family: Family = {
  prefix: '/v3',
  name: 'REST v3',
  doc: {
    description: 'Confluent’s REST v3: clusters, topics, configs, groups, ACLs, and producing.',
    error: { type: jsonType, schema: object({ error_code: whole, message: text }) },
  },
  routes,
  errorResponse: restErrors('application/json'),
};

/** The same where Confluent Server and Confluent Cloud have it. */
export const cloudV3Family: Family = {
  ...v3Family,
  name: 'REST v3, as in Confluent Cloud',
  prefix: '/kafka/v3',
};
