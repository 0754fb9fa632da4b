import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { ratio, row } from '@blackhole/benchmarks/report'
import { type Attack, attack, prepareAttack, replayedBy } from '../hosts/attacker.ts'
import { allSystems } from '../systems/all-systems.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { Gathering } from './gathering.ts'
import { resourceFindings } from './resource-times.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite, visitOf } from './visits.ts'
import type { Ratio, Row } from '@blackhole/benchmarks/report'
import type { Page } from 'playwright'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { System } from '../systems/system.ts'
import type { Scenario } from './scenario.ts'
import type { Visit } from './visits.ts'

/** What the bad do; first nothing, to compare with. */
const ALL: readonly (Attack | 'none')[] = ['none', 'corrupt', 'stall', 'lack', 'flood', 'replay']

/** Of these the ones that mean something to each system: plain HTTP has no peers, WebTorrent no records and another store. */
const MEANT: Readonly<Record<string, readonly (Attack | 'none')[]>> = {
  'plain HTTP': ['none'],
  'WebTorrent 3': ['none', 'corrupt', 'stall', 'flood'],
  Blackhole: ALL,
}

/** Attacks whose authors the reader can tell, and must; who replays records says nothing to it, and is the relay's to name. */
const NAMED: readonly string[] = ['corrupt', 'stall', 'lack', 'flood'] satisfies Attack[]

const FULL = Object.freeze({ holders: 6, siteBytes: 12e6 })

/** Fewer and less. */
const SHORT = Object.freeze({ holders: 3, siteBytes: 9e6 })

/** However the bad behave, a reader among them waits at most so many times as long as it would among the honest. */
const MAX_SLOW_DOWN = 2

/** The relay's line is the narrow one, so that the reader depends on the holders. */
const LINES = { relay: { upMbit: 6, downMbit: 20 }, visitor: { upMbit: 20, downMbit: 20 } } as const
const PATIENCE_MS = 180_000

/** Who stalls is named after 15 s of silence: the reader looks for so long, if it has everything before. */
const NAMING_MS = 30_000

/** The version that the bad would like to be forgotten. */
const NEWS = { path: 'news.txt', text: 'second version' } as const

/** A third of those who hold the site are hostile: what that costs an honest reader. */
export const hostile: Scenario = {
  about:
    'a third of the peers corrupt, stall, lie, flood or replay: nobody gets a wrong byte; how much slower it is, and who is banned',
  run: ({ short, only }) =>
    withTemporaryFolder(async (folder) => {
      const { holders, siteBytes } = short ? SHORT : FULL
      const site = await makeSiteFiles(join(folder, 'site'), siteBytes)
      const rows: Row[] = []
      const ratios: Ratio[] = []
      let plainSeconds = Number.NaN
      const visits = new Map<string, Visit[]>()
      for (const system of allSystems()) {
        let undisturbed = Number.NaN
        const kinds = (MEANT[system.name] ?? []).filter((kind) => `${system.name}, ${kind}`.includes(only))
        for (const kind of kinds) {
          const reading = await withTemporaryFolder((ground) => readAmong(system, kind, holders, site, ground))
          if (kind === 'none') undisturbed = reading.seconds
          if (system.isPlain === true) plainSeconds = reading.seconds
          visits.set(system.name, [...(visits.get(system.name) ?? []), reading.visit])
          const name = `${system.name}, ${kind}`
          console.error(
            `${name}: all there after ${reading.seconds.toFixed(1)} s, banned: ${reading.bans.join(', ') || 'nobody'}`,
          )
          rows.push(...rowsOf(name, reading, undisturbed, plainSeconds))
          if (system.name !== 'Blackhole') continue
          ratios.push(ratio(`${name}, honest ones banned`, reading.honestBanned, '<=', 0))
          if (kind === 'none') continue
          ratios.push(ratio(`${name}, part of the hostile ones banned`, reading.badBanned / reading.bad, '>=', 1))
          if (!Number.isNaN(undisturbed))
            ratios.push(ratio(`${name}, time / undisturbed`, reading.seconds / undisturbed, '<=', MAX_SLOW_DOWN))
          if (!Number.isNaN(plainSeconds))
            ratios.push(ratio(`${name}, time / plain HTTP`, reading.seconds / plainSeconds, '<=', 1))
        }
      }
      // Each reader beside the one of plain HTTP, whom nobody can attack.
      const [plain] = visits.get('plain HTTP') ?? []
      const ours = visits.get('Blackhole') ?? []
      const resources = resourceFindings(plain === undefined ? [] : ours.map(() => plain), ours)
      return { rows: [...rows, ...resources.rows], ratios: [...ratios, ...(short ? [] : resources.ratios)] }
    }),
}

/** What the reader came to. */
interface Reading {
  readonly visit: Visit
  readonly seconds: number
  /** Who was banned, and why. */
  readonly bans: readonly string[]
  /** How many are hostile, how many of them were banned, and how many of the others. */
  readonly bad: number
  readonly badBanned: number
  readonly honestBanned: number
  readonly relayBytes: number
  readonly holderBytes: number
}

