import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, seededRandom } from '@blackhole/testkit'
import type { ChromiumBrowser, OwnedSite } from '@blackhole/testkit'
import { LARGE, publishAgain, publishSite, SMALL } from './soaked-site.ts'
import { SeedingTab } from './seeding-tab.ts'
import { visitByPage, visitByProcess } from './visits.ts'
import type { PageEnd, ProcessEnd, VisitedSite } from './visits.ts'
import { WatchedRelay } from './watched-relay.ts'
import type { Counters, Sample } from './sample.ts'

/** How long, and how much goes on. */
export interface SoakInit {
  readonly minutes: number
  /** Between two looks at the memory. */
  readonly sampleSeconds: number
  /** Between two arrivals. */
  readonly arrivalSeconds: number
  /** Between two versions of the site. */
  readonly publishSeconds: number
  readonly seed: number
  /** Who comes, in turn. Default: {@link ROUND}. */
  readonly round?: readonly Visit[]
  /** How long is waited at the end for the counters to be as before. Default: three minutes. */
  readonly settleMs?: number
  readonly onSample?: (sample: Sample) => void
  /** Told of a visit that failed. */
  readonly onFailure?: (error: unknown) => void
}

/** How somebody comes, and goes. */
export type Visit = `process: ${ProcessEnd}` | `page: ${PageEnd}`

/** A process and a page in turn, ended in each of their ways. */
export const ROUND: readonly Visit[] = [
  ...(['process: kill', 'page: close', 'process: leave', 'page: crash', 'process: kill', 'page: navigate'] as const),
  ...(['process: leave', 'page: close', 'process: kill', 'page: crash', 'process: leave', 'page: navigate'] as const),
]

/** What a soak saw. */
export interface Soaked {
  readonly samples: readonly Sample[]
  /** Before anyone came. */
  readonly base: Counters
  /** After everyone had left, and what a dead peer is waited for had passed. */
  readonly end: Counters
  /** By kind; those that failed are {@link FAILED}. */
  readonly visits: Readonly<Record<string, number>>
  /** Bytes that the tab gave to visitors. */
  readonly shared: number
}

/** Name under which visits are counted that failed. */
export const FAILED = 'failed'

/** Visitors of a process. */
const CROWD = 3
/** Files that a visitor reads. */
const READS = 4
/** A relay forgets a peer that it hears nothing of after 150 s, a browser one after half a minute. */
const SETTLE_MS = 180_000
const SETTLE_CHECK_MS = 2_000
/** Visits at once: on a machine with other work they take longer, and must not pile up. */
const MAX_VISITS = 3

/** A relay, a page that seeds, and visitors who come, read, and vanish in the middle of something. */
export async function soak(init: SoakInit): Promise<Soaked> {
  const relay = await WatchedRelay.start()
  const cleanUp: (() => Promise<void>)[] = [() => relay.stop()]
  try {
    const site = await publishSite(relay.relay)
    cleanUp.push(() => site.remove())
    const profile = await mkdtemp(join(tmpdir(), 'blackhole-soak-'))
    cleanUp.push(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))
    const tab = await SeedingTab.open(profile, site.url)
    cleanUp.push(() => tab.close())
    await tab.read([...SMALL, LARGE])
    const browser = await launchChromium()
    cleanUp.push(() => browser.close())
    const base = await settled(relay, tab, undefined, SETTLE_MS)
    return await new Going(init, { relay, tab, site, browser }).run(base)
  } finally {
    for (const end of cleanUp.toReversed()) await end()
  }
}

interface Parts {
  readonly relay: WatchedRelay
  readonly tab: SeedingTab
  readonly site: OwnedSite
  readonly browser: ChromiumBrowser
}

/** A soak that runs. */
class Going {
  readonly #init: SoakInit
  readonly #parts: Parts
  readonly #random: () => number
  readonly #visits: Record<string, number> = {}
  readonly #running = new Set<Promise<void>>()
  readonly #samples: Sample[] = []
  readonly #began = performance.now()

