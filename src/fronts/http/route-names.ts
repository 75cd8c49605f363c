/**
 * What a route is called where it is described. The surprise: a path with a pattern for one of its
 * parameters is the same to a reader as one without.
 */
import type { Family, Route } from './routes.ts';

/** The path as OpenAPI writes it: `/rest/topics/{topic}`. */
export function templateOf({ prefix }: Family, { path }: Route): string {
  const template = `${prefix}${path}`.replaceAll(/\/:(\w+)(\{[^}]*\})?/g, '/{$1}');
  return template.length > 1 && template.endsWith('/') ? template.slice(0, -1) : template;
}

/** The parameters in it. */
export function pathNames(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
}

/** What names one operation: `get_rest_topics_topic`. */
export function operationId(family: Family, route: Route): string {
  const words = `${route.method} ${templateOf(family, route)}`.toLowerCase();
  return words.replaceAll(/[^a-z0-9]+/g, '_').replace(/_$/, '');
}
