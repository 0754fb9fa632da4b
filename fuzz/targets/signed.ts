import { MAX_PUBLISH_TOKEN_MS, MAX_RECORD_BYTES, readToken, signToken, verifyToken } from '@blackhole/protocol'
import { createSiteRecord, readSiteRecord } from '@blackhole/site'
import { decodePem, decodePkcs8, encodePem, encodePkcs8 } from '../../packages/sdk/src/keys/pkcs8.ts'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { roundTrip } from '../harness/round-trip.ts'
import { sampleKey, sampleSite, textOf, utf8 } from '../harness/samples.ts'
import { promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'

/** 2026-01-01. */
const NOW = 1_767_225_600_000
const ROOT = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

/** What is signed, and the keys that sign. Signatures are made before, as generators can't wait. */
export async function signedTargets(): Promise<Target[]> {
  return [await record(), await token(), await keyFile()]
}

async function record(): Promise<Target> {
  const [key, name] = [await sampleKey(), await sampleSite()]
  const records = await Promise.all(
    [1, 2, 300].map((sequence) => createSiteRecord(key, { root: ROOT, sequence, now: () => NOW })),
  )
  const signed = new Set(records.map(({ bytes }) => Buffer.from(bytes).toString('hex')))
  return {
    name: 'record',
    about: "a site's signed IPNS record",
    inputs: fc.constantFrom(...records.map(({ bytes }) => bytes)),
    words: ['/ipfs/', '2027-01-01T00:00:00.000Z'],
    roundTrip: roundTrip(
      fc.constantFrom(...records),
      ({ bytes }) => bytes,
      (bytes) => readSiteRecord(name, bytes, { now: NOW }),
    ),
    decode: async (input) => {
      const read = await readSiteRecord(name, input, { now: NOW })
      promised(read.bytes.byteLength <= MAX_RECORD_BYTES, 'is not longer than a record may be')
      promised(read.root === ROOT && [1, 2, 300].includes(read.sequence), 'says what the key has signed')
      return signed.has(Buffer.from(input).toString('hex')) ? 'as signed' : 'signed, written in another way'
    },
  }
}

async function token(): Promise<Target> {
  const key = await sampleKey()
  const claims = [
    { scope: 'publish', iss: await sampleSite(), aud: '12D3KooWRelay', exp: NOW / 1000 + 60 },
    { scope: 'swarm', iss: '12D3KooWRelay', aud: await sampleSite(), sub: '12D3KooWPeer', exp: NOW / 1000 + 60 },
  ] as const
  const tokens = await Promise.all(claims.map((claim) => signToken(key, claim)))
  return {
    name: 'token',
    about: 'publish and swarm tokens',
    inputs: fc.constantFrom(...tokens.map(utf8)),
    words: ['.', '=', 'e30', 'bnVsbA', 'W10', 'eyJ0b1N0cmluZyI6MX0'],
    roundTrip: roundTrip(
      fc.constantFrom(...claims),
      async (claim) => utf8(await signToken(key, claim)),
      (bytes) => readToken(textOf(bytes)) as (typeof claims)[number],
    ),
    decode: async (input) => {
      const text = textOf(input)
      const { scope, aud } = readToken(text)
      await verifyToken(text, key.publicKey, { scope, aud, maxLifetimeMs: MAX_PUBLISH_TOKEN_MS }, NOW)
      promised(
        claims.some((claim) => claim.scope === scope && claim.aud === aud),
        'says what the key has signed',
      )
      return scope
    },
  }
}

async function keyFile(): Promise<Target> {
  const keys = await Promise.all(
    [1, 2, 3].map((fill) => generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(fill))),
  )
  const pems = keys.map((key) => utf8(encodePem('PRIVATE KEY', encodePkcs8(key))))
  return {
    name: 'key-file',
    about: "a site's key, as PEM and DER",
    inputs: fc.constantFrom(...pems, ...keys.map(encodePkcs8)),
    words: ['-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----', '-----BEGIN ', '=', '\n'],
    roundTrip: roundTrip(
      fc.constantFrom(...keys.map(({ raw }) => Buffer.from(raw).toString('hex'))),
      async (hex) => utf8(encodePem('PRIVATE KEY', encodePkcs8(keys.find((key) => hexOf(key.raw) === hex) ?? fail()))),
      async (bytes) => hexOf((await decodePkcs8(decodePem(textOf(bytes))?.bytes ?? fail())).raw),
    ),
    decode: async (input) => {
      const pem = decodePem(textOf(input))
      const key = await decodePkcs8(pem === undefined ? input : pem.bytes)
      promised(key.raw.byteLength === 64, 'is a key with its public half')
      return pem === undefined ? 'DER' : 'PEM'
    },
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function fail(): never {
  throw new Error('There is no key')
}
