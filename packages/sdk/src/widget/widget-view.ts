import type { PageStatus } from '../loader/loader-config.ts'

/** What the widget shows. */
export interface WidgetView {
  /** One line for screen readers and the closed widget. */
  readonly summary: string
  readonly rows: readonly { readonly label: string; readonly value: string }[]
  /** The switch is on: the visitor takes part. */
  readonly sharing: boolean
  /** There is somebody to share with. */
  readonly connected: boolean
}

/** Decides what the widget shows for a status. */
export function widgetView({ role, peers, received, shared }: PageStatus): WidgetView {
  const sharing = role !== 'off'
  return {
    summary: sharing ? describePeers(peers) : 'Not sharing',
    rows: [
      { label: 'Received from visitors', value: formatBytes(received.peers) },
      { label: 'Given to visitors', value: formatBytes(shared) },
    ],
    sharing,
    connected: sharing && peers > 0,
  }
}

function describePeers(peers: number): string {
  if (peers === 0) return 'Nobody else is here'
  return `Connected to ${peers === 1 ? '1 visitor' : `${String(peers)} visitors`}`
}

/** Bytes in words: `0 B`, `1.5 MB`; powers of 1000, as browsers show downloads. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let at = 0
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000
    at++
  }
  return `${at === 0 || value >= 99.95 ? String(Math.round(value)) : value.toFixed(1)} ${units[at] ?? ''}`
}
