import { expect, test } from 'vitest'
import { LIMITS_DOCUMENT, limitsDocument, readLimits } from './limits-document.ts'
import { text } from './workspace.ts'

test('every limit is a number above zero and says what it answers', async () => {
  const limits = (await readLimits()).flatMap((file) => file.limits)
  expect(limits.length).toBeGreaterThan(20)
  expect(limits.filter(({ value, why }) => !(value > 0) || why.length < 20)).toEqual([])
})

test('docs/limits.md is what the code says (npm run generate writes it)', async () => {
  expect(text(LIMITS_DOCUMENT)).toBe(await limitsDocument())
})
