import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, it } from 'vitest'
import { findProgram, whyNoPrograms } from './programs.ts'

it('finds a program on the PATH first, and then where root has its own', async () => {
  const folders = await Promise.all([1, 2, 3].map(() => mkdtemp(join(tmpdir(), 'blackhole-programs-'))))
  const [first = '', second = '', system = ''] = folders
  try {
    for (const folder of [second, system]) await writeFile(join(folder, 'nginx'), '')
    await writeFile(join(system, 'nft'), '')
    const where = { path: [first, second].join(delimiter), systemFolders: [system] }
    expect(findProgram('nginx', where)).toBe(join(second, 'nginx'))
    expect(findProgram('nft', where)).toBe(join(system, 'nft'))
    expect(findProgram('ffmpeg', where)).toBeUndefined()
    expect(findProgram('nft', { ...where, systemFolders: [] })).toBeUndefined()
    // An empty PATH is no folder: the one that is current would be looked into.
    expect(findProgram('package.json', { path: '', systemFolders: [] })).toBeUndefined()
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true })
  }
})

it('says what is missing, and what brings it', () => {
  const here = (...programs: string[]) => ({ find: (name: string) => programs.find((each) => each === name) })
  const wanted = { wrk: 'wrk', nft: 'nftables' }
  expect(whyNoPrograms(wanted, here('wrk', 'nft').find)).toBeUndefined()
  expect(whyNoPrograms(wanted, here('wrk').find)).toBe('nft is not installed (Debian has it in nftables)')
  expect(whyNoPrograms(wanted, here().find)).toBe('wrk is not installed (Debian has it in wrk)')
})
