import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser } from '../hosts/lab-browser.ts'
import { LabNetwork, type LinkOptions } from '../network/lab-network.ts'
import { openSite, type Visit, visitOf, visitSite } from './visits.ts'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { LabHost } from '../network/lab-host.ts'
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

/** How a crowd fared. */
export interface CrowdRun {
  readonly system: string
  readonly visits: readonly Visit[]
  readonly traffic: readonly TrafficSample[]
}

const SAMPLE_MS = 250

/** A browser is started so long before its visitor comes, when not all are there from the beginning. */
const AHEAD_MS = 4_000

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
    const hosts: LabHost[] = []
    for (const [index, { link }] of crowd.visitors.entries()) {
      hosts.push(await network.addHost(`visitor-${index + 1}`, link))
    }
    const { url, browser } = await system.deploy({ origin, site, folder })
    const open = async (host: LabHost): Promise<LabVisitor> => {
      const opened = await openBrowser(host, folder, browser)
      browsers.push(opened)
      return opened
    }
    const stay = crowd.visitors.every(({ staysMs }) => staysMs === undefined)
    const waiting: LabVisitor[] = []
    for (let at = 0; stay && at < hosts.length; at += STARTING) {
      waiting.push(...(await Promise.all(hosts.slice(at, at + STARTING).map(open))))
    }
    const ended = new AbortController()
    const { signal } = ended
    const begin = Date.now() + (stay ? 0 : AHEAD_MS)
    const until = async (at: number): Promise<void> => {
      await sleep(Math.max(0, begin + at - Date.now()), undefined, { signal })
    }
    const sampling = sampleTraffic(network, begin, signal)
    try {
      const visits = await Promise.all(
        crowd.visitors.map(async ({ arrivesAtMs, staysMs }, index) => {
          // Of those who leave only those are there who must be: twenty browsers are too many for most machines.
          await until(arrivesAtMs - AHEAD_MS)
          const host = hosts[index]
          if (host === undefined) throw new Error('A visitor has no host')
          const visitor = waiting[index] ?? (await open(host))
          await until(arrivesAtMs)
          const arrivedAt = Date.now() - begin
          const log =
            staysMs === undefined
              ? await openSite(visitor, url, crowd.patienceMs)
              : await visitSite(visitor, url, staysMs)
          const leftAt = staysMs === undefined ? undefined : arrivedAt + staysMs
          return visitOf(log, { arrivedAt, leftAt }, begin)
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

/** Ends sampling, and gives what was sampled. */
export async function stop<T>(ended: AbortController, sampling: Promise<T>): Promise<T> {
  ended.abort()
  return await sampling
}

/** Bytes that leave the hosts of a network, from now until the signal is aborted. */
export async function sampleTraffic(network: LabNetwork, begin: number, signal: AbortSignal): Promise<TrafficSample[]> {
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
