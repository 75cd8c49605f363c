/**
 * What holds for one group of consumers or of share consumers: the broker's configs, and over them
 * those that are set on the group itself. The surprise: the controller keeps the latter, and a
 * group hears of them when it looks at its topics, within a minute.
 */
import type { GroupConfig } from './rows.ts';

export type SetConfigs = Readonly<Record<string, string>>;

export function configured(config: GroupConfig, set: SetConfigs): GroupConfig {
  const number = (name: string, preset: number): number => Number(set[name] ?? preset);
  return {
    ...config,
    groupConsumerSessionTimeoutMs: number(
      'consumer.session.timeout.ms',
      config.groupConsumerSessionTimeoutMs,
    ),
    groupConsumerHeartbeatIntervalMs: number(
      'consumer.heartbeat.interval.ms',
      config.groupConsumerHeartbeatIntervalMs,
    ),
    groupConsumerAssignmentIntervalMs: number(
      'consumer.assignment.interval.ms',
      config.groupConsumerAssignmentIntervalMs,
    ),
    groupShareSessionTimeoutMs: number(
      'share.session.timeout.ms',
      config.groupShareSessionTimeoutMs,
    ),
    groupShareHeartbeatIntervalMs: number(
      'share.heartbeat.interval.ms',
      config.groupShareHeartbeatIntervalMs,
    ),
    groupShareAssignmentIntervalMs: number(
      'share.assignment.interval.ms',
      config.groupShareAssignmentIntervalMs,
    ),
  };
}
