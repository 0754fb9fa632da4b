import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchFolder } from './watch-folder.ts'

let folder: string
let controller: AbortController

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-watch-'))
  await mkdir(join(folder, 'node_modules'))
  controller = new AbortController()
})

afterEach(async () => {
  controller.abort()
  await rm(folder, { recursive: true, force: true })
})

test('a change counts from the call on, also while nobody asks, and a burst of them once', async () => {
  const changes = watchFolder(folder, controller)
  for (const text of ['one', 'two', 'three']) await writeFile(join(folder, 'index.html'), text)
  expect(await changes.next()).toEqual({ done: false, value: 'index.html' })
  // The caller publishes; meanwhile somebody saves.
  await writeFile(join(folder, 'later.html'), 'x')
  expect(await changes.next()).toEqual({ done: false, value: 'later.html' })
  controller.abort()
  expect(await changes.next()).toEqual({ done: true, value: undefined })
})

test('what is in node_modules is no change of the site', async () => {
  const changes = watchFolder(folder, controller)
  await writeFile(join(folder, 'node_modules/left-out.js'), '1')
  await writeFile(join(folder, 'page.html'), 'x')
  await writeFile(join(folder, 'node_modules/left-out.js'), '2')
  expect((await changes.next()).value).toBe('page.html')
})

test('when it ends while a change is worked on, nobody is left with an error', async () => {
  const changes = watchFolder(folder, controller)
  await writeFile(join(folder, 'page.html'), 'x')
  await changes.next()
  controller.abort()
  await new Promise((resolve) => setImmediate(resolve))
  expect((await changes.next()).done).toBe(true)
})

test('a folder that a build tool replaces is watched again', async () => {
  const changes = watchFolder(folder, controller)
  /** Saves a file every now and then, until a change of it is told: that there is another folder is noticed in time. */
  const toldOf = async (file: string): Promise<void> => {
    const timer = setInterval(() => {
      writeFile(join(folder, file), String(performance.now())).catch(() => undefined)
    }, 1_000)
    try {
      for (let value = ''; value !== file;) value = String((await changes.next()).value)
    } finally {
      clearInterval(timer)
    }
  }
  await rm(folder, { recursive: true })
  await mkdir(folder)
  await toldOf('index.html')
  await rename(folder, `${folder}-away`)
  await mkdir(folder)
  await toldOf('page.html')
  await rm(`${folder}-away`, { recursive: true })
})
