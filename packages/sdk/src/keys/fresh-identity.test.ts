import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { expect, it, vi } from 'vitest'
import { IDENTITY_TIMEOUT_MS, freshIdentity, type KeyMaker } from './fresh-identity.ts'

const message = new TextEncoder().encode('hello')

it('is a key pair that belongs together, another one each time, made by Web Crypto', async () => {
  const asked: string[] = []
  const { subtle } = globalThis.crypto
  const maker = {
    generateKey: async (algorithm: { name: string }, isExtractable: boolean, usages: KeyUsage[]) => {
      asked.push(algorithm.name)
      return await subtle.generateKey(algorithm, isExtractable, usages)
    },
    exportKey: (format: 'jwk', key: CryptoKey) => subtle.exportKey(format, key),
  } as unknown as KeyMaker
  const [key, other] = [await freshIdentity(maker), await freshIdentity(maker)]
  expect(asked).toEqual(['Ed25519', 'Ed25519'])
  expect(key.raw).not.toEqual(other.raw)
  const same = await generateKeyPairFromSeed('Ed25519', key.raw.slice(0, 32))
  expect(key.publicKey.equals(same.publicKey)).toBe(true)
  expect(await same.publicKey.verify(message, await key.sign(message))).toBe(true)
})

it.each([
  ['no Web Crypto', null],
  ['a browser without Ed25519', { generateKey: () => Promise.reject(new DOMException('No', 'NotSupportedError')) }],
])('is made without the browser: %s', async (_name, maker) => {
  const key = await freshIdentity(maker as KeyMaker | null)
  expect(await key.publicKey.verify(message, await key.sign(message))).toBe(true)
})

it.each<[string, Partial<KeyMaker>]>([
  ['makes no key', { generateKey: () => new Promise<never>(() => undefined) }],
  [
    'gives none out',
    {
      generateKey: ((...args: Parameters<KeyMaker['generateKey']>) =>
        globalThis.crypto.subtle.generateKey(...args)) as KeyMaker['generateKey'],
      exportKey: () => new Promise<never>(() => undefined),
    },
  ],
])('does not wait for ever for a browser that %s', async (_what, maker) => {
  const over = new AbortController()
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(over.signal)
  try {
    const making = freshIdentity(maker as KeyMaker)
    const first = await Promise.race([making, new Promise((resolve) => setImmediate(() => resolve('waits')))])
    expect(first).toBe('waits')
    expect(timeout).toHaveBeenCalledExactlyOnceWith(IDENTITY_TIMEOUT_MS)
    over.abort(new DOMException('It took too long', 'TimeoutError'))
    const key = await making
    expect(await key.publicKey.verify(message, await key.sign(message))).toBe(true)
  } finally {
    timeout.mockRestore()
  }
})
