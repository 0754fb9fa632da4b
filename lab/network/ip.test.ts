import process from 'node:process'
import { afterEach, expect, it, vi } from 'vitest'
import { whyNoFilm } from '../film/make-film.ts'
import { whyNoNetworks } from './ip.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it.skipIf(process.platform !== 'linux').each([
  ['ip', 'iproute2'],
  ['tc', 'iproute2'],
  ['nft', 'nftables'],
])('says that %s is missing', async (missing, debian) => {
  vi.stubEnv('NO_LAB', '')
  const find = (name: string): string | undefined => (name === missing ? undefined : `/usr/sbin/${name}`)
  expect(await whyNoNetworks(find)).toBe(`${missing} is not installed (Debian has it in ${debian})`)
})

it('makes none where it is told not to, whatever is missing', async () => {
  vi.stubEnv('NO_LAB', '1')
  expect(await whyNoNetworks(() => undefined)).toBe('NO_LAB is set')
})

it('says that ffmpeg is missing, which makes the film', () => {
  expect(whyNoFilm(() => undefined)).toBe('ffmpeg is not installed (Debian has it in ffmpeg)')
  expect(whyNoFilm(() => '/usr/bin/ffmpeg')).toBeUndefined()
})
