import { siteNameOf } from '@blackhole/protocol'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { base32 } from 'multiformats/bases/base32'
import { expect, test } from 'vitest'
import { parseDnsLink } from './dnslink.ts'

const { publicKey } = await generateKeyPair('Ed25519')
const name = siteNameOf(publicKey)

test.each([
  [[`dnslink=/ipns/${name}`], true],
  [[`dnslink=/ipns/${name}/`], true],
  [['v=spf1 -all', `dnslink=/ipns/${name}`], true],
  [[`dnslink=/ipns/${publicKey.toCID().toString(base32)}`], true],
  [[], false],
  [[`dnslink=/ipns/${name}/path`], false],
  [['dnslink=/ipns/example.com'], false],
  [['dnslink=/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'], false],
  [['dnslink=/ipns/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'], false],
  [['dnslink=/ipns/k51nonsense'], false],
  [['dnslink='], false],
  [[`dnslink=/ipns/${name}${' '.repeat(2000)}`], false],
])('%j', (records, found) => {
  expect(parseDnsLink(records)).toBe(found ? name : undefined)
})

test('of several the first in alphabetical order counts, whatever order DNS has', async () => {
  const other = siteNameOf((await generateKeyPair('Ed25519')).publicKey)
  const records = [`dnslink=/ipns/${name}`, `dnslink=/ipns/${other}`]
  expect(parseDnsLink(records)).toBe(parseDnsLink([...records].reverse()))
})
