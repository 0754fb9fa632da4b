import { blackhole } from './blackhole.ts'
import { plainHttp } from './plain-http.ts'
import { webTorrent } from './webtorrent.ts'
import type { System } from './system.ts'

/** All that a scenario compares. */
export function allSystems(): System[] {
  return [plainHttp(), webTorrent(), blackhole()]
}
