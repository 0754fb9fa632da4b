import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ratio, row } from '@blackhole/benchmarks/report'
import { openBrowser } from '../hosts/lab-browser.ts'
import { LabNetwork } from '../network/lab-network.ts'
import { blackhole } from '../systems/blackhole.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { readDials, watchDials } from './dial-watch.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite } from './visits.ts'
import type { Ratio, Row } from '@blackhole/benchmarks/report'
import type { LabVisitor } from '../hosts/lab-browser.ts'
import type { NatKind } from '../network/nat.ts'
import type { SiteFiles } from '../systems/site-files.ts'
import type { Scenario } from './scenario.ts'

/** The holder's NAT, the reader's, and whether physics lets them reach each other without a third. */
interface Pair {
  readonly holder: NatKind
  readonly reader: NatKind
  readonly traversable: boolean
}

const ALL: readonly Pair[] = [
  { holder: 'cone', reader: 'cone', traversable: true },
  { holder: 'full-cone', reader: 'symmetric', traversable: true },
  { holder: 'symmetric', reader: 'full-cone', traversable: true },
  { holder: 'cone', reader: 'symmetric', traversable: false },
  { holder: 'symmetric', reader: 'symmetric', traversable: false },
]

/** The two that matter most. */
const SHORT: readonly Pair[] = ALL.filter(({ holder, reader }) => holder === reader)

const LINES = { relay: { upMbit: 10, downMbit: 10 }, visitor: { upMbit: 20, downMbit: 20 } } as const
const SIZES = Object.freeze({ fullBytes: 10e6, shortBytes: 2e6 })
const PATIENCE_MS = 120_000

/** How long the pages are watched for dials that lead nowhere, once the reader has everything. */
const WATCHED = Object.freeze({ fullMs: 60_000, shortMs: 5_000 })

/** WebRTC connections that each of the two may make in all: a dial, its one retry, the same from the other side, and as much again. */
const MAX_DIALS = 8

/** Two visitors behind NATs: whether they reach each other, and what happens where they can't. */
export const nat: Scenario = {
  about:
    'two visitors behind NATs of each kind: direct where physics allows, by the relay where not, and no loop of dials',
  run: ({ short }) =>
    withTemporaryFolder(async (folder) => {
      const site = await makeSiteFiles(join(folder, 'site'), short ? SIZES.shortBytes : SIZES.fullBytes)
      const rows: Row[] = []
      const ratios: Ratio[] = []
      for (const pair of short ? SHORT : ALL) {
        const met = await withTemporaryFolder((ground) =>
          meet(pair, site, ground, short ? WATCHED.shortMs : WATCHED.fullMs),
        )
        const name = `${pair.holder} and ${pair.reader}`
        console.error(
          `${name}: ${met.opened} of ${met.made} connections opened, all there after ${met.seconds.toFixed(1)} s`,
        )
        rows.push(
          row(`${name}, everything there`, 's', [met.seconds]),
          row(`${name}, connections made by both`, '', [met.made]),
          row(`${name}, connections opened`, '', [met.opened]),
          row(`${name}, sent by the relay`, 'MB', [met.relayBytes / 1e6]),
          row(`${name}, sent by the holder`, 'MB', [met.holderBytes / 1e6]),
        )
        ratios.push(ratio(`${name}, connections made by both`, met.made, '<=', 2 * MAX_DIALS))
        if (pair.traversable) ratios.push(ratio(`${name}, connections opened`, met.opened, '>=', 1))
      }
      return { rows, ratios }
    }),
}

/** How two visitors got on. */
interface Meeting {
  /** Until the reader had everything. */
  readonly seconds: number
  /** Connections that the two pages made, and those at the reader that opened. */
  readonly made: number
  readonly opened: number
  /** Bytes sent while the reader got everything. */
  readonly relayBytes: number
  readonly holderBytes: number
}

/** The holder comes first and gets everything, then the reader. */
async function meet(pair: Pair, site: SiteFiles, folder: string, watchedMs: number): Promise<Meeting> {
  const network = await LabNetwork.create()
  const browsers: LabVisitor[] = []
  try {
    const origin = await network.addHost('relay', LINES.relay)
    const hosts = [
      await network.addHost('holder', { ...LINES.visitor, nat: pair.holder }),
      await network.addHost('reader', { ...LINES.visitor, nat: pair.reader }),
    ]
    const { url, browser } = await blackhole().deploy({ origin, site, folder })
    for (const host of hosts) {
      const opened = await openBrowser(host, folder, browser)
      browsers.push(opened)
      await watchDials(opened.visitor.context)
    }
    const [holder, reader] = browsers
    if (holder === undefined || reader === undefined) throw new Error('Two browsers were opened')
    await openSite(holder, url, PATIENCE_MS)
    const before = await network.traffic()
    const begin = Date.now()
    const log = await openSite(reader, url, PATIENCE_MS)
    const after = await network.traffic()
    await sleep(watchedMs)
    const [atHolder, atReader] = [await readDials(holder.visitor.page), await readDials(reader.visitor.page)]
    const foreign = [...atHolder.servers, ...atReader.servers].filter(
      (server) => !server.startsWith(`stun:${origin.address}:`),
    )
    if (foreign.length > 0)
      throw new Error(`The pages were given servers that are not the relay’s: ${foreign.join(', ')}`)
    const sent = (name: string): number => (after.get(name)?.sent ?? 0) - (before.get(name)?.sent ?? 0)
    return {
      seconds: (log.doneAt - begin) / 1000,
      made: atHolder.made + atReader.made,
      opened: atReader.opened,
      relayBytes: sent('relay'),
      holderBytes: sent('holder'),
    }
  } finally {
    await Promise.all(browsers.map((visitor) => visitor.close().catch(() => undefined)))
    network.close()
  }
}
