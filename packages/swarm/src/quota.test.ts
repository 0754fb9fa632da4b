import { expect, it } from 'vitest'
import { DEFAULT_QUOTA_BYTES, defaultQuotaBytes } from './quota.ts'

it.each([
  ['a fifth of a small quota', 1000, 200],
  ['512 MiB of a large one', 1e12, DEFAULT_QUOTA_BYTES],
  ['512 MiB when the quota is not told', undefined, DEFAULT_QUOTA_BYTES],
  ['512 MiB when the quota is nonsense', Number.NaN, DEFAULT_QUOTA_BYTES],
])('takes %s', async (_what, quota, expected) => {
  expect(await defaultQuotaBytes({ estimate: () => Promise.resolve(quota === undefined ? {} : { quota }) })).toBe(
    expected,
  )
})

it('takes 512 MiB when nobody can be asked', async () => {
  expect(await defaultQuotaBytes(undefined)).toBe(DEFAULT_QUOTA_BYTES)
  expect(await defaultQuotaBytes({ estimate: () => Promise.reject(new Error('private window')) })).toBe(
    DEFAULT_QUOTA_BYTES,
  )
})
