/** A run that takes longer than this hangs: the slowest here take half a minute on a busy machine. */
const RUN_TIMEOUT_MS = 180_000

/** Something that is measured several times. */
export interface Contender<T> {
  readonly name: string
  /** Does one run and returns what it measured. */
  run(): Promise<T>
}

/**
 * Runs every contender once per round, in turn, so that what else the machine
 * does hits all of them alike. Each round starts with another one.
 *
 * @param onRun - told of each result, for progress on standard error
 * @throws what a run throws, and when one takes longer than `timeoutMs`
 */
export async function interleave<T>(
  contenders: readonly Contender<T>[],
  rounds: number,
  onRun: (name: string, round: number, result: T) => void,
  timeoutMs = RUN_TIMEOUT_MS,
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round) % contenders.length]
      if (contender === undefined) continue
      const result = await within(timeoutMs, contender)
      results.get(contender.name)?.push(result)
      onRun(contender.name, round, result)
    }
  }
  return results
}

async function within<T>(timeoutMs: number, contender: Contender<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error(`A run of ${contender.name} took longer than ${String(timeoutMs)} ms`))
  }, timeoutMs)
  try {
    return await Promise.race([contender.run(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
