/**
 * Request bodies: read within a limit, parsed whatever the content type says. The surprise: a GET
 * may have one, and an empty body is an answer of its own (undefined), not an error.
 */
import { concat } from '../../bytes/writer.ts';
import { mayRepeat } from '../../runtime/weather.ts';
import { HttpError, plainHttpError } from './errors.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';

/** What one request may bring. It is all in memory at once, several times over. */
export const maxBodyBytes = 16 * 1024 * 1024;

/**
 * Throws 413 as soon as more has come, or is announced, than may come; 400 when the client goes
 * before all of it has.
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  try {
    return await wholeBody(request);
  } catch (error) {
    throw mayRepeat(error) ? new HttpError(400, 400, 'The body ended too early.') : error;
  }
}

async function wholeBody(request: Request): Promise<Uint8Array> {
  const tooLarge = () => plainHttpError(413, `a request may have ${maxBodyBytes} bytes`);
  const announced = request.headers.get('content-length');
  if (Number(announced) > maxBodyBytes) throw tooLarge();
  // No more comes than was announced.
  if (announced !== null) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return concat(chunks);
}

/** Undefined when there is no body. Throws 400 for what is not JSON. */
export async function readJson(request: Request): Promise<unknown> {
  const bytes = await readBody(request);
  const text = decodeUtf8(bytes).trim();
  if (text === '') return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    throw notJson(error);
  }
}

/** An object, or undefined when there is no body. */
export async function readJsonObject(request: Request): Promise<JsonObject | undefined> {
  const body = await readJson(request);
  if (body === undefined || isObject(body)) return body;
  throw new HttpError(400, 400, 'The body must be a JSON object.');
}

export function notJson(error: unknown): HttpError {
  return new HttpError(400, 400, `The body is not JSON: ${(error as Error).message}`);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new HttpError(400, 400, 'The body is not JSON: it is not UTF-8.');
  }
}
