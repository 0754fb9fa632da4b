import { join } from 'node:path'
import { ratio, row } from '@blackhole/benchmarks/report'
import { allSystems } from '../systems/all-systems.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { Gathering } from './gathering.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { openSite } from './visits.ts'
import type { Ratio, Row } from '@blackhole/benchmarks/report'
import type { SiteFiles } from '../systems/site-files.ts'
import type { System } from '../systems/system.ts'
import type { Scenario } from './scenario.ts'

/** Round trips between the reader and those who hold the site, in milliseconds; each is in a network of its own. */
const AWAY = [
  { name: 'near', rttMs: 5 },
  { name: 'far', rttMs: 60 },
  { name: 'farthest', rttMs: 200 },
] as const

const LINES = {
  origin: { upMbit: 6, downMbit: 20, delayMs: 15 },
  visitor: { upMbit: 20, downMbit: 20 },
  /** Between the two regions, each way. */
  thin: { upMbit: 6, downMbit: 6, delayMs: 30 },
} as const

const FULL = Object.freeze({ eachHolders: 2, settlers: 4, siteBytes: 20e6 })
const SHORT = Object.freeze({ eachHolders: 1, settlers: 3, siteBytes: 6e6 })
const PATIENCE_MS = 120_000

/** Shares of what visitors send, and of what the thin line carries against the site, that are aimed at. */
const AIMS = Object.freeze({ nearShare: 0.5, thinPerSite: 1.5 })

/** Distance counts: who is near carries most, and what came over a thin line once is passed on behind it. */
export const regions: Scenario = {
  about:
    'visitors 5, 60 and 200 ms away: the near carry most; two regions with a thin line between them: it carries each piece about once',
  run: ({ short, only }) =>
    withTemporaryFolder(async (folder) => {
      const size = short ? SHORT : FULL
      const site = await makeSiteFiles(join(folder, 'site'), size.siteBytes)
      const rows: Row[] = []
      const ratios: Ratio[] = []
      for (const system of allSystems().filter(({ name }) => name.includes(only))) {
        const { name } = system
        if (!system.isPlain) {
          const away = await withTemporaryFolder((ground) => readFromAfar(system, size.eachHolders, site, ground))
          const all = away.bytes.reduce((sum, bytes) => sum + bytes, 0)
          const shares = away.bytes.map((bytes) => bytes / all)
          console.error(
            `${name}: ${AWAY.map(({ rttMs }, at) => `${rttMs} ms away ${(100 * (shares[at] ?? 0)).toFixed(0)} %`).join(', ')}`,
          )
          rows.push(
            row(`${name}, everything there`, 's', [away.seconds]),
            ...AWAY.map(({ rttMs }, at) =>
              row(`${name}, sent by those ${rttMs} ms away`, 'MB', [(away.bytes[at] ?? 0) / 1e6]),
            ),
            row(`${name}, sent by the origin`, 'MB', [away.originBytes / 1e6]),
          )
          if (name === 'Blackhole')
            ratios.push(
              ratio('Blackhole, part of the near in what visitors sent', shares[0] ?? 0, '>=', AIMS.nearShare),
            )
        }
        const thin = await withTemporaryFolder((ground) => settle(system, size.settlers, site, ground))
        console.error(`${name}: the thin line carried ${(thin.bytes / site.bytes).toFixed(2)} of the site`)
        rows.push(
          row(`${name}, carried by the thin line`, 'MB', [thin.bytes / 1e6]),
          row(`${name}, everything there behind it, each`, 's', thin.seconds),
        )
        if (name === 'Blackhole')
          ratios.push(
            ratio('Blackhole, carried by the thin line / site', thin.bytes / site.bytes, '<=', AIMS.thinPerSite),
          )
      }
      return { rows: [row('site', 'MB', [site.bytes / 1e6]), ...rows], ratios }
    }),
}

/** Holders at each distance; then the reader comes. @returns bytes that each distance sent meanwhile */
async function readFromAfar(system: System, each: number, site: SiteFiles, folder: string) {
  return await Gathering.run({ system, site, folder, line: LINES.origin }, async (gathering) => {
    for (const { name, rttMs } of AWAY) {
      await gathering.network.addRegion(name, {})
      await Promise.all(
        Array.from({ length: each }, async (_, index) => {
          const link = { ...LINES.visitor, delayMs: rttMs / 2, region: name }
          await openSite(await gathering.come(`${name}-${index + 1}`, link), gathering.url, PATIENCE_MS)
        }),
      )
    }
    await gathering.network.addRegion('home', {})
    const reader = await gathering.come('reader', { ...LINES.visitor, region: 'home' })
    const begin = Date.now()
    const { result, sent } = await gathering.counting(() => openSite(reader, gathering.url, PATIENCE_MS))
    return {
      seconds: (result.doneAt - begin) / 1000,
      bytes: AWAY.map(({ name }) => sent(name)),
      originBytes: sent('origin'),
    }
  })
}

/** Those who hold the site are at the origin's side of a thin line; others come behind it, one after the other. */
async function settle(system: System, settlers: number, site: SiteFiles, folder: string) {
  return await Gathering.run({ system, site, folder, line: { ...LINES.visitor, delayMs: 5 } }, async (gathering) => {
    const { network, url } = gathering
    await network.addRegion('island', LINES.thin)
    await network.addRegion('mainland', {})
    for (const name of ['holder-1', 'holder-2'])
      await openSite(await gathering.come(name, { ...LINES.visitor, region: 'mainland', delayMs: 2 }), url, PATIENCE_MS)
    const { result, received } = await gathering.counting(async () => {
      const seconds: number[] = []
      for (let index = 0; index < settlers; index++) {
        const settler = await gathering.come(`settler-${index + 1}`, { ...LINES.visitor, region: 'island', delayMs: 2 })
        const begin = Date.now()
        seconds.push(((await openSite(settler, url, PATIENCE_MS)).doneAt - begin) / 1000)
      }
      return seconds
    })
    return { seconds: result, bytes: received('island') }
  })
}
