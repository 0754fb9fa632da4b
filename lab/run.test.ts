import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { whyNoFilm } from './film/make-film.ts'
import { whyNoNetworks } from './network/ip.ts'
import { existingNamespaces } from './network/namespaces.ts'

const reason = await whyNoNetworks()
if (reason !== undefined) console.warn(`The laboratory's scenarios are not tested: ${reason}`)

/** What `npm test` has no time for: whole scenarios, to whose claims end-to-end tests hold too, and of some the other systems. */
const all = process.env['LAB_TESTS'] === 'all'
const onlyOurs = all ? [] : ['--only', 'Blackhole']

it('lists the scenarios when none is named', async () => {
  const { code, stdout } = await lab()
  expect(code).toBe(0)
  for (const name of ['flash-crowd', 'nat', 'trickle', 'hostile', 'film', 'regions', 'relays'])
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
})

it.each([
  [['unheard-of'], 'There is no scenario "unheard-of"'],
  [['toString'], 'There is no scenario "toString"'],
  [['flash-crowd', '--runs', '0'], '--runs must be a whole number from 1 to 999, got "0"'],
  [['flash-crowd', '--rate', '2'], '--rate must be a number from 0.01 to 1, got "2"'],
  [['nat', '--rate', '0.5'], 'nat knows no --rate'],
  [['flash-crowd', 'nat'], 'One scenario at a time'],
])('ends with 2 and says what is wrong: %s', async (args, message) => {
  const { code, stdout, stderr } = await lab(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

it('skips with a reason where networks cannot be made', async () => {
  const { code, stdout, stderr } = await lab('flash-crowd', '--short', '--json', { env: { NO_LAB: '1' } })
  expect(code).toBe(0)
  expect(stderr).toMatch(/^Skipped: /m)
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ bench: 'flash-crowd', rows: [] })
})

it.skipIf(reason !== undefined)(
  'a crowd gets everything by plain HTTP, WebTorrent and Blackhole, on lines that hold to their limits',
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'blackhole-lab-test-'))
    try {
      const chart = join(folder, 'chart.svg')
      const { code, stdout, stderr, pid } = await lab('flash-crowd', '--short', '--json', '--chart', chart)
      expect(stderr.replaceAll(/^round .*\n/gm, '')).toBe('')
      expect(code).toBe(0)
      const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LabReport
      expect(Object.keys(report)).toEqual(['bench', 'machine', 'rows', 'ratios'])
      const runs = (name: string): number[] => report.rows.find((row) => row.name === name)?.runs ?? []
      for (const system of ['plain HTTP', 'WebTorrent 3', 'Blackhole']) {
        // A visitor who lacks a file, or has a wrong byte, fails the run.
        expect(runs(`${system}, everything there, each visitor`)).toHaveLength(3)
        expect(runs(`${system}, page load, each visitor`)).toHaveLength(3)
        const [last = 0] = runs(`${system}, last one done`)
        const [sent = 0] = runs(`${system}, sent by the origin`)
        // Nobody beats the physics of these lines.
        expect(last).toBeGreaterThan(Number(runs('fluid bound')[0]))
        expect(sent).toBeGreaterThan(3)
        expect((8 * sent) / last).toBeLessThan(23)
      }
      // Plain HTTP has everything from the origin.
      expect(runs('plain HTTP, sent by the origin')[0]).toBeGreaterThan(9)
      expect(runs('plain HTTP, sent by visitors')[0]).toBeLessThan(1)
      const svg = await readFile(chart, 'utf8')
      for (const system of ['plain HTTP', 'WebTorrent 3', 'Blackhole']) expect(svg).toContain(system)
      expect(existingNamespaces().filter((name) => name.startsWith(`bhlab-${pid}-`))).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)

it.skipIf(reason !== undefined)(
  'visitors behind cone NATs reach each other, a Chromium and a Firefox; behind symmetric ones they have all from the relay, and stop dialling',
  { timeout: 240_000 },
  async () => {
    // A STUN server that is not the relay's, a missing file or a wrong byte fails the run.
    const { code, stdout, stderr } = await lab('nat', '--short', ...onlyOurs, '--json')
    expect(stderr.replaceAll(/^.* connections opened, .*\n/gm, '')).toBe('')
    expect(code).toBe(0)
    const { rows, ratios } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LabReport
    const value = (name: string): number => rows.find((row) => row.name === name)?.value ?? Number.NaN
    expect(ratios.filter(({ met }) => !met)).toEqual([])
    expect(value('Blackhole, cone and cone with Firefox, connections opened')).toBeGreaterThanOrEqual(1)
    expect(value('Blackhole, cone and cone with Firefox, sent by the holder')).toBeGreaterThan(1)
    expect(value('Blackhole, symmetric and symmetric, connections opened')).toBe(0)
    expect(value('Blackhole, symmetric and symmetric, sent by the relay')).toBeGreaterThan(2)
    expect(value('Blackhole, symmetric and symmetric, sent by the holder')).toBeLessThan(1)
    if (!all) return
    expect(value('plain HTTP, sent by the relay')).toBeGreaterThan(2)
    expect(value('WebTorrent 3, cone and cone, connections opened')).toBeGreaterThanOrEqual(1)
    expect(value('Blackhole / plain HTTP, each resource since it was asked for, median')).toBeGreaterThan(0)
  },
)

