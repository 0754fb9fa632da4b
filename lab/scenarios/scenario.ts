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
  /**
   * Lines carry this part of what they carry else, and all takes as much longer, in scenarios that can: what a
   * figure is next to its bound then says less of this machine and more of the protocol. From 0.01 to 1.
   */
  readonly rate?: number
}

/** What came of it: the figures, and a chart where the scenario has one. */
export interface Outcome extends Findings {
  /** SVG. */
  readonly chart?: string
}

/** A scenario: what it shows in a line, and how to run it. */
export interface Scenario {
  readonly about: string
  /** Knows {@link ScenarioOptions.rate}. */
  readonly scales?: true
  run(options: ScenarioOptions): Promise<Outcome>
}
