import type { Findings } from '@blackhole/benchmarks/report'

/** What the command line asks of a scenario. */
export interface ScenarioOptions {
  /** Few hosts and bytes: shows in seconds that everything works; its figures say little. */
  readonly short: boolean
  /** Rounds; each system runs once per round. */
  readonly runs: number
  /** Systems, or attacks where a scenario compares those, whose name contains this; all when empty. */
  readonly only: string
  /** How long the film is, in a scenario that shows one; left out, as long as the scenario has it. */
  readonly seconds?: number | undefined
}

/** What came of it: the figures, and a chart where the scenario has one. */
export interface Outcome extends Findings {
  /** SVG. */
  readonly chart?: string
}

/** A scenario: what it shows in a line, and how to run it. */
export interface Scenario {
  readonly about: string
  run(options: ScenarioOptions): Promise<Outcome>
}
