import { MAX_LOADED_URLS } from '@blackhole/protocol'
import { expect, it } from 'vitest'
import { loadedUrls } from './loaded-urls.ts'

const origin = 'http://site.localhost:8080'

it('lists what the page loaded from its origin past the worker, once and without fragments', () => {
  const entries = [
    { name: `${origin}/#top`, workerStart: 0 },
    { name: `${origin}/a.css?v=1` },
    { name: `${origin}/`, workerStart: 0 },
    { name: `${origin}/b.js`, workerStart: 12.5 },
    { name: 'https://elsewhere.example/c.js', workerStart: 0 },
    { name: 'first-paint' },
  ]
  expect(loadedUrls(entries, origin)).toEqual([`${origin}/`, `${origin}/a.css?v=1`])
})

it('is bounded', () => {
  const entries = Array.from({ length: MAX_LOADED_URLS + 5 }, (_, n) => ({ name: `${origin}/${String(n)}` }))
  const urls = loadedUrls(entries, origin)
  expect(urls.length).toBe(MAX_LOADED_URLS)
  expect(urls.at(-1)).toBe(`${origin}/${String(MAX_LOADED_URLS + 4)}`)
})
