const TAG = '$'

/**
 * A value of the page-worker channel as bytes that can be changed, kept and read by people: JSON in which
 * `{"$": …}` stands for what JSON lacks.
 */
export function encodeTagged(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(toTagged(value)))
}

/** Reads {@link encodeTagged}; undefined when the bytes are no such thing. */
export function decodeTagged(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: fromTagged(JSON.parse(new TextDecoder().decode(bytes))) }
  } catch {
    return undefined
  }
}

function toTagged(value: unknown): unknown {
  if (value === undefined) return { [TAG]: 'undefined' }
  if (typeof value === 'bigint') return { [TAG]: 'bigint', text: value.toString() }
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { [TAG]: 'number', text: Object.is(value, -0) ? '-0' : String(value) }
  if (value instanceof ArrayBuffer) return { [TAG]: 'buffer', length: value.byteLength }
  if (Array.isArray(value)) return value.map(toTagged)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toTagged(item)]))
}

function fromTagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromTagged)
  if (typeof value !== 'object' || value === null) return value
  const { [TAG]: tag, text, length } = value as Record<string, unknown>
  if (tag === 'undefined') return undefined
  if (tag === 'bigint' && typeof text === 'string') return BigInt(text)
  if (tag === 'number' && typeof text === 'string') return Number(text)
  if (tag === 'buffer' && typeof length === 'number') return new ArrayBuffer(Math.min(length, 4 * 1024 * 1024))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromTagged(item)]))
}
