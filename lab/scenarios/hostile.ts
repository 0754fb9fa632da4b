import { join } from 'node:path'
import { row } from '@blackhole/benchmarks/report'
import { type Attack, attack, prepareAttack } from '../hosts/attacker.ts'
import { openBrowser } from '../hosts/lab-browser.ts'
import { LabNetwork } from '../network/lab-network.ts'
import { blackhole } from '../systems/blackhole.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite } from './visits.ts'
import type { Row } from '@blackhole/benchmarks/report'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { Scenario } from './scenario.ts'

/** What the bad do; first nothing, to compare with. */
const ALL: readonly (Attack | 'none')[] = ['none', 'corrupt', 'stall', 'lack', 'flood']

const FULL = Object.freeze({ holders: 6, siteBytes: 20e6 })

/** Fewer and less, and of the attacks the one that matters most. */
const SHORT = Object.freeze({ holders: 3, siteBytes: 9e6, attack: 'corrupt' })

/** The relay's line is the narrow one, so that the reader depends on the holders. */
const LINES = { relay: { upMbit: 6, downMbit: 20 }, visitor: { upMbit: 20, downMbit: 20 } } as const
const PATIENCE_MS = 180_000

/** A third of those who hold the site are hostile: what that costs an honest reader. */
export const hostile: Scenario = {
  about:
    'a third of the peers corrupt, stall, lie or flood: nobody gets a wrong byte; how much slower it is, and who is banned',
  run: ({ short, only }) =>
    withTemporaryFolder(async (folder) => {
      const { holders, siteBytes } = short ? SHORT : FULL
      const wanted = only === '' && short ? SHORT.attack : only
      const site = await makeSiteFiles(join(folder, 'site'), siteBytes)
      const rows: Row[] = []
      let undisturbed = Number.NaN
      for (const kind of ALL.filter((name) => name.includes(wanted))) {
        const { seconds, bans, relayBytes, holderBytes } = await withTemporaryFolder((ground) =>
          readAmong(kind, holders, site, ground),
        )
        if (kind === 'none') undisturbed = seconds
        console.error(`${kind}: all there after ${seconds.toFixed(1)} s, banned: ${bans.join(', ') || 'nobody'}`)
        rows.push(
          row(`${kind}, everything there`, 's', [seconds]),
          row(`${kind}, time / undisturbed`, '', [seconds / undisturbed]),
          row(`${kind}, banned by the reader`, '', [bans.length]),
          row(`${kind}, sent by the relay`, 'MB', [relayBytes / 1e6]),
          row(`${kind}, sent by holders`, 'MB', [holderBytes / 1e6]),
        )
      }
      return { rows, ratios: [] }
    }),
}

/** What the reader came to. */
interface Reading {
  readonly seconds: number
  /** Why each peer was banned. */
  readonly bans: readonly string[]
  readonly relayBytes: number
  readonly holderBytes: number
}

/** Holders come first, one by one, and get everything; then a third of them turn hostile, and the reader comes. */
async function readAmong(kind: Attack | 'none', count: number, site: SiteFiles, folder: string): Promise<Reading> {
  const network = await LabNetwork.create()
  const browsers: LabVisitor[] = []
  try {
    const origin = await network.addHost('relay', LINES.relay)
    const { url, browser } = await blackhole().deploy({ origin, site, folder })
    const come = async (name: string): Promise<LabVisitor> => {
      const opened = await openBrowser(await network.addHost(name, LINES.visitor), folder, browser)
      browsers.push(opened)
      return opened
    }
    const holders: LabVisitor[] = []
    for (let index = 0; index < count; index++) {
      const holder = await come(`holder-${index + 1}`)
      await prepareAttack(holder.visitor.context)
      await openSite(holder, url, PATIENCE_MS)
      holders.push(holder)
    }
    const reader = await come('reader')
    if (kind !== 'none') {
      const bad = holders.slice(0, Math.floor(count / 3))
      await Promise.all(bad.map(({ visitor }) => attack(visitor.page, kind)))
    }
    const before = await network.traffic()
    const begin = Date.now()
    const log = await openSite(reader, url, PATIENCE_MS)
    const after = await network.traffic()
    const bans = await reader.visitor.evaluate(() =>
      (performance.getEntriesByName('blackhole:ban') as PerformanceMark[]).map(
        ({ detail }) => (detail as { reason: string }).reason,
      ),
    )
    const sent = (name: string): number => (after.get(name)?.sent ?? 0) - (before.get(name)?.sent ?? 0)
    return {
      seconds: (log.doneAt - begin) / 1000,
      bans,
      relayBytes: sent('relay'),
      holderBytes: holders.reduce((sum, { host }) => sum + sent(host.name), 0),
    }
  } finally {
    await Promise.all(browsers.map((visitor) => visitor.close().catch(() => undefined)))
    network.close()
  }
}
