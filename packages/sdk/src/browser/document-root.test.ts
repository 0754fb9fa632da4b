import { expect, test } from 'vitest'
import { documentRoot } from './document-root.ts'

test('reads the root that the relay named, among other timings', () => {
  const serverTiming = [
    { name: 'cdn-cache', description: 'HIT' },
    { name: 'blackhole-root', description: 'bafyroot' },
  ]
  expect(documentRoot([{ serverTiming }])).toBe('bafyroot')
})

test.each([
  [[]],
  [[{}]],
  [[{ serverTiming: [] }]],
  [[{ serverTiming: [{ name: 'blackhole-root', description: '' }] }]],
])('knows nothing from %j', (entries) => {
  expect(documentRoot(entries)).toBeUndefined()
})
