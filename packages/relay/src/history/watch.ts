import type { Logger } from 'pino'
import type { RelayInit } from '../config.ts'
import { Alerts, parseAlerts } from './alerts.ts'
import { History, type HistorySources } from './history.ts'
import { Webhook } from './webhook.ts'

/** What {@link watch} works with. */
export interface WatchComponents extends HistorySources {
  readonly log: Logger
}

/**
 * Begins to note how the relay does, and to tell its operator's webhook when an alert is due.
 *
 * @param relay - the relay's address, for what is told
 */
export function watch(
  { log, ...sources }: WatchComponents,
  init: Pick<RelayInit, 'alerts' | 'alertWebhook'>,
  relay: string,
): { history: History; stop: () => void } {
  const { now } = sources
  const history = new History(sources)
  const webhook = new Webhook({ log }, { url: init.alertWebhook })
  const alerts = new Alerts(
    { now, history, relay, tell: webhook.tell.bind(webhook) },
    parseAlerts(init.alerts, 'alerts'),
  )
  history.start(() => {
    alerts.check()
  })
  const stop = (): void => {
    history.stop()
    webhook.stop()
  }
  return { history, stop }
}
