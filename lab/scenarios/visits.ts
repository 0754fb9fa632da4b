import { setTimeout as sleep } from 'node:timers/promises'
import type { LabTab, LabVisitor } from '../hosts/lab-browser.ts'
import type { VisitLog } from '../systems/pages/visit-log.ts'
import type { TimedVisit } from './resource-times.ts'

/** How a visit went; times are in ms since the crowd's begin. */
export interface Visit extends TimedVisit {
  /** NaN when the visitor left before. */
  readonly loadedAt: number
  /** Undefined when the visitor left before everything was there. */
  readonly doneAt: number | undefined
  readonly arrivals: VisitLog['arrivals']
}

/**
 * Opens the site and waits until everything is there.
 *
 * @throws when a file was not what the owner made, or not all came in time
 */
export async function openSite(
  { host, visitor }: LabVisitor<LabTab>,
  url: string,
  patienceMs: number,
): Promise<VisitLog> {
  await visitor.goto(url, { timeoutMs: patienceMs })
  await visitor.waitFor(isDone, { timeoutMs: patienceMs })
  return checked(host.name, await visitor.evaluate(readLog))
}

/**
 * Opens the site, closes the tab after a while, whatever is under way, and then the browser.
 *
 * @throws when a file was not what the owner made; that not all came is no fault
 */
export async function visitSite(browser: LabVisitor, url: string, staysMs: number): Promise<VisitLog> {
  const { host, visitor } = browser
  const leaves = sleep(staysMs)
  // Who leaves before the page is loaded has not waited for it.
  void visitor.goto(url, { timeoutMs: staysMs }).catch(() => undefined)
  await leaves
  const log = await visitor.evaluate(readLog).catch(() => null)
  await visitor.close()
  await browser.close()
  return checked(host.name, log ?? { arrivals: [], resources: [], loadedAt: Number.NaN, doneAt: 0, failures: [] })
}

/** A log by the clock of a crowd. */
export function visitOf(
  { arrivals, resources, loadedAt, doneAt }: VisitLog,
  { arrivedAt, leftAt }: Pick<Visit, 'arrivedAt' | 'leftAt'>,
  begin: number,
): Visit {
  return {
    arrivedAt,
    leftAt,
    resources: resources.map(({ path, askedAt, wholeAt }) => ({
      path,
      askedAt: askedAt - begin,
      wholeAt: wholeAt - begin,
    })),
    loadedAt: loadedAt - begin,
    doneAt: doneAt === 0 ? undefined : doneAt - begin,
    arrivals: arrivals.map(([at, bytes]) => [at - begin, bytes] as const),
  }
}

function checked(name: string, log: VisitLog | null): VisitLog {
  if (log === null) throw new Error(`${name} got no page`)
  if (log.failures.length > 0) throw new Error(`${name} did not get what the owner made: ${log.failures.join('; ')}`)
  return log
}

function isDone(): boolean {
  const { visit: log } = globalThis as { visit?: VisitLog }
  return log !== undefined && (log.doneAt > 0 || log.failures.length > 0)
}

function readLog(): VisitLog | null {
  return (globalThis as { visit?: VisitLog }).visit ?? null
}
