import { expect, it } from 'vitest'
import { isIconGuess } from './icon-guess.ts'
import type { Resolution } from './resolve-path.ts'

const missing: Resolution = { type: 'none', status: 404, message: 'There is no such file' }
const page404: Resolution = {
  type: 'file',
  path: '404.html',
  file: { cid: 'c', size: 1, type: 'text/html' },
  status: 404,
  by: 'not-found-page',
}
const icon: Resolution = {
  type: 'file',
  path: 'favicon.ico',
  file: { cid: 'c', size: 1, type: 'image/x-icon' },
  status: 200,
  by: 'path',
}

it("is a browser's own request for an icon that the site doesn't have, whatever its 404 page", () => {
  expect(isIconGuess('/favicon.ico', 'image', missing)).toBe(true)
  expect(isIconGuess('/favicon.ico', 'image', page404)).toBe(true)
})

it('is none when the icon exists, when another file is missing, or when a page fetches it', () => {
  expect(isIconGuess('/favicon.ico', 'image', icon)).toBe(false)
  expect(isIconGuess('/img/favicon.ico', 'image', missing)).toBe(false)
  expect(isIconGuess('/favicon.ico', '', missing)).toBe(false)
  expect(isIconGuess('/favicon.ico', null, missing)).toBe(false)
  expect(isIconGuess('/favicon.ico', 'document', missing)).toBe(false)
})
