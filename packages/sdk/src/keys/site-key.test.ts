import { privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { toString } from 'uint8arrays/to-string'
import { describe, expect, it } from 'vitest'
import { createSiteKey, exportSiteKey, importSiteKey, isEncryptedKey } from './site-key.ts'

/** RFC 8410, section 10.3. */
const RFC8410 = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`

/** Made with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 2048, passphrase "correct horse". */
const OPENSSL = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjAxL3WjnwCxAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJuI+FEggxMCPS3e8k6aXzAEQJuE
tsB8TGxnZapD18GXT23efLncZtHpCCsQVuGlomvL1cdzY9gr0VFk4zzJMiUvsx3r
KmLs1c3zEUNqk4kpuP4=
-----END ENCRYPTED PRIVATE KEY-----
`

describe('site keys', () => {
  it('reads the example of RFC 8410 and writes it back the same', async () => {
    const key = await importSiteKey(RFC8410)
    expect(toString(key.privateKey.publicKey.raw, 'hex')).toBe(
      '19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1',
    )
    expect(await exportSiteKey(key)).toBe(RFC8410)
  })

  it('reads what OpenSSL encrypted', async () => {
    expect((await importSiteKey(OPENSSL, { passphrase: 'correct horse' })).name).toBe(
      (await importSiteKey(RFC8410)).name,
    )
  })

  it('keeps a key under a passphrase', async () => {
    const key = await createSiteKey()
    const text = await exportSiteKey(key, { passphrase: 'pässphrase' })
    expect(isEncryptedKey(text)).toBe(true)
    expect((await importSiteKey(text, { passphrase: 'pässphrase'.normalize('NFD') })).name).toBe(key.name)
    await expect(importSiteKey(text)).rejects.toMatchObject({
      reason: 'forbidden',
      message: expect.stringContaining('passphrase is needed') as string,
    })
    await expect(importSiteKey(text, { passphrase: 'wrong' })).rejects.toMatchObject({ reason: 'forbidden' })
  })

  it('reads libp2p protobuf in base64', async () => {
    const key = await createSiteKey()
    const text = toString(privateKeyToProtobuf(key.privateKey), 'base64pad')
    expect((await importSiteKey(`${text}\n`)).name).toBe(key.name)
  })

  it.each([
    ['nothing', ''],
    [
      'a public key',
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----',
    ],
    ['cut short', RFC8410.replace('dVhC', '')],
    ['an RSA key', '-----BEGIN PRIVATE KEY-----\nMBwCAQAwDQYJKoZIhvcNAQEBBQAECAQGAAAAAAAA\n-----END PRIVATE KEY-----'],
    ['a large file', 'x'.repeat(20_000)],
  ])('refuses %s', async (_, text) => {
    await expect(importSiteKey(text)).rejects.toMatchObject({ name: 'ValidationError', reason: 'invalid' })
  })
})
