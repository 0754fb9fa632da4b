import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { backup } from 'node:sqlite'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRelay } from '../relay.ts'
import { openDatabase } from './database.ts'
import { lockFolder } from './folder-lock.ts'

let folder: string
let path: string
let other: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-lock-'))
  path = join(folder, 'lock')
})

afterEach(async () => {
  other?.kill('SIGKILL')
  other = undefined
  await rm(folder, { recursive: true, force: true })
})

/** Another process that has the lock until it is killed. */
async function holder(): Promise<ChildProcess> {
  const program = `
    const database = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)})
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    console.log('held')
    setInterval(() => database.isOpen, 60_000)`
  const child = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  other = child
  await once(child.stdout, 'data')
  return child
}

const REFUSAL = /^data: .* is in use by another relay\. Stop that one, or give this one a folder of its own$/

test('a second process is refused while the first lives, and taken at once after kill -9', async () => {
  const first = await holder()
  expect(() => lockFolder(path, folder)).toThrow(REFUSAL)
  const ended = once(first, 'exit')
  first.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
  lockFolder(path, folder)()
  // Nothing that grows, or that a copy of the folder would have to leave out.
  expect(await readdir(folder)).toEqual(['lock'])
  expect((await stat(path)).size).toBe(0)
})

test('two in one process are kept apart alike, until the first gives it up', () => {
  const release = lockFolder(path, folder)
  expect(() => lockFolder(path, folder)).toThrow(REFUSAL)
  release()
  lockFolder(path, folder)()
})

test('a folder that is in use can be copied, and the copy used', async () => {
  await holder()
  const copy = await mkdtemp(join(tmpdir(), 'blackhole-lock-copy-'))
  try {
    await cp(folder, copy, { recursive: true })
    lockFolder(join(copy, 'lock'), copy)()
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
})

test('a relay refuses a folder that another has, leaves it as it is, and starts there once it may', async () => {
  const init = { data: folder, port: 0, webRtcPort: -1, stunPort: -1 }
  const relay = createRelay(init, { log: pino({ level: 'silent' }) })
  const killed = await holder()
  await expect(relay.start()).rejects.toMatchObject({
    reason: 'conflict',
    subject: 'data',
    message: expect.stringMatching(REFUSAL) as string,
  })
  expect(await readdir(folder)).toEqual(['lock'])
  killed.kill('SIGKILL')
  await relay.start()
  try {
    await expect(createRelay(init).start()).rejects.toThrow(REFUSAL)
    // A backup while it runs, as operators are told to make it.
    const state = openDatabase(join(folder, 'state.sqlite'))
    await backup(state, join(folder, 'backup.sqlite'))
    state.close()
    expect((await stat(join(folder, 'backup.sqlite'))).size).toBeGreaterThan(0)
  } finally {
    await relay.stop()
  }
  lockFolder(path, folder)()
})

test('a file that can be no lock is named', () => {
  expect(() => lockFolder(join(folder, 'missing', 'lock'), folder)).toThrow(/^data: .*missing\/lock cannot be locked$/)
})
