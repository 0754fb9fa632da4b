const UNITS: Readonly<Record<string, number>> = Object.freeze({ '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 })

/**
 * Reads a number of bytes as people write it: `500k`, `2M`, `1.5G`, `65536`,
 * the letters being powers of 1024.
 *
 * @returns undefined when it is none, or more than can be counted in whole bytes (2^53)
 */
export function parseByteSize(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(text.trim())
  const unit = UNITS[(found?.[2] ?? '').toLowerCase()]
  if (found === null || unit === undefined) return undefined
  const bytes = Math.floor(Number(found[1]) * unit)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
