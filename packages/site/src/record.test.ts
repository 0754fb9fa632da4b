import { siteNameOf } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import {
  createIPNSRecord,
  createIPNSRecordWithExpiration,
  marshalIPNSRecord,
  multihashToIPNSRoutingKey,
  unmarshalIPNSRecord,
} from 'ipns'
import { ipnsSelector } from 'ipns/selector'
import { ipnsValidator } from 'ipns/validator'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSiteRecord, readSiteRecord, supersedes } from './record.ts'
import type { SiteRecordInit } from './record.ts'

const NOW = Date.now()
const HOUR = 3_600_000
const ROOT_A = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const ROOT_B = 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4'

let key: Ed25519PrivateKey
let other: Ed25519PrivateKey
let name: SiteName
beforeAll(async () => {
  key = await generateKeyPair('Ed25519')
  other = await generateKeyPair('Ed25519')
  name = siteNameOf(key.publicKey)
})

const make = (init: Partial<SiteRecordInit> = {}) =>
  createSiteRecord(key, { root: ROOT_A, sequence: 1, now: () => NOW, ...init })
const read = (bytes: Uint8Array, options: Partial<Parameters<typeof readSiteRecord>[2]> = {}) =>
  readSiteRecord(name, bytes, { now: NOW, ...options })

describe('a record of ours', () => {
  test('is read back, and is one that the ipns package accepts', async () => {
    const record = await make({ sequence: 7 })
    expect(await read(record.bytes)).toEqual(record)
    expect(record).toMatchObject({ name, root: ROOT_A, sequence: 7, expires: NOW + 365 * 24 * HOUR })
    await expect(
      ipnsValidator(multihashToIPNSRoutingKey(key.publicKey.toMultihash()), record.bytes),
    ).resolves.toBeUndefined()
    expect(unmarshalIPNSRecord(record.bytes)).toMatchObject({
      value: `/ipfs/${ROOT_A}`,
      sequence: 7n,
      ttl: 60_000_000_000n,
    })
  })

  test('V2-only records and Kubo-like values are read too', async () => {
    const v2 = await createIPNSRecord(key, `/ipfs/${ROOT_A}/`, 3, HOUR, { v1Compatible: false })
    expect(await read(marshalIPNSRecord(v2))).toMatchObject({ root: ROOT_A, sequence: 3 })
  })
})

describe('refused', () => {
  test('by the clock that is given', async () => {
    const { bytes } = await make({ lifetimeMs: HOUR })
    await expect(read(bytes, { now: NOW + HOUR })).rejects.toMatchObject({
      name: 'RecordError',
      reason: 'expired',
      subject: name,
    })
    await expect(read(bytes, { now: NOW + HOUR - 1 })).resolves.toBeDefined()
  })

  test('expired by the real clock, but not by the one given', async () => {
    const { bytes } = await make({ now: () => NOW - 2 * HOUR, lifetimeMs: HOUR })
    await expect(read(bytes, { now: NOW - 1.5 * HOUR })).resolves.toBeDefined()
    await expect(read(bytes)).rejects.toMatchObject({ reason: 'expired' })
  })

  test('signed by another key', async () => {
    const { bytes } = await createSiteRecord(other, { root: ROOT_A, sequence: 1 })
    await expect(read(bytes)).rejects.toMatchObject({ name: 'RecordError', reason: 'forbidden' })
  })

  test('any bit that is flipped', async () => {
    const { bytes } = await make()
    const accepted: number[] = []
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 1
      await read(changed).then(
        (record) => {
          // what is outside of the signed data (the V1 signature) changes nothing that is used
          if (record.root !== ROOT_A || record.sequence !== 1) accepted.push(at)
        },
        (error: unknown) => expect(error).toMatchObject({ name: 'RecordError' }),
      )
    }
    expect(accepted).toEqual([])
  })

  test.each([new Uint8Array(), new Uint8Array(100).fill(255), new Uint8Array(11_000)])(
    'what is no record',
    async (bytes) => {
      await expect(read(bytes)).rejects.toMatchObject({ name: 'RecordError', reason: 'invalid' })
    },
  )

  test('pointing at something else than content', async () => {
    for (const value of [`/ipns/${name}`, `/ipfs/${ROOT_A}/sub`, '/ipfs/nonsense']) {
      const record = await createIPNSRecordWithExpiration(key, value, 1, new Date(NOW + HOUR).toISOString())
      await expect(read(marshalIPNSRecord(record))).rejects.toMatchObject({
        reason: 'invalid',
        message: expect.stringContaining('does not point at content'),
      })
    }
  })

  test('a sequence number beyond what a number holds', async () => {
    const record = await createIPNSRecord(key, `/ipfs/${ROOT_A}`, 2n ** 60n, HOUR)
    await expect(read(marshalIPNSRecord(record))).rejects.toMatchObject({ reason: 'invalid' })
  })
})

describe('order', () => {
  test('an older one is stale, a newer one is not, the same signed again is fine', async () => {
    const newest = await make({ sequence: 5 })
    await expect(read((await make({ sequence: 4 })).bytes, { newest })).rejects.toMatchObject({
      reason: 'stale',
      message: expect.stringContaining('version 5'),
    })
    await expect(read((await make({ sequence: 6, root: ROOT_B })).bytes, { newest })).resolves.toMatchObject({
      sequence: 6,
    })
    await expect(read((await make({ sequence: 5, lifetimeMs: HOUR })).bytes, { newest })).resolves.toMatchObject({
      sequence: 5,
    })
    await expect(read(newest.bytes, { newest })).resolves.toEqual(newest)
  })

  test('another content under the same number: what IPNS chooses, else a conflict', async () => {
    const long = await make({ sequence: 5, root: ROOT_A })
    const short = await make({ sequence: 5, root: ROOT_B, lifetimeMs: HOUR })
    await expect(read(short.bytes, { newest: long })).rejects.toMatchObject({ reason: 'conflict' })
    await expect(read(long.bytes, { newest: short })).resolves.toEqual(long)
    expect(supersedes(long, short)).toBe(ipnsSelector(new Uint8Array(), [short.bytes, long.bytes]) === 1)
  })

  test('a tie is broken by bytes, one way only', async () => {
    const a = await make({ root: ROOT_A })
    const b = await make({ root: ROOT_B })
    expect(supersedes(a, b)).toBe(!supersedes(b, a))
    expect(supersedes(a, a)).toBe(false)
  })
})
