/** Most bytes that a browser's store takes by default: a guest's share of a phone. */
export const DEFAULT_QUOTA_BYTES = 512 * 1024 * 1024

/** Part of what the browser offers the origin: the site's own caches need the rest. */
const QUOTA_SHARE = 0.2

/** The part of `navigator.storage` that is needed. */
export interface StorageEstimator {
  estimate(): Promise<{ quota?: number; usage?: number }>
}

/**
 * Bytes that a piece store may take when its owner names no number: the smaller
 * of 512 MiB and a fifth of the origin's quota.
 *
 * @param storage - `navigator.storage`, where there is one
 */
export async function defaultQuotaBytes(storage: StorageEstimator | undefined): Promise<number> {
  try {
    const quota = (await storage?.estimate())?.quota
    if (quota === undefined || !Number.isFinite(quota) || quota < 0) return DEFAULT_QUOTA_BYTES
    return Math.floor(Math.min(DEFAULT_QUOTA_BYTES, quota * QUOTA_SHARE))
  } catch {
    // Firefox rejects in private windows: the default holds, and QuotaExceededError is handled anyway.
    return DEFAULT_QUOTA_BYTES
  }
}
