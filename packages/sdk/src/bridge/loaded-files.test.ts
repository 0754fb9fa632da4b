import { MAX_LOADED_URLS } from '@blackhole/protocol'
import { expect, it } from 'vitest'
import { loadedFiles } from './loaded-files.ts'

const origin = 'http://site.localhost:8080'

it('lists what the page loaded from its origin past the worker, once and without fragments, and how long ago', () => {
  const entries = [
    { name: `${origin}/#top`, startTime: 0, workerStart: 0 },
    { name: `${origin}/a.css?v=1`, startTime: 100 },
    { name: `${origin}/`, startTime: 300, workerStart: 0 },
    { name: `${origin}/b.js`, startTime: 400, workerStart: 12.5 },
    { name: 'https://elsewhere.example/c.js', startTime: 500, workerStart: 0 },
    { name: 'first-paint', startTime: 600 },
  ]
  expect(loadedFiles(entries, origin, 1000)).toEqual([
    { url: `${origin}/a.css?v=1`, ageMs: 900 },
    // The last time counts, for the order too.
    { url: `${origin}/`, ageMs: 700 },
  ])
})

it('is bounded', () => {
  const entries = Array.from({ length: MAX_LOADED_URLS + 5 }, (_, n) => ({
    name: `${origin}/${String(n)}`,
    startTime: n,
  }))
  const files = loadedFiles(entries, origin, 0)
  expect(files.length).toBe(MAX_LOADED_URLS)
  expect(files.at(-1)?.url).toBe(`${origin}/${String(MAX_LOADED_URLS + 4)}`)
})
