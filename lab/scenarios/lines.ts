import { setTimeout as sleep } from 'node:timers/promises'
import type { SentSample } from '../charts/panels.ts'
import type { LabNetwork, Traffic } from '../network/lab-network.ts'

/** Bytes that left something so far. */
export type Source = (traffic: ReadonlyMap<string, Traffic>) => number

const SAMPLE_MS = 250

/** What hosts, and regions, by these names have sent together. */
export function sentBy(...names: readonly string[]): Source {
  return (traffic) => names.reduce((sum, name) => sum + (traffic.get(name)?.sent ?? 0), 0)
}

/** Samples what sources send on a network while something is done, from now on. */
export async function sampling<T>(
  network: LabNetwork,
  sources: readonly Source[],
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly samples: readonly SentSample[] }> {
  const begin = Date.now()
  const read = async (): Promise<number[]> => {
    const traffic = await network.traffic()
    return sources.map((source) => source(traffic))
  }
  const before = await read()
  const ended = new AbortController()
  const { signal } = ended
  const watching = (async () => {
    const samples: SentSample[] = []
    for (;;) {
      const now = await read()
      samples.push({ at: Date.now() - begin, bytes: now.map((bytes, at) => bytes - (before[at] ?? 0)) })
      if (signal.aborted) return samples
      await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined)
    }
  })()
  try {
    const result = await work()
    ended.abort()
    return { result, samples: await watching }
  } finally {
    ended.abort()
    await watching.catch(() => undefined)
  }
}
