import { generateKeyPair } from '@libp2p/crypto/keys'
import { describe, expect, it } from 'vitest'
import { siteNameOf } from '@blackhole/protocol'
import { parsePageConfig } from './page-config.ts'

const site = siteNameOf((await generateKeyPair('Ed25519')).publicKey)
const parse = (data: Record<string, string>, relays = ['https://relay.example/']): ReturnType<typeof parsePageConfig> =>
  parsePageConfig({ site, relays, data })

describe('parsePageConfig', () => {
  it('needs nothing but site and relay', () => {
    expect(parse({})).toEqual({
      site,
      relays: ['https://relay.example'],
      settings: { relayOnly: false },
      storageBytes: 0,
      allowPrivate: undefined,
      root: undefined,
      widget: false,
      consent: false,
      report: false,
      prefetch: false,
    })
  })

  it('reads what the tag says', () => {
    const config = parse({
      uploadLimit: '500k',
      maxPeers: '5',
      storageLimit: '1.5G',
      relayOnly: '',
      widget: '',
      consent: 'false',
      seed: 'all',
      report: '',
    })
    expect(config.settings).toEqual({ uploadBytesPerSecond: 512_000, maxPeers: 5, seed: 'all', relayOnly: true })
    expect(config).toMatchObject({ storageBytes: 1_610_612_736, widget: true, consent: false, report: true })
  })

  it.each([
    [{ uploadLimit: 'fast' }, 'data-upload-limit'],
    [{ storageLimit: '-1' }, 'data-storage-limit'],
    [{ maxPeers: '1e3' }, 'data-max-peers'],
    [{ seed: 'some' }, 'data-seed'],
  ])('names the attribute that is wrong: %o', (data: Record<string, string>, attribute) => {
    expect(() => parse(data)).toThrow(attribute)
  })

  it('names a wrong site or relay', () => {
    expect(() => parsePageConfig({ site: 'k51', relays: ['https://relay.example'], data: {} })).toThrow('data-site')
    expect(() => parse({}, ['nonsense'])).toThrow('data-relay')
    expect(() => parse({}, [])).toThrow('data-relay')
  })
})
