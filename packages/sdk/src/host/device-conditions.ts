import { TypedEventEmitter } from 'main-event'
import type { SharingConditions } from './sharing-policy.ts'

/** The Network Information API (WICG), where a browser has it. */
interface NetworkInformation extends EventTarget {
  readonly saveData?: boolean
  readonly type?: string
}

/** The Battery Status API (W3C), where a browser has it. */
interface BatteryManager extends EventTarget {
  readonly level: number
  readonly charging: boolean
}

/** What is read of the browser. */
export interface DeviceComponents {
  readonly navigator: { readonly connection?: NetworkInformation; getBattery?(): Promise<BatteryManager> }
  readonly document: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>
}

/** Events of {@link DeviceConditions}. */
export interface DeviceConditionsEvents {
  change: CustomEvent<Omit<SharingConditions, 'optedOut'>>
}

/** Kinds of connection that are usually paid by the byte. */
const METERED_TYPES: ReadonlySet<string> = new Set(['cellular', 'wimax', 'bluetooth'])

/** Watches connection, battery and visibility. What a browser doesn't tell is left undefined. */
export class DeviceConditions extends TypedEventEmitter<DeviceConditionsEvents> {
  readonly #components: DeviceComponents
  readonly #controller = new AbortController()
  #battery: BatteryManager | undefined

  constructor(components: DeviceComponents) {
    super()
    this.#components = components
  }

  /** The conditions now. */
  get current(): Omit<SharingConditions, 'optedOut'> {
    const {
      navigator: { connection },
      document,
    } = this.#components
    return {
      saveData: connection?.saveData,
      metered: connection?.type === undefined ? undefined : METERED_TYPES.has(connection.type),
      batteryLevel: this.#battery?.level,
      charging: this.#battery?.charging,
      hidden: document.hidden,
    }
  }

  /** Begins to watch. */
  async start(): Promise<void> {
    const { signal } = this.#controller
    const { navigator, document } = this.#components
    const changed = (): void => {
      this.safeDispatchEvent('change', { detail: this.current })
    }
    document.addEventListener('visibilitychange', changed, { signal })
    navigator.connection?.addEventListener('change', changed, { signal })
    // Refused in insecure contexts and by permissions policy: then the battery is not known.
    this.#battery = await navigator.getBattery?.().catch(() => undefined)
    for (const type of ['levelchange', 'chargingchange']) this.#battery?.addEventListener(type, changed, { signal })
    if (this.#battery !== undefined) changed()
  }

  stop(): void {
    this.#controller.abort()
  }
}
