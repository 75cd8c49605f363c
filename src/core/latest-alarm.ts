/**
 * How far ahead an alarm can be set. The surprise: not for ever. The platform refuses dates after
 * 2189, and a config or a client may well ask for later ones, so what is due then is never due.
 */

/** In the year 2188; in milliseconds since the epoch. */
export const latestAlarm = 6_900_000_000_000;
