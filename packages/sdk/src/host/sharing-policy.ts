/** What is known of the device and the visitor's wishes. Undefined: the browser doesn't tell. */
export interface SharingConditions {
  /** The visitor has opted out, or has not agreed where the site asks first. */
  readonly optedOut: boolean
  /** `navigator.connection.saveData`. */
  readonly saveData?: boolean | undefined
  /** `navigator.connection.type` is one that is paid by the byte. */
  readonly metered?: boolean | undefined
  /** 0 to 1. */
  readonly batteryLevel?: number | undefined
  readonly charging?: boolean | undefined
  /** The page can't be seen. */
  readonly hidden: boolean
}

/** What a page may do. */
export interface SharingDecision {
  /** Run a peer at all. */
  readonly join: boolean
  /** Give bytes to others. */
  readonly upload: boolean
  /** Part of the upload limit that may be used, 0 to 1. */
  readonly rate: number
  /** Why nothing is uploaded, in a word for the widget and `status()`. */
  readonly reason: 'sharing' | 'opted-out' | 'save-data' | 'metered' | 'battery' | 'hidden'
}

/** Below this a device that is not charging keeps its charge for its owner. */
export const LOW_BATTERY = 0.2

/** Hidden tabs are throttled by browsers anyway, and nobody waits for them. */
export const HIDDEN_RATE = 0.25

/**
 * What a guest may be asked to give: nothing on connections that are metered
 * or saving data, on low battery, or after opting out; less from a hidden tab.
 */
export function sharingPolicy(conditions: SharingConditions): SharingDecision {
  const refuse = (reason: SharingDecision['reason']): SharingDecision => ({
    join: reason !== 'opted-out',
    upload: false,
    rate: 0,
    reason,
  })
  if (conditions.optedOut) return refuse('opted-out')
  if (conditions.saveData === true) return refuse('save-data')
  if (conditions.metered === true) return refuse('metered')
  const { batteryLevel, charging } = conditions
  if (batteryLevel !== undefined && batteryLevel < LOW_BATTERY && charging !== true) return refuse('battery')
  if (conditions.hidden) return { join: true, upload: true, rate: HIDDEN_RATE, reason: 'hidden' }
  return { join: true, upload: true, rate: 1, reason: 'sharing' }
}
