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
 */
export async function interleave<T>(
  contenders: readonly Contender<T>[],
  rounds: number,
  onRun: (name: string, round: number, result: T) => void,
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round) % contenders.length]
      if (contender === undefined) continue
      const result = await contender.run()
      results.get(contender.name)?.push(result)
      onRun(contender.name, round, result)
    }
  }
  return results
}
