import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, it } from 'vitest'
import { siteNameOf } from '@blackhole/protocol'
import { siteUrl } from './publish.ts'

it('has the scheme that the relay names for its sites, whatever it was asked by', async () => {
  const name = siteNameOf((await generateKeyPair('Ed25519')).publicKey)
  const siteHost = 'sites.example'
  expect(siteUrl('http://localhost:8080', { siteHost, siteScheme: 'https' }, name)).toBe(
    `https://${name}.sites.example/`,
  )
  expect(siteUrl('https://relay.example/', { siteHost }, name)).toBe(`https://${name}.sites.example/`)
})
