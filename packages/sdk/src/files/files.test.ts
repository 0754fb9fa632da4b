import { appendFile, chmod, copyFile, mkdir, mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSiteKey } from '../keys/site-key.ts'
import { readKeyFile, writeKeyFile } from './key-file.ts'
import { KeyFolder, defaultKeyFolder } from './key-folder.ts'
import { readFolder } from './read-folder.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-files-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function collect(parts: AsyncIterable<Uint8Array> | readonly Uint8Array[]): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const part of parts) chunks.push(part)
  return Buffer.concat(chunks).toString()
}

describe('readFolder', () => {
  it('lists files with their sizes, hidden ones too, without those that are left out', async () => {
    await mkdir(join(folder, '.well-known'))
    await mkdir(join(folder, 'node_modules/x'), { recursive: true })
    await mkdir(join(folder, '.git'))
    await Promise.all([
      writeFile(join(folder, 'index.html'), 'hello'),
      writeFile(join(folder, 'empty'), ''),
      writeFile(join(folder, '.well-known/a'), 'a'),
      writeFile(join(folder, 'node_modules/x/y'), ''),
      writeFile(join(folder, '.git/HEAD'), ''),
      writeFile(join(folder, 'notes.txt'), ''),
      writeFile(join(folder, '.blackholeignore'), '*.txt\n'),
    ])
    const files = await readFolder(folder)
    expect(files.map(({ path, size }) => [path, size]).sort()).toEqual([
      ['.well-known/a', 1],
      ['empty', 0],
      ['index.html', 5],
    ])
    const index = files.find(({ path }) => path === 'index.html')
    expect(await collect(index?.open(1, 3) ?? [])).toBe('el')
  })

  it('names a folder that is missing, a file, or empty', async () => {
    await expect(readFolder(join(folder, 'nowhere'))).rejects.toMatchObject({
      reason: 'missing',
      message: expect.stringContaining('nowhere') as string,
    })
    await expect(readFolder(folder)).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining('no files') as string,
    })
    await writeFile(join(folder, 'file'), '')
    await expect(readFolder(join(folder, 'file'))).rejects.toThrow('is not a folder')
  })

  it('refuses symbolic links, to files and to folders', async () => {
    await writeFile(join(folder, 'index.html'), '')
    await symlink('/etc/passwd', join(folder, 'passwd'))
    await expect(readFolder(folder)).rejects.toThrow('passwd is a symbolic link')
    await rm(join(folder, 'passwd'))
    await symlink('/etc', join(folder, 'etc'))
    await expect(readFolder(folder)).rejects.toThrow('etc is a symbolic link')
  })

  it.runIf(process.platform === 'linux')('refuses names that are not UTF-8, and backslashes', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9)]), '')
    await expect(readFolder(folder)).rejects.toThrow('"café" is not UTF-8')
    await rm(folder, { recursive: true })
    await mkdir(folder)
    await writeFile(join(folder, 'a\\b'), '')
    await expect(readFolder(folder)).rejects.toThrow('backslash')
  })

  it('notices a file that changes while it is read', async () => {
    const path = join(folder, 'log')
    await writeFile(path, 'one')
    const [file] = await readFolder(folder)
    await appendFile(path, 'two')
    await expect(collect(file?.open() ?? [])).rejects.toMatchObject({ reason: 'changed', subject: 'log' })
    await writeFile(path, 'ONE')
    await utimes(path, new Date(0), new Date(0))
    await expect(collect(file?.open() ?? [])).rejects.toMatchObject({ reason: 'changed' })
  })
})

describe('key files', () => {
  it('are for their owner alone, and are never overwritten', async () => {
    const [key, path] = [await createSiteKey(), join(folder, 'keys/blog.pem')]
    await writeKeyFile(path, key)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await readKeyFile(path)).name).toBe(key.name)
    await expect(writeKeyFile(path, await createSiteKey())).rejects.toMatchObject({ reason: 'conflict' })
    expect((await readKeyFile(path)).name).toBe(key.name)
  })

  it('that others can read are pointed out', async () => {
    const path = join(folder, 'key.pem')
    await writeKeyFile(path, await createSiteKey())
    await chmod(path, 0o644)
    const warnings: string[] = []
    await readKeyFile(path, {
      onWarning: (message) => {
        warnings.push(message)
      },
    })
    expect(warnings).toEqual([`Others can read the key file ${path}; run: chmod 600 ${path}`])
  })

  it('that are missing are named', async () => {
    await expect(readKeyFile(join(folder, 'no.pem'))).rejects.toMatchObject({
      reason: 'missing',
      message: expect.stringContaining('no.pem') as string,
    })
  })
})

describe('KeyFolder', () => {
  it('makes a key once per label and lists them', async () => {
    const keys = new KeyFolder(join(folder, 'keys'))
    expect(await keys.list()).toEqual([])
    const { key, created } = await keys.readOrCreate('blog')
    expect(created).toBe(true)
    expect(await keys.readOrCreate('blog')).toMatchObject({ created: false, key: { name: key.name } })
    await keys.add('shop', await createSiteKey(), { passphrase: 'secret' })
    for (const odd of ['my key.pem', '.pem', '.hidden.pem', `${'x'.repeat(80)}.pem`])
      await copyFile(keys.pathOf('blog'), join(keys.folder, odd))
    expect(await keys.list()).toMatchObject([
      { label: 'blog', encrypted: false, name: key.name },
      { label: 'shop', encrypted: true },
    ])
  })

  it('refuses labels that could be another file', () => {
    for (const label of ['../key', 'a/b', '', '.hidden', 'x'.repeat(80)])
      expect(() => new KeyFolder(folder).pathOf(label)).toThrow('key label')
  })

  it('lies where the environment says', () => {
    expect(defaultKeyFolder({ BLACKHOLE_HOME: '/x' })).toBe('/x/keys')
    expect(defaultKeyFolder({})).toMatch(/\.blackhole\/keys$/)
  })
})
