import { ValidationError } from './errors.ts'
import { MAX_REPORTED_PATHS, MAX_REPORTED_PATH_LENGTH } from './limits.ts'

/**
 * What a visitor's worker tells the relay of a pull zone: names, never bytes.
 * The relay fetches by itself what it keeps.
 */
export interface AssetReport {
  /** URL paths of the origin that a page asked for by GET, percent-encoded and without a query. */
  readonly paths: readonly string[]
  /** Those of them that the origin answers with something else than the zone's manifest says. */
  readonly changed: readonly string[]
}

/**
 * Checks a report.
 *
 * @throws {ValidationError} naming the field and its bound
 */
export function parseAssetReport(value: unknown): AssetReport {
  const report = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return { paths: pathList(report['paths'], 'paths'), changed: pathList(report['changed'] ?? [], 'changed') }
}

function pathList(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_REPORTED_PATHS)
    throw new ValidationError(field, `a list of at most ${String(MAX_REPORTED_PATHS)} paths`)
  if (
    !value.every(
      (path) => typeof path === 'string' && /^\/[!-~]*$/.test(path) && path.length <= MAX_REPORTED_PATH_LENGTH,
    )
  )
    throw new ValidationError(field, `of URL paths of at most ${String(MAX_REPORTED_PATH_LENGTH)} characters`)
  return value as string[]
}
