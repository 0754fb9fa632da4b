import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser } from '../hosts/lab-browser.ts'
import { LabNetwork } from '../network/lab-network.ts'
import { sampleTraffic, stop } from '../scenarios/crowd.ts'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { LabHost } from '../network/lab-host.ts'
import type { LinkOptions } from '../network/lab-network.ts'
import type { TrafficSample } from '../scenarios/crowd.ts'
import type { FilmLog } from '../systems/pages/film-log.ts'
import type { FilmSystem } from './film-systems.ts'
import type { Film } from './make-film.ts'

/** Who watches, over which lines. */
export interface Audience {
  readonly origin: LinkOptions
  readonly viewer: LinkOptions
  readonly viewers: number
  /** One comes after the other, so long apart. */
  readonly everyMs: number
}

/** How a film went for all. */
export interface FilmRun {
  readonly system: string
  readonly live: boolean
  /** Of each viewer; times are in ms since the first came. */
  readonly logs: readonly FilmLog[]
  readonly traffic: readonly TrafficSample[]
}

/** Browsers that start at once: each takes a core for a second. */
const STARTING = 2

/** Beyond the film, for start-up and stalls. */
export const PATIENCE_MS = 60_000

/**
 * Puts a film up on a network of its own, and lets the viewers watch it to its end.
 *
 * @throws when a player could not go on, or was not through in time
 */
export async function watchFilm(
  system: FilmSystem,
  film: Film,
  live: boolean,
  { origin: line, viewer, viewers, everyMs }: Audience,
  folder: string,
): Promise<FilmRun> {
  const network = await LabNetwork.create()
  const browsers: LabVisitor[] = []
  try {
    const origin = await network.addHost('origin', line)
    const hosts: LabHost[] = []
    for (let index = 1; index <= viewers; index += 1) hosts.push(await network.addHost(`viewer-${index}`, viewer))
    const { url, browser, begin } = await system.deploy({ origin, film, live, folder })
    for (let at = 0; at < hosts.length; at += STARTING) {
      const opened = hosts.slice(at, at + STARTING).map((host) => openBrowser(host, folder, browser))
      browsers.push(...(await Promise.all(opened)))
    }
    const ended = new AbortController()
    const began = Date.now()
    const sampling = sampleTraffic(network, began, ended.signal)
    try {
      begin()
      const timeoutMs = film.seconds * 1000 + PATIENCE_MS
      const logs = await Promise.all(
        browsers.map(async ({ host, visitor }, index) => {
          await sleep(index * everyMs)
          await visitor.goto(url, { timeoutMs })
          await visitor.waitFor(isOver, { timeoutMs }).catch(() => undefined)
          return checked(host.name, await visitor.evaluate(readLog))
        }),
      )
      return {
        system: system.name,
        live,
        logs: logs.map((log) => since(began, log)),
        traffic: await stop(ended, sampling),
      }
    } finally {
      await stop(ended, sampling)
    }
  } finally {
    await Promise.all(browsers.map((visitor) => visitor.close().catch(() => undefined)))
    network.close()
  }
}

function checked(name: string, log: FilmLog | null): FilmLog {
  if (log === null) throw new Error(`${name} got no page`)
  if (log.failures.length > 0) throw new Error(`${name} could not go on: ${log.failures.join('; ')}`)
  if (log.endedAt === 0)
    throw new Error(`${name} was not through in time: ${String(log.played.at(-1)?.[1] ?? 0)} s were played`)
  return log
}

function since(began: number, log: FilmLog): FilmLog {
  const pairs = (list: FilmLog['played']): FilmLog['played'] => list.map(([at, value]) => [at - began, value] as const)
  const { openedAt, playingAt, endedAt, stalls, played, qualities } = log
  return {
    ...log,
    openedAt: openedAt - began,
    playingAt: playingAt - began,
    endedAt: endedAt - began,
    stalls: pairs(stalls),
    played: pairs(played),
    qualities: pairs(qualities),
  }
}

function isOver(): boolean {
  const { film } = globalThis as { film?: FilmLog }
  return film !== undefined && (film.endedAt > 0 || film.failures.length > 0)
}

function readLog(): FilmLog | null {
  return (globalThis as { film?: FilmLog }).film ?? null
}
