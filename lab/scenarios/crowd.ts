import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser } from '../hosts/lab-browser.ts'
import { LabNetwork, type LinkOptions } from '../network/lab-network.ts'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { VisitLog } from '../systems/pages/visit-log.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { System } from '../systems/system.ts'

/** Who comes when, over which lines. */
export interface Crowd {
  readonly origin: LinkOptions
  readonly visitors: readonly CrowdVisitor[]
  /** Nobody waits longer for the site. */
  readonly patienceMs: number
}

/** A visitor of a crowd. */
export interface CrowdVisitor {
  readonly link: LinkOptions
  /** After the crowd's begin. */
  readonly arrivesAtMs: number
  /** Closes the tab so long after arriving, whatever is under way; left out, stays to the end. */
  readonly staysMs?: number
}

/** Bytes that had left the lines up at a time. */
export interface TrafficSample {
  /** Milliseconds since the crowd's begin. */
  readonly at: number
  readonly origin: number
  readonly visitors: number
}

/** How a visit went; times are in ms since the crowd's begin. */
export interface Visit {
  readonly arrivedAt: number
  readonly loadedAt: number
  /** Undefined when the visitor left before everything was there. */
  readonly doneAt: number | undefined
  readonly arrivals: VisitLog['arrivals']
}

/** How a crowd fared. */
export interface CrowdRun {
  readonly system: string
  readonly visits: readonly Visit[]
  readonly traffic: readonly TrafficSample[]
}

const SAMPLE_MS = 250

/** Browsers that start at once: each takes a core for a second. */
const STARTING = 2

/**
 * Puts a system up on a network of its own and lets the crowd come.
 *
 * @throws when a file was not what the owner made, or did not come in time to someone who stayed
 */
export async function runCrowd(system: System, crowd: Crowd, site: SiteFiles, folder: string): Promise<CrowdRun> {
  const network = await LabNetwork.create()
  const browsers: LabVisitor[] = []
  try {
    const origin = await network.addHost('origin', crowd.origin)
    const hosts = []
    for (const [index, { link }] of crowd.visitors.entries()) {
      hosts.push(await network.addHost(`visitor-${index + 1}`, link))
    }
    const { url, browser } = await system.deploy({ origin, site, folder })
    for (let at = 0; at < hosts.length; at += STARTING) {
      browsers.push(
        ...(await Promise.all(hosts.slice(at, at + STARTING).map((host) => openBrowser(host, folder, browser)))),
      )
    }
    const ended = new AbortController()
    const begin = Date.now()
    const sampling = sampleTraffic(network, begin, ended.signal)
    try {
      const visits = await Promise.all(
        crowd.visitors.map(async (who, index) => {
          await sleep(who.arrivesAtMs, undefined, { signal: ended.signal })
          const visitor = browsers[index]
          if (visitor === undefined) throw new Error('A visitor has no browser')
          return await visit(visitor, url, who, crowd.patienceMs, begin)
        }),
      )
      return { system: system.name, visits, traffic: await stop(ended, sampling) }
    } finally {
      await stop(ended, sampling)
    }
  } finally {
    await Promise.all(browsers.map((visitor) => visitor.close().catch(() => undefined)))
    network.close()
  }
}

async function stop<T>(ended: AbortController, sampling: Promise<T>): Promise<T> {
  ended.abort()
  return await sampling
}

async function visit(
  { host, visitor }: LabVisitor,
  url: string,
  { staysMs }: CrowdVisitor,
  patienceMs: number,
  begin: number,
): Promise<Visit> {
  const arrivedAt = Date.now() - begin
  const until = AbortSignal.timeout(staysMs ?? patienceMs)
  const opened = visitor.goto(url, { timeoutMs: staysMs ?? patienceMs })
  const done = opened.then(() => visitor.waitFor(isDone, { timeoutMs: staysMs ?? patienceMs }))
  // Who leaves does so in the middle of things.
  await Promise.race([done, new Promise((resolve) => until.addEventListener('abort', resolve))]).catch(
    (error: unknown) => {
      if (staysMs === undefined) throw new Error(`${host.name} did not get everything in time`, { cause: error })
    },
  )
  const log = await visitor.evaluate(readLog)
  if (staysMs !== undefined) await visitor.close()
  if (log === null) {
    if (staysMs === undefined) throw new Error(`${host.name} got no page in time`)
    return { arrivedAt, loadedAt: Number.NaN, doneAt: undefined, arrivals: [] }
  }
  if (log.failures.length > 0)
    throw new Error(`${host.name} did not get what the owner made: ${log.failures.join('; ')}`)
  if (staysMs === undefined && log.doneAt === 0) throw new Error(`${host.name} did not get everything in time`)
  return {
    arrivedAt,
    loadedAt: log.loadedAt - begin,
    doneAt: log.doneAt === 0 ? undefined : log.doneAt - begin,
    arrivals: log.arrivals.map(([at, bytes]) => [at - begin, bytes] as const),
  }
}

/**
 * Opens the site and waits until everything is there.
 *
 * @throws when a file was not what the owner made, or not all came in time
 */
export async function openSite({ host, visitor }: LabVisitor, url: string, patienceMs: number): Promise<VisitLog> {
  await visitor.goto(url, { timeoutMs: patienceMs })
  await visitor.waitFor(isDone, { timeoutMs: patienceMs })
  const log = await visitor.evaluate(readLog)
  if (log === null || log.failures.length > 0)
    throw new Error(`${host.name} did not get what the owner made: ${(log?.failures ?? []).join('; ')}`)
  return log
}

async function sampleTraffic(network: LabNetwork, begin: number, signal: AbortSignal): Promise<TrafficSample[]> {
  const before = totals(await network.traffic())
  const samples: TrafficSample[] = []
  for (;;) {
    const now = totals(await network.traffic())
    const [origin, visitors] = [now.origin - before.origin, now.visitors - before.visitors]
    samples.push({ at: Date.now() - begin, origin, visitors })
    if (signal.aborted) return samples
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined)
  }
}

function totals(traffic: Awaited<ReturnType<LabNetwork['traffic']>>): { origin: number; visitors: number } {
  const sum = [...traffic.values()].reduce((total, { sent }) => total + sent, 0)
  const origin = traffic.get('origin')?.sent ?? 0
  return { origin, visitors: sum - origin }
}

function isDone(): boolean {
  const { visit: log } = globalThis as { visit?: VisitLog }
  return log !== undefined && (log.doneAt > 0 || log.failures.length > 0)
}

function readLog(): VisitLog | null {
  return (globalThis as { visit?: VisitLog }).visit ?? null
}
