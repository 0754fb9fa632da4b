import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { findBrowser, requireBrowser } from './executables.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blackhole-browsers-'))
  vi.stubEnv('BLACKHOLE_FIREFOX', '')
  vi.stubEnv('PATH', folder)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function executable(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o755)
  return path
}

test('prefers the browser that the variable names', () => {
  executable('firefox-esr')
  const named = executable('my-firefox')
  vi.stubEnv('BLACKHOLE_FIREFOX', named)
  expect(findBrowser('firefox')).toBe(named)
  expect(requireBrowser('firefox')).toBe(named)
})

test('finds one on the PATH', () => {
  const found = executable('firefox-esr')
  expect(findBrowser('firefox')).toBe(found)
})

test('says so when the variable names nothing that can be run, instead of taking another', () => {
  executable('firefox-esr')
  const path = join(folder, 'gone')
  vi.stubEnv('BLACKHOLE_FIREFOX', path)
  expect(() => findBrowser('firefox')).toThrow(`BLACKHOLE_FIREFOX names ${path}, which can't be executed`)
})
