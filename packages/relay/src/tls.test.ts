import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CID } from 'multiformats/cid'
import { base64url } from 'multiformats/bases/base64'
import { sha256 } from 'multiformats/hashes/sha2'
import { TlsFiles } from './http/tls-files.ts'
import { makeCertificate } from './net/certificate.ts'
import { startTestRelay } from './relay-harness.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-tls-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('the certificate of webrtc-direct is well-formed X.509, valid for decades, named by its hash', async () => {
  const { pem, certhash, privateKey } = makeCertificate(Date.now())
  const certificate = new X509Certificate(pem)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
  expect(new Date(certificate.validTo).getTime() - Date.now()).toBeGreaterThan(25 * 365 * 86_400_000)
  expect(new Date(certificate.validFrom).getTime()).toBeLessThan(Date.now())
  expect(base64url.decode(certhash)).toEqual((await sha256.digest(certificate.raw)).bytes)
  expect(privateKey).toContain('BEGIN PRIVATE KEY')
  expect(CID.asCID(certhash)).toBeNull()
})

test('with certificate and key the one port speaks HTTPS and secure WebSocket', async () => {
  const { pem, privateKey } = makeCertificate(Date.now())
  const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await writeFile(tlsCert, pem)
  await writeFile(tlsKey, privateKey)
  const { relay, stop } = await startTestRelay({ tlsCert, tlsKey })
  try {
    expect(relay.url).toMatch(/^https:\/\/localhost:\d+\/$/)
    expect(relay.info.addresses[0]).toMatch(/\/tls\/ws\/p2p\//)
    const asked = request(new URL('healthz', relay.url), { rejectUnauthorized: false })
    asked.end()
    const [response] = (await once(asked, 'response')) as [{ statusCode?: number; resume(): void }]
    response.resume()
    expect(response.statusCode).toBe(200)
  } finally {
    await stop()
  }
})

test('files that are missing or do not belong together are named; renewed ones are noticed', async () => {
  const [one, two] = [makeCertificate(Date.now()), makeCertificate(Date.now())]
  const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await expect(startTestRelay({ tlsCert, tlsKey })).rejects.toMatchObject({ subject: 'tlsCert' })
  await expect(startTestRelay({ tlsCert })).rejects.toMatchObject({ subject: 'tlsKey' })
  await writeFile(tlsCert, one.pem)
  await writeFile(tlsKey, two.privateKey)
  await expect(startTestRelay({ tlsCert, tlsKey })).rejects.toMatchObject({ subject: 'tlsKey' })
  await writeFile(tlsKey, one.privateKey)
  const files = new TlsFiles(tlsCert, tlsKey)
  await files.read()
  expect(await files.changed()).toBeUndefined()
  await writeFile(tlsCert, two.pem)
  await writeFile(tlsKey, two.privateKey)
  const later = new Date(Date.now() + 5_000)
  await utimes(tlsKey, later, later)
  expect((await files.changed())?.cert.toString()).toBe(two.pem)
  expect(await files.changed()).toBeUndefined()
})