it.skipIf(reason !== undefined)('visitors who leave in the middle harm nobody', { timeout: 240_000 }, async () => {
  // A wrong byte, or a file that ends short as if it were whole, fails the run.
  const { code, stdout, stderr } = await lab('trickle', '--short', ...onlyOurs, '--json')
  expect(stderr.replaceAll(/^round .*\n/gm, '')).toBe('')
  expect(code).toBe(0)
  const { rows, ratios } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LabReport
  const row = (name: string) => rows.find((candidate) => candidate.name === `Blackhole, ${name}`)
  expect(ratios.filter(({ name }) => name.endsWith('95th percentile'))).toHaveLength(all ? 2 : 0)
  expect(row('had everything before they left')?.value).toBeGreaterThan(0)
  expect(row('page load, each visitor')?.runs.length).toBeGreaterThan(0)
  expect(row('sent by the origin')?.value).toBeGreaterThan(3)
})

it.skipIf(reason !== undefined || !all)(
  'a reader among holders of whom some are hostile gets what the owner made, in time, and those are named and banned, whatever they do',
  { timeout: 600_000 },
  async () => {
    // A missing file, a wrong byte or a record of an older version fails the run.
    const { code, stdout, stderr } = await lab('hostile', '--short', '--json', '--only', 'Blackhole')
    expect(stderr.replaceAll(/^Blackhole, .*\n/gm, '')).toBe('')
    expect(code).toBe(0)
    const { rows, ratios } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LabReport
    expect(ratios.filter(({ met }) => !met)).toEqual([])
    for (const kind of ['corrupt', 'stall', 'lack', 'flood', 'replay']) {
      const row = (name: string) => rows.find((row) => row.name === `Blackhole, ${kind}, ${name}`)
      expect(row('hostile ones banned')).toMatchObject({ value: 1, unit: 'of 1' })
      expect(row('sent by holders')?.value).toBeGreaterThan(0)
    }
  },
)

it.skipIf(reason !== undefined || !all || whyNoFilm() !== undefined)(
  'a film plays to its end by each system, on demand and live, and viewers give to each other',
  { timeout: 900_000 },
  async () => {
    // A player that can not go on, or is not through in time, fails the run.
    const { code, stdout, stderr } = await lab('film', '--short', '--json')
    expect(stderr.replaceAll(/^(?:round|Watching|warning:) .*\n/gm, '')).toBe('')
    expect(code).toBe(0)
    const { rows } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LabReport
    const runs = (name: string): number[] => rows.find((row) => row.name === name)?.runs ?? []
    for (const name of [
      'plain HTTP, on demand',
      'WebTorrent 3, on demand',
      'Blackhole, on demand',
      'plain HTTP, live',
      'Blackhole, live',
    ]) {
      expect(runs(`${name}, start-up, each viewer`)).toHaveLength(3)
      expect(runs(`${name}, film that players got`)[0]).toBeGreaterThan(2)
    }
    for (const mode of ['on demand', 'live'])
      expect(runs(`Blackhole, ${mode}, sent by viewers`)[0]).toBeGreaterThan(
        Number(runs(`plain HTTP, ${mode}, sent by viewers`)[0]),
      )
    // Viewers spare the origin more than scripts, headers and what comes twice cost it.
    expect(runs('Blackhole, on demand, share from peers')[0]).toBeGreaterThan(0)
    expect(Math.max(...runs('Blackhole, on demand, stalls, each viewer'))).toBe(0)
  },
)

it.skipIf(reason !== undefined || !all)(
  'the near carry most of it, and who is behind a thin line gets everything',
  { timeout: 300_000 },
  async () => {
    const { code, stdout } = await lab('regions', '--short', '--json')
    expect(code).toBe(0)
    const { rows, ratios } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LabReport
    expect(ratios.find(({ name }) => name.endsWith('what visitors sent'))?.met).toBe(true)
    for (const system of ['plain HTTP', 'WebTorrent 3', 'Blackhole'])
      expect(rows.find(({ name }) => name === `${system}, everything there behind it, each`)?.runs).toHaveLength(2)
  },
)

it.skipIf(reason !== undefined || !all)(
  'a site outlives the relay that half of its visitors came by, and what is published at the other reaches everyone',
  { timeout: 300_000 },
  async () => {
    const { code, stdout } = await lab('relays', '--short', '--json')
    expect(code).toBe(0)
    const { rows, ratios } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as LabReport
    expect(ratios).toHaveLength(3)
    expect(ratios.filter(({ met }) => !met)).toEqual([])
    const cameBack = (system: string): number | undefined =>
      rows.find(({ name }) => name === `${system}, first origin killed: its visitors who could come back`)?.value
    expect(cameBack('Blackhole')).toBe(1)
    for (const system of ['plain HTTP', 'WebTorrent 3']) expect(cameBack(system)).toBe(0)
  },
)

interface LabReport {
  readonly rows: readonly { name: string; value: number; unit: string; runs: number[] }[]
  readonly ratios: readonly { name: string; met: boolean }[]
}

interface Ended {
  readonly code: unknown
  readonly stdout: string
  readonly stderr: string
  readonly pid: number
}

async function lab(...args: (string | { env: Record<string, string> })[]): Promise<Ended> {
  const words = args.filter((arg) => typeof arg === 'string')
  const { env } = args.find((arg) => typeof arg === 'object') ?? { env: {} }
  return await new Promise((resolve) => {
    const options = { env: { ...process.env, ...env } }
    const program = [join(import.meta.dirname, 'run.ts'), ...words]
    const child = execFile(process.execPath, program, options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr, pid: child.pid ?? 0 })
    })
  })
}
