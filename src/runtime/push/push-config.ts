/** What the owner of a Kedge says of subscriptions: where webhooks may be that are not public. */

export const pushVariables: readonly string[] = ['KEDGE_PUSH_PRIVATE_HOSTS'];

/** `KEDGE_PUSH_PRIVATE_HOSTS`: hosts with or without a port, with commas between. */
export function privateHostsFrom(variables: Readonly<Record<string, unknown>>): string[] {
  return `${variables.KEDGE_PUSH_PRIVATE_HOSTS ?? ''}`
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
}