  constructor(init: SoakInit, parts: Parts) {
    this.#init = init
    this.#parts = parts
    this.#random = seededRandom(init.seed)
  }

  async run(base: Counters): Promise<Soaked> {
    const { sampleSeconds, arrivalSeconds, publishSeconds, minutes } = this.#init
    const end = this.#began + minutes * 60_000
    await Promise.all([
      this.#every(sampleSeconds, end, () => this.#sample()),
      this.#every(arrivalSeconds, end, (time) => {
        if (this.#running.size < MAX_VISITS) this.#arrive(time)
      }),
      this.#every(publishSeconds, end, async (time) => {
        if (time > 0) await publishAgain(this.#parts.site, time)
      }),
    ])
    await Promise.all(this.#running)
    const { relay, tab } = this.#parts
    return {
      samples: this.#samples,
      base,
      end: await settled(relay, tab, base, this.#init.settleMs ?? SETTLE_MS),
      visits: this.#visits,
      shared: await tab.shared(),
    }
  }

  /** Does something at once and then each time so many seconds have passed; what takes longer is not begun twice. */
  async #every(seconds: number, end: number, run: (time: number) => unknown): Promise<void> {
    for (let time = 0; ; time++) {
      const next = this.#began + time * seconds * 1000
      if (next >= end) return
      await pause(Math.max(0, next - performance.now()))
      await run(time)
    }
  }

  async #sample(): Promise<void> {
    const { relay, tab } = this.#parts
    // Somebody looks at the page now and then.
    await tab.read([this.#draw(SMALL)])
    const { heap, resident } = await relay.memory()
    const sample: Sample = {
      minutes: (performance.now() - this.#began) / 60_000,
      memory: { 'relay: heap': heap, 'relay: resident': resident, ...(await tab.memory()) },
      counters: { ...(await relay.counters()), ...(await tab.counters()) },
    }
    this.#samples.push(sample)
    this.#init.onSample?.(sample)
  }

  #arrive(time: number): void {
    const { site, relay, browser } = this.#parts
    const visited: VisitedSite = { relay: relay.relay.url, name: site.name, url: site.url, large: LARGE }
    const paths = Array.from({ length: READS }, () => this.#draw(SMALL))
    const round = this.#init.round ?? ROUND
    const kind = round[time % round.length] ?? 'page: close'
    const [who, end] = kind.split(': ') as ['process', ProcessEnd] | ['page', PageEnd]
    this.#visit(
      kind,
      who === 'process' ? visitByProcess(CROWD, visited, paths, end) : visitByPage(browser, visited, paths, end),
    )
  }

  #visit(kind: string, visit: Promise<void>): void {
    const counted = visit.then(
      () => {
        this.#visits[kind] = (this.#visits[kind] ?? 0) + 1
      },
      (error: unknown) => {
        this.#visits[FAILED] = (this.#visits[FAILED] ?? 0) + 1
        this.#init.onFailure?.(error)
      },
    )
    const running = counted.finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  #draw(paths: readonly string[]): string {
    return paths[Math.floor(this.#random() * paths.length)] ?? ''
  }
}

/** The counters once they are back at their base, or two looks say the same when there is none; what they are when that takes too long. */
async function settled(
  relay: WatchedRelay,
  tab: SeedingTab,
  base: Counters | undefined,
  waitMs: number,
): Promise<Counters> {
  const deadline = performance.now() + waitMs
  let before: Counters | undefined
  for (;;) {
    const now = { ...(await relay.counters()), ...(await tab.counters()) }
    const wanted = base ?? before
    if (wanted !== undefined && isBack(now, wanted)) return now
    if (performance.now() > deadline) return now
    before = now
    await pause(SETTLE_CHECK_MS)
  }
}

function isBack(now: Counters, base: Counters): boolean {
  return Object.entries(base).every(([name, value]) => name === 'tab: bytes stored' || (now[name] ?? 0) <= value)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
