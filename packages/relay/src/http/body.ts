import { LimitError, ValidationError } from '@blackhole/protocol'

/** Body of a request as chunks, cut off with an error once it is too long. */
export async function* limitedBody(
  request: Request,
  field: string,
  maxBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) throw new LimitError(field, maxBytes, declared)
  let bytes = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new LimitError(field, maxBytes, bytes)
    yield chunk
  }
}

/** A whole body. */
export async function readBody(request: Request, field: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  for await (const chunk of limitedBody(request, field, maxBytes)) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/**
 * A JSON object from a body.
 *
 * @throws {ValidationError} when it is none
 */
export async function readJson(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  const bytes = await readBody(request, 'request bytes', maxBytes)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new ValidationError('request', 'JSON in UTF-8', undefined, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ValidationError('request', 'a JSON object', value)
  return value as Record<string, unknown>
}

/** Value of `Authorization`-like headers that a request may lack. */
export function headerOf(request: Request, name: string): string | undefined {
  return request.headers.get(name) ?? undefined
}
