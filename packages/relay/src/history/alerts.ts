import { ValidationError } from '@blackhole/protocol'
import type { History, HistoryColumn } from './history.ts'
import { percentile, type TimeSeriesView } from './time-series.ts'

/** Alerts look at so much of the past: a moment says nothing of a relay. */
const WINDOW_MS = 5 * 60_000

/** Below this, visitors have reported too little for a share to mean anything. */
const MIN_REPORTED_BYTES = 1_000_000

/** An alert changes its state when it was found changed so often in a row: a value at its threshold must not ring all night. */
const STEADY_CHECKS = 3

/** Most alerts of a relay: each is looked at every ten seconds. */
const MAX_ALERTS = 32

type Window = Readonly<Record<HistoryColumn, readonly number[]>>

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** What can be watched; null while there is nothing to go by. */
const MEASURES = {
  /** Part of the bytes that visitors fetched, and reported, which came from other visitors: 0 to 1. */
  offload: ({ visitorPeers, visitorHttp }: Window): number | null => {
    const [peers, http] = [sum(visitorPeers), sum(visitorHttp)]
    return peers + http < MIN_REPORTED_BYTES ? null : peers / (peers + http)
  },
  /** 95th percentile of page loads in ms, as reported; the middle one of the window's steps. */
  loadMs: ({ loadMs }: Window): number | null => percentile(loadMs, 0.5),
  /** Visitors in swarms, the newest value. */
  peers: ({ peers }: Window): number | null => peers.at(-1) ?? null,
  /** Content that this relay sent, in bytes per second. */
  sentBytesPerSecond: ({ http, p2p }: Window): number | null => (sum(http) + sum(p2p)) / (WINDOW_MS / 1000),
} as const satisfies Record<string, (window: Window) => number | null>

/** Something to be told of. */
export interface Alert {
  /** As it was written, such as `offload<0.3`. */
  readonly text: string
  readonly measure: keyof typeof MEASURES
  readonly below: boolean
  readonly threshold: number
}

/** What is sent to the webhook, as JSON. */
export interface AlertMessage {
  readonly alert: string
  readonly state: 'firing' | 'resolved'
  readonly value: number
  /** URL of the relay's own origin. */
  readonly relay: string
  /** ISO 8601. */
  readonly at: string
  /** All of it in a sentence, where chat programs look for one. */
  readonly text: string
}

/**
 * Reads alerts as an operator writes them: `offload<0.3,loadMs>3000`.
 *
 * @throws {ValidationError} naming the option
 */
export function parseAlerts(text: string, option: string): readonly Alert[] {
  const parts = text.split(',').filter((part) => part.trim() !== '')
  if (parts.length > MAX_ALERTS) throw new ValidationError(option, `at most ${String(MAX_ALERTS)} alerts`, parts.length)
  return parts.map((part) => {
    const [, measure = '', sign, number = ''] = /^\s*([a-zA-Z]+)\s*([<>])\s*(\d+(?:\.\d+)?)\s*$/.exec(part) ?? []
    if (!isMeasure(measure) || sign === undefined)
      throw new ValidationError(
        option,
        `a list of thresholds such as offload<0.3,loadMs>3000, of ${Object.keys(MEASURES).join(', ')}`,
        part,
      )
    return { text: `${measure}${sign}${number}`, measure, below: sign === '<', threshold: Number(number) }
  })
}

/** What {@link Alerts} works with. */
export interface AlertsComponents {
  readonly now: () => number
  readonly history: Pick<History, 'read'>
  /** URL of the relay's own origin. */
  readonly relay: string
  readonly tell: (message: AlertMessage) => void
}

interface Watched {
  readonly alert: Alert
  firing: boolean
  /** Checks in a row that found the other state. */
  changed: number
}

/** Watches the history, and tells when a threshold is passed and when that is over. */
export class Alerts {
  readonly #components: AlertsComponents
  readonly #watched: readonly Watched[]

  constructor(components: AlertsComponents, alerts: readonly Alert[]) {
    this.#components = components
    this.#watched = alerts.map((alert) => ({ alert, firing: false, changed: 0 }))
  }

  /** Looks once; to be called at each step of the history. */
  check(): void {
    if (this.#watched.length === 0) return
    const window = windowOf(this.#components.history.read('hour'))
    for (const watched of this.#watched) {
      const { measure, below, threshold } = watched.alert
      const value = MEASURES[measure](window)
      if (value === null) continue
      const passed = below ? value < threshold : value > threshold
      watched.changed = passed === watched.firing ? 0 : watched.changed + 1
      if (watched.changed < STEADY_CHECKS) continue
      watched.firing = passed
      watched.changed = 0
      this.#tell(watched, value)
    }
  }

  #tell({ alert, firing }: Watched, value: number): void {
    const { now, relay, tell } = this.#components
    const state = firing ? 'firing' : 'resolved'
    const shown = String(Math.round(value * 1000) / 1000)
    const text = `${relay}: ${alert.text} is ${firing ? 'so' : 'over'}, ${alert.measure} is ${shown} over five minutes`
    tell({ alert: alert.text, state, value, relay, at: new Date(now()).toISOString(), text })
  }
}

function windowOf({ stepMs, columns }: TimeSeriesView<HistoryColumn>): Window {
  const last = ([name, values]: [string, readonly (number | null)[]]): [string, number[]] => [
    name,
    values.slice(-WINDOW_MS / stepMs).filter((value) => value !== null),
  ]
  return Object.fromEntries(Object.entries(columns).map(last)) as Record<HistoryColumn, number[]>
}

function isMeasure(name: string): name is keyof typeof MEASURES {
  return Object.hasOwn(MEASURES, name)
}
