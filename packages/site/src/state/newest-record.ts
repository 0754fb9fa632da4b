import { checkOrder, supersedes } from '../record.ts'
import type { SiteRecord } from '../record.ts'

/**
 * The record to keep of a new one and the newest known: rollback protection.
 *
 * @throws {RecordError} `stale` or `conflict`
 */
export function newestOf(record: SiteRecord, known: SiteRecord | undefined): SiteRecord {
  if (known === undefined) return record
  checkOrder(record, known)
  return supersedes(record, known) ? record : known
}
