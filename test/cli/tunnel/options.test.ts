import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/usage.ts';
import { parseTunnelOptions } from './parse.ts';

const parse = (line: string, environment: Record<string, string> = {}) =>
  parseTunnelOptions(line.split(' ').filter(Boolean), environment);

describe('what is said to kedge tunnel', () => {
  it.each([
    ['kedge.example.com', 'wss://kedge.example.com/kafka'],
    ['https://kedge.example.com', 'wss://kedge.example.com/kafka'],
    ['https://kedge.example.com/', 'wss://kedge.example.com/kafka'],
    ['http://127.0.0.1:8787', 'ws://127.0.0.1:8787/kafka'],
    ['wss://example.com/deep/kafka', 'wss://example.com/deep/kafka'],
  ])('takes %s', (said, url) => {
    expect(parse(said).url.href).toBe(url);
  });

  it('listens where Kafka does, unless told otherwise', () => {
    expect(parse('example.com').listen).toEqual({ host: '127.0.0.1', port: 9092 });
    const { listen, advertise } = parse(
      'example.com --listen [::1]:0 --advertise kafka.internal:9092',
    );
    expect(listen).toEqual({ host: '::1', port: 0 });
    expect(advertise).toEqual({ host: 'kafka.internal', port: 9092 });
  });

  it('shows a token, from where it was said', () => {
    const headers = (line: string, environment = {}) => parse(line, environment).headers;
    expect(headers('example.com')).toEqual({});
    expect(headers('example.com', { KEDGE_TOKEN: '' })).toEqual({});
    expect(headers('example.com', { KEDGE_TOKEN: 's' })).toEqual({ authorization: 'Bearer s' });
    expect(headers('example.com --token t', { KEDGE_TOKEN: 's' })).toEqual({
      authorization: 'Bearer t',
    });
    const args = ['example.com', '--header', 'CF-Access-Client-Id: a.access', '--header', 'X: b:c'];
    expect(parseTunnelOptions(args, {}).headers).toEqual({
      'cf-access-client-id': 'a.access',
      x: 'b:c',
    });
  });

  it.each([
    ['ftp://example.com', "'ftp://example.com' is no address"],
    ['a b', "what is 'b'"],
    ['a --listen 9092', '--listen must be host:port'],
    ['a --advertise h:0', '--advertise must be host:port'],
    ['a --header nonsense', "--header must be 'name: value'"],
    ['a --token=', '--token must not be empty'],
    ['a --liste x', "there is no option --liste; did you mean '--listen'?"],
  ])('refuses %s', (line, why) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(why);
  });
});
