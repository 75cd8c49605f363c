/**
 * The one log directory clients see. The surprise: there is none; every partition is an object of
 * its own, and Kafka's tools want a path.
 */
export const logDir = '/kedge';
