/**
 * The configs of Kafka's broker that mean nothing to Kedge: files, TLS, SASL, replicas, the quorum.
 * The surprise: they are known only to be refused, since a name that nobody knows is accepted, as
 * in Kafka, where it may be that of a plugin.
 */

const families = new Set(
  `
  alter broker client controller delegation group internal kafka listener log metadata metric
  metrics offsets process queued quota remote replica replication sasl security server share
  socket ssl telemetry transaction unstable
  `
    .trim()
    .split(/\s+/),
);

const others = new Set(
  `
  add.partitions.to.txn.retry.backoff.max.ms add.partitions.to.txn.retry.backoff.ms
  authorizer.class.name auto.leader.rebalance.enable config.providers
  connection.failed.authentication.delay.ms connections.max.reauth.ms controlled.shutdown.enable
  cordoned.log.dirs create.topic.policy.class.name
  delete.records.purgatory.purge.interval.requests early.start.listeners
  fetch.purgatory.purge.interval.requests follower.fetch.last.tiered.offset.enable
  initial.broker.registration.timeout.ms inter.broker.listener.name
  leader.imbalance.check.interval.seconds listeners max.incremental.fetch.session.cache.slots
  max.request.partition.size.limit num.replica.alter.log.dirs.threads principal.builder.class
  producer.id.expiration.check.interval.ms producer.purgatory.purge.interval.requests
  request.timeout.ms unclean.leader.election.interval.ms
  `
    .trim()
    .split(/\s+/),
);

/** Whether a name that Kedge does not use is Kafka's all the same. */
export function isForeignBrokerConfig(name: string): boolean {
  return others.has(name) || families.has(name.split('.')[0]);
}