function rowsOf(name: string, reading: Reading, undisturbed: number, plain: number): Row[] {
  return [
    row(`${name}, everything there`, 's', [reading.seconds]),
    ...[
      row(`${name}, time / undisturbed`, '', [reading.seconds / undisturbed]),
      row(`${name}, time / plain HTTP`, '', [reading.seconds / plain]),
    ].filter(({ value }) => !Number.isNaN(value)),
    row(`${name}, hostile ones banned`, `of ${String(reading.bad)}`, [reading.badBanned]),
    row(`${name}, sent by the relay`, 'MB', [reading.relayBytes / 1e6]),
    row(`${name}, sent by holders`, 'MB', [reading.holderBytes / 1e6]),
  ]
}

/** Holders come first, one by one, and get everything; then a third of them turn hostile, and the reader comes. */
async function readAmong(
  system: System,
  kind: Attack | 'none',
  count: number,
  site: SiteFiles,
  folder: string,
): Promise<Reading> {
  return await Gathering.run({ system, site, folder, line: LINES.relay }, async (gathering) => {
    const { url } = gathering
    const ids = new Map<LabVisitor, Set<string>>()
    for (let index = 0; index < count; index++) {
      const holder = await gathering.come(`holder-${index + 1}`, LINES.visitor)
      ids.set(holder, peerIdsOf(holder.visitor.page))
      await prepareAttack(holder.visitor.context)
      await openSite(holder, url, PATIENCE_MS)
    }
    const reader = await gathering.come('reader', LINES.visitor)
    // The last ones: what others have had of them would be in their memory still.
    const bad = kind === 'none' ? [] : [...ids.keys()].slice(-Math.floor(count / 3))
    if (kind !== 'none') await Promise.all(bad.map(({ visitor }) => attack(visitor.page, kind)))
    if (kind === 'replay') await gathering.publish(NEWS.path, NEWS.text)
    const begin = Date.now()
    const { result, sent } = await gathering.counting(() => openSite(reader, url, PATIENCE_MS))
    // A visitor is known by the ids that it showed, and to the relay by its address.
    const names = bad.map((visitor) => new Set([...(ids.get(visitor) ?? []), visitor.host.address]))
    const waits = NAMED.includes(kind) && system.name === 'Blackhole'
    const bans = kind === 'replay' ? await replayersBanned(reader, bad) : await bansOf(reader, waits ? names : [])
    return {
      visit: visitOf(result, { arrivedAt: 0 }, begin),
      seconds: (result.doneAt - begin) / 1000,
      bans: bans.map(({ peer, reason }) => `…${peer.slice(-6)} (${reason})`),
      bad: bad.length,
      badBanned: names.filter((own) => bans.some(({ peer }) => own.has(peer))).length,
      honestBanned: bans.filter(({ peer }) => !names.some((own) => own.has(peer))).length,
      relayBytes: sent('origin'),
      holderBytes: [...ids.keys()].reduce((sum, { host }) => sum + sent(host.name), 0),
    }
  })
}

interface Ban {
  readonly peer: string
  readonly reason: string
}

/** Ids under which a page joins swarms: it shows them to the relay when it asks for a token. */
function peerIdsOf(page: Page): Set<string> {
  const ids = new Set<string>()
  page.on('request', (request) => {
    if (request.method() !== 'POST' || !request.url().endsWith('/token')) return
    const { peer } = (request.postDataJSON() ?? {}) as { peer?: unknown }
    if (typeof peer === 'string') ids.add(peer)
  })
  return ids
}

/** Whom the reader banned; waits a while for those who should be. */
async function bansOf({ visitor }: LabVisitor, expected: readonly ReadonlySet<string>[]): Promise<Ban[]> {
  for (let waited = 0; ; waited += 500) {
    const bans = await visitor.evaluate(() =>
      (performance.getEntriesByName('blackhole:ban') as PerformanceMark[]).map(({ detail }) => detail as Ban),
    )
    if (expected.every((own) => bans.some(({ peer }) => own.has(peer))) || waited >= NAMING_MS) return bans
    await sleep(500)
  }
}

/**
 * Whom the relay banned for the records that they replayed: by address, as it does.
 *
 * @throws unless the reader has the newest version, and the relay refused every older record
 */
async function replayersBanned({ visitor }: LabVisitor, bad: readonly LabVisitor[]): Promise<Ban[]> {
  const text = await visitor.evaluate(async (path) => await (await fetch(`/${path}`)).text(), NEWS.path)
  if (text !== NEWS.text) throw new Error(`The reader got an older version: ${text.slice(0, 100)}`)
  const bans = await Promise.all(
    bad.map(async ({ host, visitor: { page } }) => {
      for (let waited = 0; ; waited += 500) {
        const answers = await replayedBy(page)
        if (answers.includes('taken')) throw new Error(`The relay took an older record: ${answers.join()}`)
        if (answers.includes('banned')) return [{ peer: host.address, reason: 'replay' }]
        if (waited >= NAMING_MS) return []
        await sleep(500)
      }
    }),
  )
  return bans.flat()
}
