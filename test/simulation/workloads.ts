/** What simulated worlds can be about. */
export const workloads = {
  mixed: 'clients of all kinds, of which each seed draws some',
  transactions: 'only clients that use transactions',
  'churn-classic': 'members of a classic group join, leave, crash and stall',
  'churn-consumer': 'the same with the consumer protocol, and migration both ways',
  'churn-share': 'the same with share groups: records that are accepted, released, rejected',
} as const;

export type Workload = keyof typeof workloads;

export function isChurn(workload: Workload): workload is Extract<Workload, `churn-${string}`> {
  return workload.startsWith('churn-');
}

/** How long trouble lasts where nobody says, in minutes of the simulated world. */
export function minutesOf(workload: Workload): number {
  return isChurn(workload) ? 10 : 0.5;
}
